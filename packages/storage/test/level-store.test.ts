// What the contract does not say of the store on LevelDB: failed writes, the use of its limits,
// large and many things, and what the index of a million entries costs.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { commitRecord, describeResults, entryAt } from '@holdfast/cluster/contract'
import type { Entry } from '@holdfast/raft'
import t from 'tap'
import { freeSpace, LevelStore, openStore, storageLimits } from '../src/index.ts'
import { LogIndex } from '../src/log-index.ts'

function entriesRecord(id: number, entries: readonly Entry[]): ReturnType<typeof commitRecord> {
  return commitRecord(id, { groups: [{ group: 1, hardState: null, truncateFrom: null, entries }] })
}

t.test('after a failed write the store refuses every other (S2)', async (t) => {
  const directory = join(t.testdir(), 'data')
  const store = await openStore({ directory, writeBufferSizeBytes: 64 * 1024 })
  t.ok(store instanceof LevelStore)
  await store.write(entriesRecord(1, [entryAt(1, 1)]))
  // LevelDB cannot make its next write-ahead log once its directory is gone.
  await rm(join(directory, 'log'), { recursive: true })
  let error: { readonly code?: string; readonly details?: { readonly reason?: string } } | null =
    null
  for (let id = 2; error === null && id < 50; id += 1) {
    error = await store.write(entriesRecord(id, [entryAt(id, 1, 30_000)])).then(
      () => null,
      (thrown) => thrown
    )
  }
  t.equal(error?.code, 'WRITE_FAILED')
  const again = await store.write(entriesRecord(99, [])).catch((thrown) => thrown)
  t.equal(again, error)
  await store.close()
})

t.test('two writes at once, and use after close, are programmer errors', async (t) => {
  const store = await openStore({ directory: join(t.testdir(), 'data') })
  const first = store.write(entriesRecord(1, [entryAt(1, 1)]))
  await t.rejects(store.write(entriesRecord(2, [])), /one write is in flight/)
  await first
  await Promise.all([store.close(), store.close()])
  await t.rejects(store.write(entriesRecord(2, [])), /closed/)
  t.throws(() => store.readBlobs(1, [1]), /closed/)
})

t.test('a record over the limit is refused and harms nothing', async (t) => {
  // With a checkpoint due: it has been prepared by the time the record is refused.
  const tuning = { checkpointIntervalRecords: 1 }
  const directory = join(t.testdir(), 'data')
  let store = await openStore({ directory, tuning })
  await store.write(commitRecord(1, {}))
  const data = new Uint8Array(17 * 1024 * 1024)
  const entries = [1, 2, 3, 4].map((index) => ({ index, term: 1, type: 'command' as const, data }))
  await t.rejects(store.write(entriesRecord(2, entries)), /at most 64 MiB/)
  await store.write(entriesRecord(2, entries.slice(0, 2)))
  await store.close()
  store = await openStore({ directory, tuning })
  const [result] = await store.readEntries(1, { first: 2, last: 2 }, 1)
  t.equal(result?.type === 'entry' ? result.entry.data.length : 0, data.length)
  await store.close()
})

t.test('many reads at once wait in line, too many are refused', async (t) => {
  const store = await openStore({ directory: join(t.testdir(), 'data') })
  const count = 300
  for (let id = 1; id <= count; id += 1) await store.write(entriesRecord(id, [entryAt(id, 1, 50)]))
  const reads = Array.from({ length: count }, (_, at) =>
    store.readEntries(1, { first: at + 1, last: at + 1 }, 1)
  )
  const results = await Promise.all(reads)
  t.equal(results.map(describeResults).join(), results.map((_, at) => `${at + 1}@1`).join())
  const all = await store.readEntries(1, { first: 1, last: 10_000 }, 2 ** 30)
  t.equal(all.length, storageLimits.readEntriesMax)
  await store.close()
})

t.test('reads go on correctly while what they read is freed and deleted', async (t) => {
  const tuning = { checkpointIntervalRecords: 2, deleteChunkBytes: 1 }
  const store = await openStore({ directory: join(t.testdir(), 'data'), tuning })
  let id = 0
  for (let index = 1; index <= 50; index += 1) {
    id += 1
    await store.write(entriesRecord(id, [entryAt(index, 1, 3000)]))
  }
  const meta = {
    id: { index: 50, term: 1 },
    configuration: { voters: [1], outgoing: [], learners: [] },
    manifest: new Uint8Array(0)
  }
  for (let index = 1; index <= 50; index += 1) {
    id += 1
    const freed = [{ first: index, last: index }]
    const snapshot = { group: 1, meta, newBlobs: [], blobs: [], freed, keepFrom: 51 }
    const reading = store.readEntries(1, { first: index, last: index + 1 }, 2 ** 20)
    await store.write(commitRecord(id, { snapshots: [snapshot] }))
    for (const result of await reading) t.not(result.type, 'damaged')
  }
  t.equal(store.retained(1, 0, 10).length, 0)
  await store.close()
})

t.test('the index of a million entries stays below 40 MB', async (t) => {
  const index = new LogIndex(() => undefined)
  const rowsBefore = process.memoryUsage().arrayBuffers
  const release = (): void => undefined
  const row = { sequence: 5, position: 64, length: 100, checksum: 7, term: 1 }
  for (let at = 1; at <= 1_000_000; at += 1) index.set({ index: at, ...row }, release)
  const bytes = process.memoryUsage().arrayBuffers - rowsBefore
  t.ok(bytes < 32_000_000, `${bytes} bytes of arrays`)
  t.ok(index.segments.length < 2000, 'the objects around them are few')
  t.equal(index.contiguousFrom(1_000_000), 1)
})

t.test('free space is measured', async (t) => {
  const { freeBytes, totalBytes } = await freeSpace(t.testdir())
  t.ok(freeBytes > 0 && freeBytes <= totalBytes)
})
