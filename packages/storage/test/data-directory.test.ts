// Whose directory it is: blank, foreign, newer, older, in use, of another cluster; and how it is
// set aside.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { crc32 } from 'node:zlib'
import { commitRecord } from '@holdfast/cluster/contract'
import { HoldfastError } from '@holdfast/errors'
import t from 'tap'
import { openStore, quarantine, salvage } from '../src/index.ts'

async function refusal(directory: string, expectedClusterId?: string): Promise<HoldfastError> {
  const expected = expectedClusterId === undefined ? {} : { expectedClusterId }
  try {
    const store = await openStore({ directory, ...expected })
    await store.close()
  } catch (error) {
    if (error instanceof HoldfastError) return error
    throw error
  }
  throw new Error('the directory was accepted')
}

t.test('a directory that is not there is made, and left without a lock', async (t) => {
  const directory = join(t.testdir(), 'deep', 'down')
  const store = await openStore({ directory })
  t.same((await readdir(directory)).sort(), ['format.json', 'log', 'node.lock', 'witness'])
  await store.close()
  t.same((await readdir(directory)).sort(), ['format.json', 'log', 'witness'])
})

t.test('one process cannot use a directory twice, not through a link either', async (t) => {
  const directory = join(t.testdir(), 'data')
  const store = await openStore({ directory })
  const link = join(t.testdirName, 'link')
  await symlink(directory, link)
  for (const path of [directory, link]) {
    const error = await refusal(path)
    t.equal(error.code, 'DATA_DIRECTORY_IN_USE')
    t.equal(error.details['pid'], process.pid)
  }
  await t.rejects(quarantine(directory), { code: 'DATA_DIRECTORY_IN_USE' })
  await store.close()
})

