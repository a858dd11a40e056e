// What every LogStore must do, as tests: `checkLogStore(t, makeDisk)` is called by the tests of each
// implementation. A disk outlives the stores that are opened on it; each test gets a blank one.
import type {
  CommitRecord,
  GroupWrite,
  LogStore,
  ReadResult,
  SnapshotWrite
} from '@holdfast/cluster'
import type { Entry, EntryType, SnapshotMeta } from '@holdfast/raft'
import type { Test } from 'tap'

/** A place where stores are opened one after the other. */
export interface StoreDisk {
  /** Opens what is there. The store before must be closed or crashed. */
  open(): Promise<LogStore>
  /** Ends a store as a crash of its process would: nothing more is written. */
  crash(store: LogStore): Promise<void>
}

const blank: CommitRecord = {
  id: 0,
  groups: [],
  snapshots: [],
  stages: [],
  installs: [],
  removedGroups: [],
  identity: null,
  peers: null
}

/** A commit record with nothing in it but what is given. */
export function commitRecord(id: number, parts: Partial<CommitRecord>): CommitRecord {
  return { ...blank, ...parts, id }
}

/** An entry whose bytes tell where it belongs. */
export function entryAt(
  index: number,
  term: number,
  sizeBytes: number = 20,
  type: EntryType = 'command'
): Entry {
  const data = new Uint8Array(sizeBytes)
  for (let at = 0; at < sizeBytes; at += 1) data[at] = (index * 31 + term * 7 + at) % 251
  return { index, term, type, data }
}

function entriesOf(first: number, last: number, term: number): readonly Entry[] {
  const entries: Entry[] = []
  for (let index = first; index <= last; index += 1) entries.push(entryAt(index, term))
  return entries
}

function groupWrite(group: number, parts: Partial<GroupWrite>): GroupWrite {
  return { group, hardState: null, truncateFrom: null, entries: [], ...parts }
}

const configuration = { voters: [1, 2, 3], outgoing: [2], learners: [4] }

function metaAt(index: number, term: number, manifest: string = 'manifest'): SnapshotMeta {
  return { id: { index, term }, configuration, manifest: Buffer.from(manifest) }
}

function snapshotAt(index: number, term: number, parts: Partial<SnapshotWrite>): SnapshotWrite {
  const meta = metaAt(index, term)
  return { group: 1, meta, newBlobs: [], blobs: [], freed: [], keepFrom: 0, ...parts }
}

/** One letter a result: what a read found. */
export function describeResults(results: readonly ReadResult[]): string {
  return results
    .map((result) => {
      switch (result.type) {
        case 'entry':
          return `${result.entry.index}@${result.entry.term}`
        case 'blob':
          return `blob ${result.blob.id}: ${Buffer.from(result.blob.bytes).toString()}`
        default:
          return result.type
      }
    })
    .join(', ')
}

const everything = 2 ** 30

async function readAll(
  store: LogStore,
  group: number,
  first: number,
  last: number
): Promise<string> {
  return describeResults(await store.readEntries(group, { first, last }, everything))
}

type MakeDisk = (t: Test) => Promise<StoreDisk>

/** Runs the whole contract. */
export async function checkLogStore(t: Test, makeDisk: MakeDisk): Promise<void> {
  await checkWrites(t, makeDisk)
  await checkReads(t, makeDisk)
  await checkSnapshots(t, makeDisk)
  await checkInstalls(t, makeDisk)
}

