// A data directory whose damage shows only when LevelDB compacts: the process ends at a write, as
// it must, but not for ever.
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { CommitRecord, Damage, IndexRange, LogStore } from '@holdfast/cluster'
import { condemn, openStore, quarantine, Reserve, salvage } from '@holdfast/storage'
import t from 'tap'
import { openData, type StorePort } from '../src/open-data.ts'
import { FakeLog, recordOf } from './fakes.ts'

const entriesCount = 60

/** Small bounds, so that what is deleted is compacted away at once. */
const tuning = {
  checkpointIntervalRecords: 5,
  deleteChunkBytes: 1,
  reclaimQuietBytes: 1,
  reclaimIntervalMs: 5,
  checkpointOnClose: false
}

const port: StorePort = {
  open: (directory) => openStore({ directory, tuning, writeBufferSizeBytes: 131_072 }),
  salvage: async (directory) => ({ ...(await salvage(directory)), groups: null }),
  condemn,
  quarantine,
  reserve: (directory) => new Reserve(directory)
}

const never = (): Promise<boolean> => Promise.resolve(false)

function withEntry(id: number, index: number): CommitRecord {
  const entries = [{ index, term: 1, type: 'command', data: new Uint8Array(20_000) } as const]
  return { ...recordOf(id), groups: [{ group: 1, hardState: null, truncateFrom: null, entries }] }
}

function withSnapshot(id: number, freed: readonly IndexRange[]): CommitRecord {
  const configuration = { voters: [1], outgoing: [], learners: [] }
  const meta = { id: { index: entriesCount, term: 1 }, configuration, manifest: Buffer.from('m') }
  const keepFrom = freed.length > 0 ? entriesCount + 1 : 1
  const snapshot = { group: 1, meta, newBlobs: [], blobs: [], freed, keepFrom }
  return { ...recordOf(id), snapshots: [snapshot] }
}

/**
 * A store of which the first table ends as no table does. Nothing is deleted while it is filled, so
 * that LevelDB merges no tables: the first holds the first entries only, which no start reads.
 */
async function makeDamaged(directory: string): Promise<void> {
  const store = await openStore({ directory, writeBufferSizeBytes: 131_072 })
  for (let index = 1; index <= entriesCount; index += 1) {
    await store.write(withEntry(index, index))
  }
  await store.write(withSnapshot(entriesCount + 1, []))
  await store.close()
  const log = join(directory, 'log')
  const names = (await readdir(log)).filter((name) => name.endsWith('.ldb')).sort()
  const path = join(log, names[0] ?? '')
  const bytes = await readFile(path)
  bytes[bytes.length - 3] = (bytes[bytes.length - 3] ?? 0) ^ 255
  await writeFile(path, bytes)
}

/** Frees everything and writes on, until a write fails. Returns why. */
async function writeUntilFailure(store: LogStore): Promise<string> {
  const [group] = store.recovered.groups
  let id = store.recovered.lastRecord + 1
  let index = group?.lastIndex ?? 0
  const deadlineMs = performance.now() + 20_000
  try {
    await store.write(withSnapshot(id, [{ first: 1, last: entriesCount }]))
    while (performance.now() < deadlineMs) {
      id += 1
      index += 1
      await store.write(withEntry(id, index))
    }
    return 'no write failed'
  } catch (error) {
    return (error as Error).message
  } finally {
    await store.close()
  }
}

t.test('a table that fails compaction at each start is set aside at the third', async (t) => {
  const directory = join(t.testdir({}), 'data')
  await makeDamaged(directory)
  const log = new FakeLog()
  for (let start = 1; start <= 2; start += 1) {
    const { store } = await openData(directory, port, log.log, never)
    t.equal(store.recovered.groups[0]?.snapshot?.meta.id.index, entriesCount)
    t.match(await writeUntilFailure(store), /not an sstable/, `start ${start}`)
  }
  const { store: blank } = await openData(directory, port, log.log, never)
  t.same(blank.recovered.groups, [])
  t.equal(blank.recovered.lastRecord, 0)
  await blank.close()
  t.ok((await readdir(`${directory}.damaged-1`)).includes('log'), 'kept for diagnosis')
  t.notOk((await readdir(directory)).includes('starts'))
})

t.test('a member that cannot be spared keeps its directory, and what is intact', async (t) => {
  const directory = join(t.testdir({}), 'data')
  const identity = { clusterId: 'ab'.repeat(16), node: 2, incarnation: 1 }
  const store = await openStore({ directory })
  await store.write({ ...withEntry(1, 1), identity })
  await store.close()
  await rm(join(directory, 'log', 'CURRENT'))
  const asked: Damage[] = []
  const log = new FakeLog()
  const opened = await openData(directory, port, log.log, (damage) => {
    asked.push(damage)
    return Promise.resolve(asked.length > 1)
  })
  t.match(asked, [{ directory, identity, reason: 'CURRENT is missing' }])
  t.same(opened.damage, asked[0])
  t.match(await opened.store.readEntries(1, { first: 1, last: 1 }, 1), [{ type: 'entry' }])
  await t.rejects(opened.store.write(recordOf(2)), { code: 'WRITE_FAILED' })
  t.ok(log.has('the data directory is damaged, and cannot be spared'))
  await opened.store.close()
  t.same((await readdir(join(directory, '..'))).length, 1, 'nothing was set aside')
  const second = await openData(directory, port, log.log, () => Promise.resolve(true))
  t.equal(second.damage, null)
  t.equal(second.store.recovered.identity, null, 'blank')
  await second.store.close()
})