t.test('a twin process is refused by name, and takes over when the owner is dead', async (t) => {
  const directory = join(t.testdir(), 'data')
  const writer = fileURLToPath(new URL('./writer-process.js', import.meta.url))
  const child = spawn(process.execPath, [writer, directory], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  await once(child.stdout, 'data')
  const before = await readFile(join(directory, 'node.lock'), 'utf8')
  const error = await refusal(directory)
  t.equal(error.code, 'DATA_DIRECTORY_IN_USE')
  t.equal(error.details['pid'], child.pid)
  t.equal(await readFile(join(directory, 'node.lock'), 'utf8'), before)
  child.stdout.resume()
  child.kill('SIGKILL')
  await once(child, 'close')
  t.ok((await readdir(directory)).includes('node.lock'), 'the dead leave their lock')
  const store = await openStore({ directory })
  await store.close()
})

t.test('a lock of a process that is not the one it names is stale', async (t) => {
  const directory = join(t.testdir(), 'data')
  await (await openStore({ directory })).close()
  const locks = [
    JSON.stringify({ pid: process.ppid, startTime: '1', boot: null }),
    JSON.stringify({ pid: process.ppid, startTime: null, boot: 'another boot' }),
    JSON.stringify({ pid: 2 ** 22 + 5, startTime: null, boot: null }),
    JSON.stringify({ pid: -1 }),
    'null',
    ''
  ]
  for (const lock of locks) {
    await writeFile(join(directory, 'node.lock'), lock)
    const store = await openStore({ directory })
    await store.close()
    t.notOk((await readdir(directory)).includes('node.lock'), lock)
  }
})

t.test('a newer format is refused before anything is written', async (t) => {
  const directory = join(t.testdir(), 'data')
  await (await openStore({ directory })).close()
  const path = join(directory, 'format.json')
  const text = JSON.stringify({ format: 4, storeId: { other: 'shape' } })
  await writeFile(path, text)
  const names = await readdir(directory)
  const error = await refusal(directory)
  t.equal(error.code, 'DATA_DIRECTORY_NEWER')
  t.same(error.details, { directory, format: 4, supported: 3 })
  t.same(await readdir(directory), names)
  t.equal(await readFile(path, 'utf8'), text)
})

t.test('an older format is refused before anything is written, and is not damage', async (t) => {
  const directory = join(t.testdir(), 'data')
  const store = await openStore({ directory })
  await store.write(commitRecord(1, {}))
  await store.close()
  const path = join(directory, 'format.json')
  const { storeId } = JSON.parse(await readFile(path, 'utf8'))
  const names = await readdir(directory)
  for (const [format, isBorn] of [
    [1, true],
    [2, true],
    [2, false]
  ] as const) {
    const checksum = crc32(`${format} ${storeId} ${isBorn}`)
    const text = JSON.stringify({ format, storeId, isBorn, checksum })
    await writeFile(path, text)
    const error = await refusal(directory)
    t.equal(error.code, 'DATA_DIRECTORY_OLDER')
    t.same(error.details, { directory, format, supported: 3 })
    t.match(error.message, /UPGRADING\.md/)
    await t.rejects(salvage(directory), { code: 'DATA_DIRECTORY_OLDER' })
    t.same(await readdir(directory), names)
    t.equal(await readFile(path, 'utf8'), text)
  }
})

t.test(
  'a flipped bit in the number of the format is damage, or taken for a newer one',
  async (t) => {
    const directory = join(t.testdir(), 'data')
    await (await openStore({ directory })).close()
    const path = join(directory, 'format.json')
    const text = await readFile(path, 'utf8')
    const codes = { 1: 'DATA_DAMAGED', 2: 'DATA_DAMAGED', 7: 'DATA_DIRECTORY_NEWER' }
    for (const [digit, code] of Object.entries(codes)) {
      const flipped = text.replace('"format": 3', `"format": ${digit}`)
      t.not(flipped, text)
      await writeFile(path, flipped)
      t.equal((await refusal(directory)).code, code, digit)
      t.equal(await readFile(path, 'utf8'), flipped, 'nothing is written')
    }
  }
)

t.test('what is not a data directory is refused and left alone', async (t) => {
  const base = t.testdir({ file: 'text', foreign: { 'thesis.txt': 'mine' } })
  const cases: readonly [string, RegExp][] = [
    [join(base, 'file'), /not a directory/],
    [join(base, 'file', 'below'), /ENOTDIR/],
    [join(base, 'foreign'), /'thesis.txt'/]
  ]
  for (const [directory, reason] of cases) {
    const error = await refusal(directory)
    t.equal(error.code, 'DATA_DIRECTORY_UNUSABLE')
    t.match(String(error.details['reason']), reason)
  }
  t.same(await readdir(join(base, 'foreign')), ['thesis.txt'])
})

t.test('a directory without permission is refused', async (t) => {
  if (process.getuid?.() === 0) return t.comment('root may do everything')
  const directory = join(t.testdir(), 'data')
  await mkdir(directory)
  await chmod(directory, 0)
  t.equal((await refusal(directory)).code, 'DATA_DIRECTORY_UNUSABLE')
  await chmod(directory, 0o700)
})

t.test('format files that are no format files are damage, never a crash', async (t) => {
  const directory = join(t.testdir(), 'data')
  await (await openStore({ directory })).close()
  for (const text of ['', '{', 'null', '[]', '{"format":1}', '{"format":"1"}', '7']) {
    await writeFile(join(directory, 'format.json'), text)
    t.equal((await refusal(directory)).code, 'DATA_DAMAGED', text)
  }
})

t.test('a directory of another cluster is refused', async (t) => {
  const directory = join(t.testdir(), 'data')
  const store = await openStore({ directory })
  const identity = { clusterId: 'ab'.repeat(16), node: 1, incarnation: 1 }
  await store.write(commitRecord(1, { identity }))
  await store.close()
  const error = await refusal(directory, 'cd'.repeat(16))
  t.equal(error.code, 'DATA_DIRECTORY_FOREIGN')
  t.equal(error.details['found'], identity.clusterId)
  const again = await openStore({ directory, expectedClusterId: identity.clusterId })
  t.same(again.recovered.identity, identity)
  await again.close()
})

t.test('a birth that was interrupted begins again', async (t) => {
  const directory = join(t.testdir(), 'data')
  const store = await openStore({ directory })
  await store.write(commitRecord(1, {}))
  await store.close()
  // As if the process had died before the directory was declared born.
  const storeId = 'ef'.repeat(16)
  const checksum = crc32(`3 ${storeId} false`)
  const format = { format: 3, storeId, isBorn: false, checksum }
  await writeFile(join(directory, 'format.json'), JSON.stringify(format))
  const again = await openStore({ directory })
  t.equal(again.recovered.lastRecord, 0)
  t.equal(again.recovered.storeId, storeId)
  await again.close()
})

t.test('a damaged directory is set aside, and the same command starts blank', async (t) => {
  const directory = join(t.testdir(), 'data')
  for (const number of [1, 2]) {
    await (await openStore({ directory })).close()
    await writeFile(join(directory, 'format.json'), 'broken')
    t.equal((await refusal(directory)).code, 'DATA_DAMAGED')
    const aside = await quarantine(directory)
    t.equal(aside, `${directory}.damaged-${number}`)
    t.same((await readdir(aside)).sort(), ['format.json', 'log', 'witness'])
    t.same(await readdir(directory), [])
  }
  const store = await openStore({ directory })
  t.equal(store.recovered.lastRecord, 0)
  await store.close()
  await t.rejects(quarantine(join(directory, 'nowhere')), { code: 'DATA_DIRECTORY_UNUSABLE' })
})
