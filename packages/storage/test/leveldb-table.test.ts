// Tables of LevelDB as the check reads them: sound as they were written, damaged by any change.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Random } from '@holdfast/testkit'
import t from 'tap'
import { Unreadable } from '../src/byte-reader.ts'
import { checkTable } from '../src/leveldb-table.ts'
import { filesOf, makeStore } from './store-files.ts'

function verdict(bytes: Uint8Array): string {
  try {
    checkTable(bytes)
    return 'sound'
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error
    return error.message
  }
}

/** Where the padding of the footer begins and ends: nothing protects it, and nothing reads it. */
function paddingOf(bytes: Uint8Array): { readonly from: number; readonly to: number } {
  let from = bytes.length - 48
  for (let numbers = 0; numbers < 4; from += 1) if ((bytes[from] ?? 0) < 0x80) numbers += 1
  return { from, to: bytes.length - 8 }
}

t.test('every table that LevelDB writes is sound', async (t) => {
  const directory = join(t.testdir(), 'data')
  await makeStore(directory, 20_000)
  const tables = await filesOf(directory, '.ldb')
  t.ok(tables.length > 3)
  for (const path of tables) t.equal(verdict(await readFile(path)), 'sound')
})

t.test('a flipped bit anywhere, and a cut anywhere, is found', async (t) => {
  const directory = join(t.testdir(), 'data')
  await makeStore(directory, 20_000)
  const [path = ''] = await filesOf(directory, '.ldb')
  const bytes = await readFile(path)
  const padding = paddingOf(bytes)
  const random = new Random(3)
  const places = Array.from({ length: 300 }, () => random.integer(0, bytes.length - 1))
  for (let at = bytes.length - 400; at < bytes.length; at += 1) places.push(at)
  for (const at of places) {
    if (at >= padding.from && at < padding.to) continue
    const bit = 1 << random.integer(0, 7)
    bytes[at] = (bytes[at] ?? 0) ^ bit
    if (verdict(bytes) === 'sound') t.fail(`bit ${bit} at ${at} of ${bytes.length}`)
    bytes[at] = (bytes[at] ?? 0) ^ bit
  }
  for (const length of [0, 1, 47, 48, 49, bytes.length - 1]) {
    t.not(verdict(bytes.subarray(0, length)), 'sound')
  }
  t.equal(verdict(bytes), 'sound')
})
