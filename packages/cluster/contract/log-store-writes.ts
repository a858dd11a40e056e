// The part of the LogStore contract about what is written, and read again.
import type { ReadResult } from '@holdfast/cluster'
import type { Test } from 'tap'
import {
  commitRecord,
  describeResults,
  entriesOf,
  entryAt,
  everything,
  groupWrite,
  type MakeDisk,
  readAll
} from './log-store-fixture.ts'

export async function checkWrites(t: Test, makeDisk: MakeDisk): Promise<void> {
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

  await t.test('ids of records may leave some out, but never fall', async (t) => {
    const disk = await makeDisk(t)
    let store = await disk.open()
    await store.write(commitRecord(7, { groups: [groupWrite(1, { entries: entriesOf(1, 1, 1) })] }))
    const later = 1_700_000_000_000_000
    await store.write(
      commitRecord(later, { groups: [groupWrite(1, { entries: entriesOf(2, 2, 1) })] })
    )
    await disk.crash(store)
    store = await disk.open()
    t.equal(store.recovered.lastRecord, later)
    t.equal(await readAll(store, 1, 1, 3), '1@1, 2@1, absent')
    await t.rejects(store.write(commitRecord(later, {})))
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

  await t.test('a group that is removed may begin anew in the same record', async (t) => {
    const disk = await makeDisk(t)
    let store = await disk.open()
    const before = { term: 9, vote: 7, commit: 4 }
    const old = groupWrite(3, { hardState: before, entries: entriesOf(1, 6, 9) })
    await store.write(commitRecord(1, { groups: [old] }))
    const hardState = { term: 9, vote: 7, commit: 12 }
    const left = { removedGroups: [3], groups: [groupWrite(3, { hardState })] }
    await store.write(commitRecord(2, left))
    for (const end of ['crash', 'close'] as const) {
      t.equal(await readAll(store, 3, 1, 2), 'absent, absent')
      if (end === 'close') await store.close()
      else await disk.crash(store)
      store = await disk.open()
      const [group] = store.recovered.groups
      t.same(group?.hardState, hardState, 'what it promised, and more committed than is there')
      t.same([group?.firstIndex, group?.lastIndex, group?.entries], [1, 0, []])
    }
    await store.write(commitRecord(3, { groups: [groupWrite(3, { entries: entriesOf(1, 2, 9) })] }))
    const next = groupWrite(3, { entries: entriesOf(1, 1, 11) })
    await store.write(commitRecord(4, { removedGroups: [3], groups: [next] }))
    await disk.crash(store)
    store = await disk.open()
    t.same(store.recovered.groups[0]?.hardState, { term: 0, vote: null, commit: 0 })
    t.equal(await readAll(store, 3, 1, 2), '1@11, absent')
    await store.close()
  })

  await t.test('a record out of turn and a gap are refused, and change nothing', async (t) => {
    const disk = await makeDisk(t)
    const store = await disk.open()
    await t.rejects(store.write(commitRecord(0, {})))
    await t.rejects(
      store.write(commitRecord(1, { groups: [groupWrite(1, { entries: entriesOf(2, 2, 1) })] }))
    )
    await store.close()
  })
}

export async function checkReads(t: Test, makeDisk: MakeDisk): Promise<void> {
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