async function checkWrites(t: Test, makeDisk: MakeDisk): Promise<void> {
  await t.test('a blank store knows nothing, and knows itself again', async (t) => {
    const disk = await makeDisk(t)
    const store = await disk.open()
    t.match(store.recovered.storeId, /^[0-9a-f]{32}$/)
    t.same(
      { ...store.recovered, storeId: '' },
      {
        storeId: '',
        identity: null,
        peers: null,
        groups: [],
        lastRecord: 0
      }
    )
    await store.close()
    const again = await disk.open()
    t.equal(again.recovered.storeId, store.recovered.storeId)
    await again.close()
  })

  await t.test('identity, peers, hard states and entries survive close and crash', async (t) => {
    const disk = await makeDisk(t)
    const identity = { clusterId: '0123456789abcdef0123456789abcdef', node: 3, incarnation: 2 }
    const peers = Buffer.from('peers')
    const hardState = { term: 7, vote: 3 * 2 ** 20 + 2, commit: 4 }
    let store = await disk.open()
    await store.write(commitRecord(1, { identity, peers }))
    const entries = [...entriesOf(1, 3, 1), ...entriesOf(4, 5, 7)]
    await store.write(commitRecord(2, { groups: [groupWrite(1, { hardState, entries })] }))
    for (const end of ['close', 'crash'] as const) {
      if (end === 'close') await store.close()
      else await disk.crash(store)
      store = await disk.open()
      const { recovered } = store
      t.same(recovered.identity, identity)
      t.same(Buffer.from(recovered.peers ?? []), peers)
      t.equal(recovered.lastRecord, 2)
      const [group] = recovered.groups
      t.same(group?.hardState, hardState)
      t.equal(group?.snapshot, null)
      t.equal(group?.firstIndex, 1)
      t.equal(group?.lastIndex, 5)
      t.same(group?.terms, [
        { firstIndex: 1, term: 1 },
        { firstIndex: 4, term: 7 }
      ])
      t.same(
        group?.entries.map((entry) => ({ ...entry, data: Uint8Array.from(entry.data) })),
        entries
      )
    }
    await store.close()
  })

  await t.test('every type and size of entry comes back as it went in', async (t) => {
    const disk = await makeDisk(t)
    let store = await disk.open()
    const entries = [
      entryAt(1, 1, 0, 'no-op'),
      entryAt(2, 1, 1, 'configuration'),
      entryAt(3, 1, 300_000),
      entryAt(4, 2 ** 40, 0),
      entryAt(5, 2 ** 40, 5 * 1024 * 1024)
    ]
    await store.write(commitRecord(1, { groups: [groupWrite(16, { entries })] }))
    for (let round = 0; round < 2; round += 1) {
      const results = await store.readEntries(16, { first: 1, last: 5 }, everything)
      t.equal(results.length, 5)
      for (const [at, result] of results.entries()) {
        const found = result.type === 'entry' ? result.entry : null
        t.equal(found?.type, entries[at]?.type)
        t.ok(
          Buffer.compare(found?.data ?? Buffer.alloc(1), entries[at]?.data ?? Buffer.alloc(0)) === 0
        )
      }
      await disk.crash(store)
      store = await disk.open()
    }
    await store.close()
  })

  await t.test('a truncation takes the tail away for good', async (t) => {
    const disk = await makeDisk(t)
    let store = await disk.open()
    await store.write(commitRecord(1, { groups: [groupWrite(1, { entries: entriesOf(1, 9, 1) })] }))
    const replaced = groupWrite(1, { truncateFrom: 5, entries: entriesOf(5, 6, 2) })
    await store.write(commitRecord(2, { groups: [replaced] }))
    const expected = '3@1, 4@1, 5@2, 6@2, absent, absent'
    t.equal(await readAll(store, 1, 3, 8), expected)
    await disk.crash(store)
    store = await disk.open()
    t.equal(store.recovered.groups[0]?.lastIndex, 6)
    t.equal(await readAll(store, 1, 3, 8), expected)
    await store.write(commitRecord(3, { groups: [groupWrite(1, { truncateFrom: 1 })] }))
    t.equal(await readAll(store, 1, 1, 2), 'absent, absent')
    await store.close()
    store = await disk.open()
    t.equal(store.recovered.groups[0]?.lastIndex, 0)
    t.equal(store.recovered.groups[0]?.firstIndex, 1)
    await store.close()
  })

  await t.test('many groups in one record, and a removed one leaves nothing', async (t) => {
    const disk = await makeDisk(t)
    let store = await disk.open()
    const groups = [5, 0, 3].map((group) =>
      groupWrite(group, { entries: entriesOf(1, 4, group + 1) })
    )
    await store.write(commitRecord(1, { groups }))
    await store.write(commitRecord(2, { removedGroups: [3, 9] }))
    t.equal(await readAll(store, 3, 1, 1), 'absent')
    await disk.crash(store)
    store = await disk.open()
    t.same(
      store.recovered.groups.map((group) => group.group),
      [0, 5]
    )
    t.equal(await readAll(store, 5, 4, 5), '4@6, absent')
    await store.close()
  })

  await t.test('a record out of turn and a gap are refused, and change nothing', async (t) => {
    const disk = await makeDisk(t)
    const store = await disk.open()
    await t.rejects(store.write(commitRecord(2, {})))
    await t.rejects(
      store.write(commitRecord(1, { groups: [groupWrite(1, { entries: entriesOf(2, 2, 1) })] }))
    )
    await store.close()
  })
}

