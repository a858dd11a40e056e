// What a power cut may leave of an edit of LevelDB's manifest: the edit is there, and the table
// that it speaks of is not, since names are made durable after the edit was written; or the edit is
// not whole.
import { appendFile, readFile, rename, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import t, { type Test } from 'tap'
import { crc32c, maskCrc } from '../src/crc32c.ts'
import { type LevelStore, openStore } from '../src/index.ts'
import { checkBeforeOpen } from '../src/preopen-check.ts'
import { entriesCount, filesOf, makeStore, tuning } from './store-files.ts'

const missingTable = 99

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)]
}

/** A whole record of LevelDB's log format. It must not cross a block of 32 KiB. */
function recordOf(data: readonly number[]): Uint8Array {
  const body = Uint8Array.from([1, ...data])
  const head = new DataView(new ArrayBuffer(6))
  head.setUint32(0, maskCrc(crc32c(body, 0, body.length)), true)
  head.setUint16(4, data.length, true)
  return Buffer.concat([new Uint8Array(head.buffer), body])
}

const numberOf = (path: string): number => Number.parseInt(basename(path), 10)

async function manifestOf(directory: string): Promise<string> {
  const [manifest = ''] = (await filesOf(directory, '')).filter((name) => name.includes('MANIFEST'))
  return manifest
}

/** Adds to the manifest that the log was made a table, which is missing. */
async function appendEdit(directory: string, deleted: readonly number[] = []): Promise<string> {
  const manifest = await manifestOf(directory)
  const edit = [2, ...varint(missingTable + 1)]
  for (const table of deleted) edit.push(6, 0, ...varint(table))
  edit.push(7, 0, ...varint(missingTable), ...varint(100), 1, 65, 1, 66)
  await appendFile(manifest, recordOf(edit))
  await appendFile(join(directory, 'log', '000100.log'), '')
  return manifest
}

async function makeTables(parent: string): Promise<string> {
  const directory = join(parent, 'data')
  await makeStore(directory, 4_000)
  return directory
}

async function hasAll(t: Test, store: LevelStore): Promise<void> {
  t.equal(store.recovered.lastRecord, entriesCount)
  const range = { first: 1, last: entriesCount }
  const read = await store.readEntries(1, range, 2 ** 30)
  t.ok(read.every((result) => result.type === 'entry'))
}

t.test('an edit whose table was never durable is taken back, and nothing is lost', async (t) => {
  const directory = await makeTables(t.testdir())
  const [table = ''] = await filesOf(directory, '.ldb')
  await appendEdit(directory, [numberOf(table)])
  const told: string[] = []
  const log = (_level: string, message: string): void => void told.push(message)
  const store = await openStore({ directory, tuning, log })
  await hasAll(t, store)
  t.match(told, [/never synced/])
  await store.close()
})

t.test('the check says what it took back, and finds nothing the second time', async (t) => {
  const directory = await makeTables(t.testdir())
  const manifest = await appendEdit(directory)
  const whole = await readFile(manifest)
  const log = join(directory, 'log')
  t.match(await checkBeforeOpen(log), /table 000099\.ldb is missing/)
  const left = await readFile(manifest)
  t.ok(left.length < whole.length)
  t.same(left, whole.subarray(0, left.length), 'the edits before are untouched')
  t.equal(await checkBeforeOpen(log), null)
})

/** Adds an edit of several sectors, of which `spoil` makes what is left of it. */
async function appendTorn(
  directory: string,
  spoil: (record: Uint8Array) => Uint8Array
): Promise<string> {
  const manifest = await manifestOf(directory)
  const key = Array.from({ length: 3_000 }, (_, at) => 1 + (at % 250))
  const edit = [2, ...varint(missingTable), 5, 0, ...varint(key.length), ...key]
  await appendFile(manifest, spoil(recordOf(edit)))
  return manifest
}

const torn: Record<string, (record: Uint8Array) => Uint8Array> = {
  'whose end is missing': (record) => record.subarray(0, 1_000),
  'with a blank sector': (record) => record.fill(0, 1_000, 2_100),
  'that is blank behind its head': (record) => record.fill(0, 10)
}

for (const [what, spoil] of Object.entries(torn)) {
  t.test(`an edit ${what} is taken back, and nothing is lost`, async (t) => {
    const directory = await makeTables(t.testdir())
    const manifest = await manifestOf(directory)
    const whole = await readFile(manifest)
    await appendTorn(directory, spoil)
    t.match(await checkBeforeOpen(join(directory, 'log')), /is not whole/)
    t.same(await readFile(manifest), whole, 'the edits before are untouched')
    await appendTorn(directory, spoil)
    const store = await openStore({ directory, tuning })
    await hasAll(t, store)
    await store.close()
  })

  t.test(`where what an edit ${what} replaced is gone, that is damage`, async (t) => {
    for (const extension of ['.log', '.ldb']) {
      const directory = await makeTables(t.testdir())
      const manifest = await appendTorn(directory, spoil)
      const { size } = await stat(manifest)
      const [gone = ''] = await filesOf(directory, extension)
      await rename(gone, join(directory, `gone-${basename(gone)}`))
      await appendFile(join(directory, 'log', '000100.log'), '')
      await t.rejects(checkBeforeOpen(join(directory, 'log')), { message: /is not whole/ })
      t.equal((await stat(manifest)).size, size, 'and nothing is changed')
    }
  })
}

t.test('where what the edit replaced is gone, the table is lost, and that is damage', async (t) => {
  for (const [extension, what] of [
    ['.log', /table 000099\.ldb is missing/],
    ['.ldb', /table 000099\.ldb is missing|table \d+\.ldb is missing/]
  ] as const) {
    const directory = await makeTables(t.testdir())
    const [gone = ''] = await filesOf(directory, extension)
    const manifest = await appendEdit(directory, extension === '.ldb' ? [numberOf(gone)] : [])
    const { size } = await stat(manifest)
    await rename(gone, join(directory, `gone-${basename(gone)}`))
    await t.rejects(checkBeforeOpen(join(directory, 'log')), { message: what })
    t.equal((await stat(manifest)).size, size, 'and nothing is changed')
  }
})

t.test('a table that an older edit speaks of is damage', async (t) => {
  const directory = await makeTables(t.testdir())
  const [gone = ''] = await filesOf(directory, '.ldb')
  await rename(gone, join(directory, basename(gone)))
  await t.rejects(checkBeforeOpen(join(directory, 'log')), { message: /is missing/ })
})
