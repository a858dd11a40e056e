// The part of the LogStore contract about entries that come back from another replica (rule S8).

import type { Test } from 'tap'
import {
  commitRecord,
  entriesOf,
  entryAt,
  groupWrite,
  type MakeDisk,
  metaAt,
  readAll,
  snapshotAt
} from './log-store-fixture.ts'

export async function checkRepairs(t: Test, makeDisk: MakeDisk): Promise<void> {
  await t.test('a repair takes the place of the same entry, and of no other', async (t) => {
    const disk = await makeDisk(t)
    let store = await disk.open()
    await store.write(commitRecord(1, { groups: [groupWrite(1, { entries: entriesOf(1, 9, 2) })] }))
    const freed = [{ first: 1, last: 4 }]
    await store.write(commitRecord(2, { snapshots: [snapshotAt(8, 2, { freed, keepFrom: 3 })] }))
    const entries = [
      entryAt(1, 2),
      entryAt(3, 2),
      entryAt(5, 2),
      { ...entryAt(6, 2), term: 3 },
      { ...entryAt(7, 2), data: Buffer.from('another') },
      { ...entryAt(8, 2), data: entryAt(5, 5).data },
      entryAt(9, 2),
      entryAt(10, 2)
    ]
    await store.write(commitRecord(3, { repairs: [{ group: 1, entries }] }))
    for (let round = 0; round < 2; round += 1) {
      t.equal(
        await readAll(store, 1, 1, 10),
        'absent, absent, 3@2, 4@2, 5@2, 6@2, 7@2, 8@2, 9@2, absent'
      )
      // Byte by byte: tap finds a Buffer and a Uint8Array of one length the same.
      for (const index of [7, 8]) {
        const [result] = await store.readEntries(1, { first: index, last: index }, 100)
        const data = result?.type === 'entry' ? result.entry.data : new Uint8Array(0)
        t.equal(Buffer.compare(data, entryAt(index, 2).data), 0, `entry ${index} is as it was`)
      }
      t.same(
        store.retained(1, 0, 9).map(({ index }) => index),
        [5, 6, 7, 8],
        'what was freed is still freed'
      )
      await disk.crash(store)
      store = await disk.open()
      t.equal(store.recovered.groups[0]?.lastIndex, 9)
    }
    await store.close()
  })

  await t.test('a repair comes behind an install, and makes no group', async (t) => {
    const disk = await makeDisk(t)
    let store = await disk.open()
    await store.write(commitRecord(1, { groups: [groupWrite(1, { entries: entriesOf(1, 9, 2) })] }))
    const stage = { group: 1, source: 7, snapshot: { index: 20, term: 3 }, blobs: [], entries: [] }
    const hardState = { term: 3, vote: null, commit: 20 }
    const retained = [{ first: 4, last: 4 }]
    const install = { group: 1, meta: metaAt(20, 3), hardState, blobs: [], retained }
    const repairs = [
      { group: 1, entries: entriesOf(3, 4, 2) },
      { group: 2, entries: [entryAt(1, 1)] }
    ]
    await store.write(commitRecord(2, { stages: [stage], installs: [install], repairs }))
    for (let round = 0; round < 2; round += 1) {
      t.equal(await readAll(store, 1, 3, 5), 'absent, 4@2, absent')
      await disk.crash(store)
      store = await disk.open()
      t.same(
        store.recovered.groups.map(({ group }) => group),
        [1]
      )
    }
    await store.close()
  })
}
