// What is remembered of failed writes, and what it leads to.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { commitRecord, entryAt } from '@holdfast/cluster/contract'
import t from 'tap'
import { clearFailure, noteFailure, readFailure } from '../src/failure-note.ts'
import { openStore } from '../src/index.ts'
import { filesOf, makeStore } from './store-files.ts'

const corruption = Object.assign(new Error('bad block'), { code: 'LEVEL_CORRUPTION' })
const ioError = Object.assign(new Error('no space'), { code: 'LEVEL_IO_ERROR' })

t.test('failures of one kind in a row are counted', async (t) => {
  const directory = t.testdir({})
  t.equal(await readFailure(directory), null)
  await noteFailure(directory, ioError)
  await noteFailure(directory, corruption)
  t.same(await readFailure(directory), { kind: 'LEVEL_CORRUPTION', count: 1 })
  await noteFailure(directory, corruption)
  t.same(await readFailure(directory), { kind: 'LEVEL_CORRUPTION', count: 2 })
  await clearFailure(directory)
  t.equal(await readFailure(directory), null)
  await noteFailure(directory, 'no error at all')
  t.same(await readFailure(directory), { kind: 'unknown', count: 1 })
})

t.test('a note that says nothing is none, and one that cannot be written is silent', async (t) => {
  const directory = t.testdir({ failed: 'torn' })
  t.equal(await readFailure(directory), null)
  await writeFile(join(directory, 'failed'), 'null')
  t.equal(await readFailure(directory), null)
  await noteFailure(join(directory, 'missing'), corruption)
})

t.test('after two failures the tables are read: damaged ones are damage', async (t) => {
  const directory = join(t.testdir(), 'data')
  await makeStore(directory, 20_000)
  await markCovered(directory)
  const [path = ''] = await filesOf(directory, '.ldb')
  const bytes = await readFile(path)
  bytes[100] = (bytes[100] ?? 0) ^ 1
  await writeFile(path, bytes)
  await noteFailure(directory, corruption)
  const first = await openStore({ directory, tuning: { checkpointOnClose: false } })
  await first.close()
  t.equal(await readFailure(directory), null, 'a start that ended well begins the count anew')
  await noteFailure(directory, corruption)
  await noteFailure(directory, corruption)
  const error = await openStore({ directory }).catch((thrown) => thrown)
  t.equal(error.code, 'DATA_DAMAGED')
  t.match(error.details.reason, /table \d+\.ldb: the checksum of the block at 0 is wrong/)
})

t.test('after two failures sound tables are opened as ever', async (t) => {
  const directory = join(t.testdir(), 'data')
  await makeStore(directory, 20_000)
  await noteFailure(directory, ioError)
  await noteFailure(directory, ioError)
  const messages: string[] = []
  const log = (_: unknown, message: string): void => void messages.push(message)
  const store = await openStore({ directory, log })
  t.same(messages, ['writes failed repeatedly; reading all tables'])
  t.equal(await readFailure(directory), null)
  const entries = [entryAt(121, 1)]
  const write = { group: 1, hardState: null, truncateFrom: null, entries }
  await store.write(commitRecord(121, { groups: [write] }))
  await store.close()
})

/** With a snapshot at its end, the start reads none of the entries. */
async function markCovered(directory: string): Promise<void> {
  const store = await openStore({ directory })
  const id = { index: 120, term: 1 }
  const configuration = { voters: [1], outgoing: [], learners: [] }
  const meta = { id, configuration, manifest: new Uint8Array(0) }
  const snapshot = { group: 1, meta, newBlobs: [], blobs: [], freed: [], keepFrom: 1 }
  await store.write(commitRecord(121, { snapshots: [snapshot] }))
  await store.close()
}