async function checkReads(t: Test, makeDisk: MakeDisk): Promise<void> {
  await t.test('a read gives as many entries as fit, and at least one', async (t) => {
    const disk = await makeDisk(t)
    const store = await disk.open()
    const entries = [1, 2, 3, 4].map((index) => entryAt(index, 1, 1000))
    await store.write(commitRecord(1, { groups: [groupWrite(1, { entries })] }))
    const read = (bytesMax: number): Promise<readonly ReadResult[]> =>
      store.readEntries(1, { first: 2, last: 4 }, bytesMax)
    t.equal(describeResults(await read(0)), '2@1')
    t.equal(describeResults(await read(2000)), '2@1, 3@1')
    t.equal(describeResults(await read(2999)), '2@1, 3@1')
    t.equal(describeResults(await read(3000)), '2@1, 3@1, 4@1')
    t.equal(describeResults(await store.readEntries(7, { first: 1, last: 1 }, 1)), 'absent')
    t.equal(describeResults(await store.readBlobs(1, [4])), 'absent')
    await store.close()
  })

  await t.test('what is read does not change when the caller reuses its buffers', async (t) => {
    const disk = await makeDisk(t)
    const store = await disk.open()
    const entry = entryAt(1, 1, 100)
    const before = entry.data.slice()
    await store.write(commitRecord(1, { groups: [groupWrite(1, { entries: [entry] })] }))
    entry.data.fill(255)
    const [result] = await store.readEntries(1, { first: 1, last: 1 }, everything)
    t.same(result?.type === 'entry' ? Uint8Array.from(result.entry.data) : null, before)
    await store.close()
  })
}

async function checkSnapshots(t: Test, makeDisk: MakeDisk): Promise<void> {
  await t.test('a snapshot keeps what is not freed, and what followers need', async (t) => {
    const disk = await makeDisk(t)
    let store = await disk.open()
    await store.write(
      commitRecord(1, { groups: [groupWrite(1, { entries: entriesOf(1, 12, 1) })] })
    )
    const freed = [
      { first: 1, last: 3 },
      { first: 5, last: 8 }
    ]
    const newBlobs = [
      { id: 1, bytes: Buffer.from('one') },
      { id: 2, bytes: Buffer.from('two') }
    ]
    const snapshot = snapshotAt(10, 1, { newBlobs, blobs: [1, 2], freed, keepFrom: 7 })
    await store.write(commitRecord(2, { snapshots: [snapshot] }))
    for (let round = 0; round < 2; round += 1) {
      t.equal(
        await readAll(store, 1, 1, 12),
        'absent, absent, absent, 4@1, absent, absent, 7@1, 8@1, 9@1, 10@1, 11@1, 12@1'
      )
      t.same(
        store.retained(1, 0, 100).map((entry) => entry.index),
        [4, 9, 10]
      )
      t.same(
        store.retained(1, 5, 1).map((entry) => entry.index),
        [9]
      )
      t.equal(
        describeResults(await store.readBlobs(1, [2, 1, 3])),
        'blob 2: two, blob 1: one, absent'
      )
      await disk.crash(store)
      store = await disk.open()
      const [group] = store.recovered.groups
      t.equal(group?.firstIndex, 7)
      t.same(
        group?.entries.map((entry) => entry.index),
        [11, 12]
      )
      t.same(group?.snapshot?.meta.configuration, configuration)
      t.equal(Buffer.from(group?.snapshot?.meta.manifest ?? []).toString(), 'manifest')
      t.same(
        group?.snapshot?.blobs.map((blob) => Buffer.from(blob.bytes).toString()),
        ['one', 'two']
      )
    }
    // A later snapshot frees nothing more, but followers have caught up; blob 1 is not named any more.
    const later = snapshotAt(12, 1, { blobs: [2], keepFrom: 13 })
    await store.write(commitRecord(3, { snapshots: [later] }))
    t.equal(await readAll(store, 1, 7, 10), 'absent, absent, 9@1, 10@1')
    t.equal(describeResults(await store.readBlobs(1, [1, 2])), 'absent, blob 2: two')
    await store.close()
    store = await disk.open()
    t.same(store.recovered.groups[0]?.entries, [])
    t.equal(store.recovered.groups[0]?.firstIndex, 9)
    t.equal(store.recovered.groups[0]?.lastIndex, 12)
    await store.close()
  })

  await t.test('an entry above the snapshot stays although it is freed', async (t) => {
    const disk = await makeDisk(t)
    const store = await disk.open()
    await store.write(commitRecord(1, { groups: [groupWrite(1, { entries: entriesOf(1, 6, 1) })] }))
    const freed = [{ first: 1, last: 6 }]
    await store.write(commitRecord(2, { snapshots: [snapshotAt(3, 1, { freed, keepFrom: 7 })] }))
    t.equal(await readAll(store, 1, 1, 6), 'absent, absent, absent, 4@1, 5@1, 6@1')
    await store.write(commitRecord(3, { snapshots: [snapshotAt(6, 1, { keepFrom: 6 })] }))
    t.equal(await readAll(store, 1, 3, 6), 'absent, absent, absent, 6@1')
    await store.close()
  })
}

