// Offers of several leaders, and the ids of a replica's blobs.
import type { ReplicaId, SnapshotMeta } from '@holdfast/raft'
import t from 'tap'
import { replicaOf } from '../../src/consensus/replica-id.ts'
import type { Core } from '../../src/core.ts'
import type { CommitRecord } from '../../src/log-store.ts'
import { coreWith } from '../part-core.ts'

const group = 5
const second = replicaOf(2, 1)
const third = replicaOf(3, 1)

function metaAt(index: number): SnapshotMeta {
  const configuration = { voters: [second, third], outgoing: [], learners: [] }
  return { id: { index, term: 4 }, configuration, manifest: new Uint8Array(0) }
}

/** The commit records that are due, each durable as soon as it is asked for. */
function carry(core: Core): readonly CommitRecord[] {
  const records: CommitRecord[] = []
  for (;;) {
    core.commit.flush()
    const writes = core.outputs.splice(0).flatMap((output) => {
      return output.type === 'write' ? [output.record] : []
    })
    if (writes.length === 0) return records
    for (const record of writes) {
      records.push(record)
      core.commit.written(record.id)
    }
  }
}

function claims(core: Core): readonly { readonly source: ReplicaId; readonly index: number }[] {
  return carry(core).flatMap(({ stages }) =>
    stages.map(({ source, snapshot }) => ({ source, index: snapshot.index }))
  )
}

t.test('an offer that is repeated goes on, another one takes its place', async (t) => {
  const core = coreWith()
  core.snapshots.offered(group, second, metaAt(40))
  t.same(claims(core), [{ source: second, index: 40 }])
  core.snapshots.offered(group, second, metaAt(40))
  t.same(claims(core), [], 'the same once more')
  core.snapshots.offered(group, third, metaAt(40))
  t.same(claims(core), [{ source: third, index: 40 }], 'the same index at another replica')
  core.snapshots.offered(group, third, metaAt(41))
  t.same(claims(core), [{ source: third, index: 41 }], 'a newer one of the same replica')
  core.snapshots.offered(group, second, metaAt(40))
  t.same(claims(core), [{ source: second, index: 40 }], 'the first one again')
})

t.test('offers of different groups do not disturb each other', async (t) => {
  const core = coreWith()
  core.snapshots.offered(1, second, metaAt(40))
  core.snapshots.offered(2, third, metaAt(40))
  t.equal(claims(core).length, 2)
  core.snapshots.offered(1, second, metaAt(40))
  core.snapshots.offered(2, third, metaAt(40))
  t.same(claims(core), [])
})

t.test('ids of blobs go on behind the highest that was ever used here', async (t) => {
  const { snapshots } = coreWith()
  t.equal(snapshots.firstFreeBlob(group), 1)
  snapshots.restored(group, metaAt(40), [3, 9])
  t.equal(snapshots.firstFreeBlob(group), 10)
  snapshots.restored(group, metaAt(50), [2, 4])
  t.equal(snapshots.firstFreeBlob(group), 10, 'an installed snapshot with lower ids lowers nothing')
  snapshots.restored(group, metaAt(60), [])
  t.equal(snapshots.firstFreeBlob(group), 10)
  t.equal(snapshots.firstFreeBlob(group + 1), 1, 'each group counts for itself')
})

t.test('what is offered to others is what was restored last', async (t) => {
  const { snapshots } = coreWith()
  t.equal(snapshots.pin(group), null)
  snapshots.restored(group, metaAt(40), [1])
  snapshots.restored(group, metaAt(50), [2])
  t.match(snapshots.pin(group), { meta: { id: { index: 50 } }, blobs: [2] })
})
