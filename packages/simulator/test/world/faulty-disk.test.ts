// A disk that loses things says so through the port: 'damaged' until it is repaired, and set aside
// where the store could not start from it.
import type { CommitRecord, GroupWrite } from '@holdfast/cluster'
import t from 'tap'
import { FaultyDisk } from '../../src/world/faulty-disk.ts'

const group = 1
const configuration = { voters: [1], outgoing: [], learners: [] }

function record(id: number, fields: Partial<CommitRecord>): CommitRecord {
  const none = { groups: [], snapshots: [], stages: [], installs: [], repairs: [], blobs: [] }
  return { id, ...none, removedGroups: [], identity: null, peers: null, ...fields }
}

function entries(first: number, last: number): GroupWrite['entries'] {
  return Array.from({ length: last - first + 1 }, (_, i) => {
    return { index: first + i, term: 1, type: 'command', data: new Uint8Array([first + i]) }
  })
}

/** Entries 1 to 10, of which a snapshot covers 6. */
function make(): FaultyDisk {
  const disk = new FaultyDisk()
  const hardState = { term: 1, vote: null, commit: 10 }
  const write = { group, hardState, truncateFrom: null, entries: entries(1, 10) }
  disk.apply(record(1, { groups: [write] }))
  const meta = { id: { index: 6, term: 1 }, configuration, manifest: new Uint8Array(1) }
  const newBlobs = [{ id: 1, bytes: new Uint8Array(3) }]
  const snapshot = { group, meta: meta as never, newBlobs, blobs: [1], freed: [], keepFrom: 1 }
  disk.apply(record(2, { snapshots: [snapshot] }))
  return disk
}

function typesOf(disk: FaultyDisk): string[] {
  return disk.readEntries(group, { first: 1, last: 10 }, 10 ** 6).map(({ type }) => type)
}

t.test('a rotten entry is damaged until another replica repairs it', async (t) => {
  const disk = make()
  t.equal(disk.isSound, true)
  t.equal(
    disk.rotEntries(group, (index) => index === 3),
    1
  )
  t.same(typesOf(disk).indexOf('damaged'), 2)
  t.equal(disk.isSound, false)
  t.equal(disk.mustBeSetAside, false, 'it is below the snapshot')
  disk.apply(record(3, { repairs: [{ group, entries: entries(3, 3) }] }))
  t.notOk(typesOf(disk).includes('damaged'))
  t.equal(disk.isSound, true)
})

t.test('what is needed to start makes the store set the directory aside', async (t) => {
  const above = make()
  above.rotEntries(group, (index) => index === 8)
  t.equal(above.mustBeSetAside, true)
  t.throws(() => above.recover())
  const blob = make()
  t.equal(blob.rotBlob(group, 0.5), true)
  t.same(blob.readBlobs(group, [1]), [{ type: 'damaged' }])
  t.equal(blob.mustBeSetAside, true)
  const hole = make()
  hole.makeHole()
  t.equal(hole.mustBeSetAside, true)
  t.equal(hole.isSound, false)
})

t.test('an entry that takes the place of a rotten one is sound', async (t) => {
  const disk = make()
  disk.rotEntries(group, (index) => index > 8)
  const write = { group, hardState: null, truncateFrom: 9, entries: entries(9, 10) }
  disk.apply(record(3, { groups: [write] }))
  t.equal(disk.isSound, true)
})