async function checkInstalls(t: Test, makeDisk: MakeDisk): Promise<void> {
  const hardState = { term: 9, vote: null, commit: 50 }
  const snapshot = { index: 50, term: 8 }
  const stage = {
    group: 1,
    snapshot,
    blobs: [
      { id: 4, bytes: Buffer.from('four') },
      { id: 5, bytes: Buffer.from('five') }
    ],
    entries: [entryAt(20, 4), entryAt(21, 4), entryAt(30, 6)]
  }

  await t.test('staged parts are void, but are not fetched twice', async (t) => {
    const disk = await makeDisk(t)
    let store = await disk.open()
    await store.write(commitRecord(1, { stages: [stage] }))
    t.equal(await readAll(store, 1, 20, 20), 'absent')
    t.equal(describeResults(await store.readBlobs(1, [4])), 'absent')
    await disk.crash(store)
    store = await disk.open()
    t.same(store.recovered.groups[0]?.staged, {
      snapshot,
      blobs: [4, 5],
      entries: [
        { index: 20, term: 4 },
        { index: 21, term: 4 },
        { index: 30, term: 6 }
      ]
    })
    const other = { group: 1, snapshot: { index: 60, term: 8 }, blobs: [], entries: [] }
    await store.write(commitRecord(2, { stages: [other] }))
    await store.close()
    store = await disk.open()
    t.same(store.recovered.groups[0]?.staged, { snapshot: other.snapshot, blobs: [], entries: [] })
    await store.close()
  })

  await t.test(
    'an installed snapshot replaces the log, and the log goes on behind it',
    async (t) => {
      const disk = await makeDisk(t)
      let store = await disk.open()
      await store.write(
        commitRecord(1, { groups: [groupWrite(1, { entries: entriesOf(1, 60, 2) })] })
      )
      await store.write(commitRecord(2, { stages: [stage] }))
      const retained = [
        { first: 7, last: 7 },
        { first: 20, last: 20 },
        { first: 30, last: 30 }
      ]
      const meta = metaAt(50, 8, 'installed')
      const install = { group: 1, meta, hardState, blobs: [5], retained }
      await store.write(commitRecord(3, { installs: [install] }))
      for (let round = 0; round < 2; round += 1) {
        t.equal(await readAll(store, 1, 19, 21), 'absent, 20@4, absent')
        t.equal(await readAll(store, 1, 7, 8), '7@2, absent')
        t.equal(await readAll(store, 1, 50, 51), 'absent, absent')
        t.equal(describeResults(await store.readBlobs(1, [4, 5])), 'absent, blob 5: five')
        t.same(
          store.retained(1, 0, 9).map((entry) => `${entry.index}@${entry.term}`),
          ['7@2', '20@4', '30@6']
        )
        await disk.crash(store)
        store = await disk.open()
        const [group] = store.recovered.groups
        t.same(group?.hardState, hardState)
        t.equal(group?.staged, null)
        t.equal(group?.firstIndex, 51)
        t.equal(group?.lastIndex, 50)
        t.same(group?.terms, [])
        t.equal(Buffer.from(group?.snapshot?.meta.manifest ?? []).toString(), 'installed')
      }
      const next = groupWrite(1, { entries: entriesOf(51, 52, 9) })
      await store.write(commitRecord(4, { groups: [next] }))
      t.equal(await readAll(store, 1, 50, 52), 'absent, 51@9, 52@9')
      await store.close()
    }
  )

  await t.test('stage, install and what follows may come in one record', async (t) => {
    const disk = await makeDisk(t)
    let store = await disk.open()
    await store.write(commitRecord(1, { groups: [groupWrite(1, { entries: entriesOf(1, 9, 2) })] }))
    const meta = metaAt(50, 8)
    const install = {
      group: 1,
      meta,
      hardState,
      blobs: [4, 5],
      retained: [{ first: 20, last: 21 }]
    }
    const behind = groupWrite(1, {
      hardState: { term: 9, vote: 5, commit: 10 },
      truncateFrom: 8,
      entries: [...entriesOf(8, 10, 3), ...entriesOf(51, 51, 9)]
    })
    await store.write(commitRecord(2, { stages: [stage], installs: [install], groups: [behind] }))
    for (let round = 0; round < 2; round += 1) {
      t.equal(await readAll(store, 1, 8, 10), 'absent, absent, absent')
      t.equal(await readAll(store, 1, 20, 21), '20@4, 21@4')
      t.equal(await readAll(store, 1, 51, 52), '51@9, absent')
      await disk.crash(store)
      store = await disk.open()
      t.same(store.recovered.groups[0]?.hardState, { term: 9, vote: 5, commit: 50 })
    }
    await store.close()
  })
}
