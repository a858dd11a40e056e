// The part of the LogStore contract about snapshots: taken, staged and installed.
import { crc32 } from 'node:zlib'
import type { Test } from 'tap'
import {
  commitRecord,
  configuration,
  describeResults,
  entriesOf,
  entryAt,
  groupWrite,
  type MakeDisk,
  metaAt,
  readAll,
  snapshotAt
} from './log-store-fixture.ts'

export async function checkSnapshots(t: Test, makeDisk: MakeDisk): Promise<void> {
  await t.test('a snapshot may name blobs of a record before it; unnamed ones go', async (t) => {
    const disk = await makeDisk(t)
    let store = await disk.open()
    const blobs = [1, 2, 3].map((id) => ({ id, bytes: Buffer.from(`ahead ${id}`) }))
    const groups = [groupWrite(1, { entries: entriesOf(1, 4, 1) })]
    await store.write(commitRecord(1, { groups, blobs: [{ group: 1, blobs }] }))
    await disk.crash(store)
    store = await disk.open()
    t.equal(store.recovered.groups[0]?.snapshot, null)
    const newBlobs = [{ id: 4, bytes: Buffer.from('with it') }]
    const snapshot = snapshotAt(4, 1, { newBlobs, blobs: [1, 3, 4] })
    await store.write(commitRecord(2, { snapshots: [snapshot] }))
    for (let round = 0; round < 2; round += 1) {
      t.equal(
        describeResults(await store.readBlobs(1, [1, 2, 3, 4])),
        'blob 1: ahead 1, absent, blob 3: ahead 3, blob 4: with it'
      )
      await disk.crash(store)
      store = await disk.open()
    }
    await store.close()
  })

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
    // A later snapshot frees nothing more, but followers have caught up; blob 1 is not named any
    // more.
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

export async function checkInstalls(t: Test, makeDisk: MakeDisk): Promise<void> {
  const hardState = { term: 9, vote: null, commit: 50 }
  const snapshot = { index: 50, term: 8 }
  const stage = {
    group: 1,
    source: 7,
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
      source: 7,
      snapshot,
      blobs: [4, 5],
      entries: [
        { index: 20, term: 4 },
        { index: 21, term: 4 },
        { index: 30, term: 6 }
      ]
    })
    const other = { group: 1, source: 8, snapshot: { index: 60, term: 8 }, blobs: [], entries: [] }
    await store.write(commitRecord(2, { stages: [other] }))
    await store.close()
    store = await disk.open()
    t.same(store.recovered.groups[0]?.staged, {
      source: 8,
      snapshot: other.snapshot,
      blobs: [],
      entries: stage.entries.map(({ index, term }) => ({ index, term }))
    })
    await store.close()
  })

  await t.test(
    'staged blobs are those of one offer; entries are held whoever sent them',
    async (t) => {
      const disk = await makeDisk(t)
      let store = await disk.open()
      await store.write(
        commitRecord(1, { groups: [groupWrite(1, { entries: entriesOf(1, 20, 2) })] })
      )
      await store.write(commitRecord(2, { stages: [stage] }))
      const offer = { source: 7, snapshot }
      for (let round = 0; round < 2; round += 1) {
        t.equal(describeResults(await store.readStaged(1, offer, [5, 6])), 'blob 5: five, absent')
        const another = { ...offer, source: 8 }
        t.equal(describeResults(await store.readStaged(1, another, [5])), 'absent')
        const later = { ...offer, snapshot: { index: 50, term: 9 } }
        t.equal(describeResults(await store.readStaged(1, later, [5])), 'absent')
        t.same(
          store.held(1, [1, 19, 20, 22, 30]).map(({ index, term }) => `${index}@${term}`),
          ['1@2', '19@2', '20@4', '30@6'],
          'what is staged counts before the log'
        )
        const [held] = store.held(1, [30])
        const { data } = entryAt(30, 6)
        t.same(held, { index: 30, term: 6, checksum: crc32(data), sizeBytes: data.length })
        await disk.crash(store)
        store = await disk.open()
      }
      const blobs = [{ id: 5, bytes: Buffer.from('other five') }]
      const same = { group: 1, source: 8, snapshot, blobs, entries: [] }
      await store.write(commitRecord(3, { stages: [same] }))
      t.equal(describeResults(await store.readStaged(1, offer, [4, 5])), 'absent, absent')
      t.equal(
        describeResults(await store.readStaged(1, { source: 8, snapshot }, [4, 5])),
        'absent, blob 5: other five'
      )
      t.same(store.held(2, [1]), [])
      await store.close()
    }
  )

  await t.test('a snapshot of its own voids what is staged of an older one', async (t) => {
    const disk = await makeDisk(t)
    let store = await disk.open()
    const entries = entriesOf(1, 60, 2)
    await store.write(commitRecord(1, { groups: [groupWrite(1, { entries })] }))
    await store.write(commitRecord(2, { stages: [stage] }))
    await store.write(commitRecord(3, { snapshots: [snapshotAt(49, 2, {})] }))
    t.equal(store.held(1, [20])[0]?.term, 4)
    await store.write(commitRecord(4, { snapshots: [snapshotAt(50, 2, {})] }))
    for (let round = 0; round < 2; round += 1) {
      t.equal(store.held(1, [20])[0]?.term, 2)
      await disk.crash(store)
      store = await disk.open()
      t.equal(store.recovered.groups[0]?.staged, null)
    }
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
