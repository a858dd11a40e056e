// What is remembered of starts that came to no orderly end, and what it leads to.
import { spawnSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { commitRecord, entryAt } from '@holdfast/cluster/contract'
import { eventually } from '@holdfast/testkit'
import t from 'tap'
import { openStore } from '../src/index.ts'
import { StartNote } from '../src/start-note.ts'
import { filesOf, makeStore } from './store-files.ts'

t.test('starts are counted until one comes to an orderly end', async (t) => {
  const note = new StartNote(t.testdir({}))
  t.equal(await note.count(), 0)
  await note.set(2)
  t.equal(await note.count(), 2)
  await note.closed(false)
  t.equal(await note.count(), 2)
  await note.closed(true)
  t.equal(await note.count(), 0)
  await note.closed(true)
})

t.test('a note that says nothing is none, and one that cannot be written is silent', async (t) => {
  const directory = t.testdir({ starts: 'torn' })
  for (const text of ['torn', 'null', '"2"', '-1']) {
    await writeFile(join(directory, 'starts'), text)
    t.equal(await new StartNote(directory).count(), 0, text)
  }
  await new StartNote(join(directory, 'missing')).set(1)
})

t.test('an orderly end begins the count anew, and no other end does', async (t) => {
  const directory = join(t.testdir(), 'data')
  await makeStore(directory, 100)
  t.equal(await new StartNote(directory).count(), 0)
  await new StartNote(directory).set(1)
  const store = await openStore({ directory })
  t.equal(await new StartNote(directory).count(), 2, 'noted before LevelDB is opened')
  await store.close()
  t.equal(await new StartNote(directory).count(), 0)
})

t.test('a start after which the process lives on comes to something', async (t) => {
  const directory = join(t.testdir(), 'data')
  await makeStore(directory, 100)
  const store = await openStore({ directory, tuning: { startedAfterMs: 1 } })
  await eventually('the note is gone', async () => (await new StartNote(directory).count()) === 0)
  await store.close()
})

t.test('after two starts without an end the tables are read: damaged is damaged', async (t) => {
  const directory = join(t.testdir(), 'data')
  await makeStore(directory, 20_000)
  await markCovered(directory)
  const [path = ''] = await filesOf(directory, '.ldb')
  const bytes = await readFile(path)
  bytes[100] = (bytes[100] ?? 0) ^ 1
  await writeFile(path, bytes)
  await new StartNote(directory).set(1)
  const first = await openStore({ directory, tuning: { checkpointOnClose: false } })
  await first.close()
  await new StartNote(directory).set(2)
  const error = await openStore({ directory }).catch((thrown) => thrown)
  t.equal(error.code, 'DATA_DAMAGED')
  t.match(error.details.reason, /table \d+\.ldb: the checksum of the block at 0 is wrong/)
})

/** Opens a store and writes to it. What ended it: a signal, or what it said. */
function endOfWriter(directory: string): string {
  const writer = fileURLToPath(new URL('./writer-process.js', import.meta.url))
  const ended = spawnSync(process.execPath, [writer, directory], { encoding: 'utf8' })
  return ended.signal ?? ended.stderr
}

t.test('a table that makes LevelDB abort the process does so twice', async (t) => {
  const directory = join(t.testdir(), 'data')
  await makeStore(directory, 20_000)
  for (const path of await filesOf(directory, '.ldb')) {
    const bytes = await readFile(path)
    // Length of the first key, which is 17: an assertion of LevelDB fails on less than 8.
    bytes[1] = 4
    await writeFile(path, bytes)
  }
  t.equal(endOfWriter(directory), 'SIGABRT')
  t.equal(endOfWriter(directory), 'SIGABRT')
  t.match(endOfWriter(directory), /is damaged: table \d+\.ldb: the checksum of the block/)
})

t.test('after two starts without an end sound tables are opened as ever', async (t) => {
  const directory = join(t.testdir(), 'data')
  await makeStore(directory, 20_000)
  await new StartNote(directory).set(2)
  const messages: string[] = []
  const log = (_: unknown, message: string): void => void messages.push(message)
  const store = await openStore({ directory, log })
  t.same(messages, ['the process ended soon after its start, repeatedly; reading all tables'])
  t.equal(await new StartNote(directory).count(), 1, 'the count begins anew')
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
