// What an open makes of rows that are missing, misplaced or back from the dead, and of torn tails;
// and that room on the disk comes back.
import { cp, readFile, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { commitRecord, describeResults, entryAt } from '@holdfast/cluster/contract'
import { ClassicLevel } from 'classic-level'
import t from 'tap'
import { openStore } from '../src/index.ts'
import { recordKey } from '../src/keys.ts'
import { entriesCount, filesOf, makeStore, sizeOnDisk } from './store-files.ts'

/** Changes rows behind the back of the store. */
async function tamper(
  directory: string,
  change: (database: ClassicLevel<Uint8Array, Uint8Array>) => Promise<void>
): Promise<void> {
  const database = new ClassicLevel<Uint8Array, Uint8Array>(join(directory, 'log'), {
    keyEncoding: 'view',
    valueEncoding: 'view',
    compression: false
  })
  await database.open()
  await change(database)
  await database.close()
}

t.test(
  'a record that is missing above the checkpoint is a hole, and the store refuses',
  async (t) => {
    const directory = join(t.testdir(), 'data')
    await makeStore(directory, 100)
    await tamper(directory, (database) => database.del(recordKey(50)))
    const error = await openStore({ directory }).catch((thrown) => thrown)
    t.equal(error.code, 'DATA_DAMAGED')
    t.match(error.details.reason, /record 50 is missing/)
  }
)

t.test('a record under the wrong key is refused', async (t) => {
  const directory = join(t.testdir(), 'data')
  await makeStore(directory, 100)
  await tamper(directory, async (database) => {
    const value = await database.get(recordKey(51))
    if (value !== undefined) await database.put(recordKey(50), value)
  })
  await t.rejects(openStore({ directory }), { code: 'DATA_DAMAGED' })
})

t.test('deleted rows that come back mean nothing', async (t) => {
  const directory = join(t.testdir(), 'data')
  const options = { checkpointIntervalRecords: 3, deleteChunkBytes: 1 }
  let store = await openStore({ directory, tuning: options })
  for (let id = 1; id <= 30; id += 1) {
    const entries = [entryAt(id, 1, 100)]
    const write = { group: 1, hardState: { term: id, vote: null, commit: 0 }, truncateFrom: null }
    await store.write(commitRecord(id, { groups: [{ ...write, entries }] }))
  }
  await store.close()
  const ghosts: [number, Uint8Array][] = []
  await tamper(directory, async (database) => {
    for (let sequence = 1; sequence < 40; sequence += 1) {
      const value = await database.get(recordKey(sequence))
      if (value !== undefined) ghosts.push([sequence, value])
    }
  })
  store = await openStore({ directory, tuning: options })
  const meta = {
    id: { index: 30, term: 1 },
    configuration: { voters: [1], outgoing: [], learners: [] },
    manifest: new Uint8Array(0)
  }
  const freed = [{ first: 1, last: 29 }]
  const snapshot = { group: 1, meta, newBlobs: [], blobs: [], freed, keepFrom: 31 }
  await store.write(commitRecord(31, { snapshots: [snapshot] }))
  for (let id = 32; id <= 45; id += 1) await store.write(commitRecord(id, {}))
  await store.close()
  let revived = 0
  await tamper(directory, async (database) => {
    for (const [sequence, value] of ghosts) {
      if ((await database.get(recordKey(sequence))) !== undefined) continue
      await database.put(recordKey(sequence), value)
      revived += 1
    }
  })
  t.ok(revived > 20, `${revived} rows revived`)
  store = await openStore({ directory, tuning: options })
  t.equal(store.recovered.lastRecord, 45)
  t.equal(store.recovered.groups[0]?.hardState.term, 30)
  const results = await store.readEntries(1, { first: 1, last: 30 }, 1_000_000)
  t.equal(describeResults(results), `${'absent, '.repeat(29)}30@1`)
  await store.close()
})

t.test(
  'a torn tail is what a power cut leaves: the store opens without the last write',
  async (t) => {
    const directory = join(t.testdir(), 'data')
    await makeStore(directory, 300)
    const [path = ''] = await filesOf(directory, '.log')
    const { size } = await stat(path)
    for (const cut of [1, 6, 100, 300]) {
      const copy = join(t.testdirName, `copy-${cut}`)
      await cp(directory, copy, { recursive: true })
      await truncate(path.replace(directory, copy), size - cut)
      const store = await openStore({ directory: copy })
      t.equal(store.recovered.lastRecord, entriesCount - 1, `${cut} bytes less`)
      await store.close()
    }
  }
)

t.test('a file that is not blank where a sector never reached the disk is torn, too', async (t) => {
  const directory = join(t.testdir(), 'data')
  await makeStore(directory, 3000)
  const [path = ''] = await filesOf(directory, '.log')
  const bytes = await readFile(path)
  const sector = Math.floor((bytes.length - 1500) / 512) * 512
  bytes.fill(0, sector, sector + 512)
  await writeFile(path, bytes)
  const store = await openStore({ directory })
  t.equal(store.recovered.lastRecord, entriesCount - 1)
  await store.close()
})

t.test(
  'one old entry is kept while everything else is freed: the disk gets its room back',
  async (t) => {
    const directory = join(t.testdir(), 'data')
    const options = { reclaimIntervalMs: 20, checkpointIntervalBytes: 1024 * 1024 }
    const store = await openStore({ directory, tuning: options, writeBufferSizeBytes: 1024 * 1024 })
    const count = 300
    for (let id = 1; id <= count; id += 1) {
      const write = {
        group: 1,
        hardState: null,
        truncateFrom: null,
        entries: [entryAt(id, 1, 100_000)]
      }
      await store.write(commitRecord(id, { groups: [write] }))
    }
    t.ok((await sizeOnDisk(directory)) > 25_000_000)
    const meta = {
      id: { index: count, term: 1 },
      configuration: { voters: [1], outgoing: [], learners: [] },
      manifest: new Uint8Array(0)
    }
    const freed = [
      { first: 1, last: 9 },
      { first: 11, last: count }
    ]
    const snapshot = { group: 1, meta, newBlobs: [], blobs: [], freed, keepFrom: count + 1 }
    await store.write(commitRecord(count + 1, { snapshots: [snapshot] }))
    for (let waited = 0; waited < 200 && (await sizeOnDisk(directory)) > 5_000_000; waited += 1) {
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    t.ok((await sizeOnDisk(directory)) < 5_000_000, `${await sizeOnDisk(directory)} bytes left`)
    t.ok(store.sizeBytes() < 1_000_000)
    const results = await store.readEntries(1, { first: 9, last: 11 }, 1_000_000)
    t.equal(describeResults(results), 'absent, 10@1, absent')
    await store.close()
  }
)
