// When a replica takes a snapshot of its machine, and how much of the log it keeps for those that
// lag.
import t from 'tap'
import { times } from '../../src/limits.ts'
import { pass } from '../part-core.ts'
import { groupOf, keepBytesMax, make } from './snapshotting-node.ts'

t.test('a snapshot is due after so many bytes, or so many entries', async (t) => {
  const group = groupOf(1)
  const { apply, durable } = make(group)
  t.equal(apply(group, 99), 0)
  t.equal(apply(group, 1), 1)
  durable()
  t.equal(apply(group, 99), 0)
  group.appliedBytes = 0
  t.equal(apply(group, 1), 1, 'many small ones')
})

t.test('none is taken while one is on its way, nor of a replica that halted', async (t) => {
  const group = groupOf(1)
  const { apply, durable } = make(group)
  t.equal(apply(group, 100), 1)
  t.equal(apply(group, 100), 0)
  durable()
  group.haltedReason = 'broken'
  t.equal(apply(group, 0), 0)
  group.haltedReason = null
  t.equal(apply(group, 0), 1)
})

t.test('at most one is taken a step', async (t) => {
  const groups = [groupOf(1), groupOf(2)] as const
  const { apply, writes } = make(...groups)
  groups[1].raft.appliedIndex = 100
  groups[1].appliedBytes = 1000
  t.equal(apply(groups[0], 100), 1)
  t.equal(apply(groups[0], 0), 1)
  t.same(
    writes.map(({ group }) => group),
    [1, 2]
  )
})

t.test('it is looked for in steps in which a group did something, or time passed', async (t) => {
  const groups = [groupOf(1), groupOf(2)] as const
  const { core, writes } = make(...groups)
  for (const { raft } of groups) raft.appliedIndex = 100
  core.snapshots.flush()
  t.equal(writes.length, 0)
  core.snapshots.tick()
  core.snapshots.flush()
  t.equal(writes.length, 1)
  core.snapshots.flush()
  t.equal(writes.length, 2, 'where one was taken others may be due')
  core.snapshots.flush()
  t.equal(writes.length, 2)
})

t.test('a shard that has come to rest is snapshotted; metadata is not', async (t) => {
  for (const [id, taken] of [
    [1, 1],
    [0, 0]
  ] as const) {
    const group = groupOf(id)
    const { core, apply } = make(group)
    t.equal(apply(group, 5), 0)
    pass(core, times.snapshotRestMs - 1)
    t.equal(apply(group, 0), 0)
    pass(core, 1)
    t.equal(apply(group, 0), taken)
  }
})

t.test('a shard where nothing happened since the last one is left alone', async (t) => {
  const group = groupOf(1)
  const { core, apply, durable } = make(group)
  apply(group, 100)
  durable()
  pass(core, 10 * times.snapshotRestMs)
  t.equal(apply(group, 0), 0)
})

t.test('the log is forgotten only once the snapshot is on disk', async (t) => {
  const group = groupOf(1)
  const { apply, durable, writes } = make(group)
  apply(group, 100)
  t.same(group.raft.compacted, [])
  durable()
  t.same(group.raft.compacted, [writes[0]?.keepFrom])
})

t.test('under load the log reaches back to the snapshot before', async (t) => {
  const group = groupOf(1)
  const { apply, durable } = make(group)
  for (let i = 0; i < 3; i++) {
    apply(group, 100)
    durable()
  }
  t.same(group.raft.compacted, [1, 101, 201])
})

t.test('at rest nothing is kept that every replica has', async (t) => {
  const group = groupOf(1)
  const { core, apply, durable } = make(group)
  group.raft.matches = [105, 105]
  apply(group, 100)
  durable()
  apply(group, 5)
  pass(core, times.snapshotRestMs)
  apply(group, 0)
  durable()
  t.same(group.raft.compacted, [1, 106])
})

t.test('what a replica lacks is kept for it, within a bound', async (t) => {
  const group = groupOf(1)
  const { apply, durable } = make(group)
  group.raft.matches = [150, 10_000]
  for (let i = 0; i < 9; i++) {
    apply(group, 100)
    durable()
  }
  const kept = group.raft.compacted
  t.same(kept.slice(0, 6), [1, 101, 101, 101, 101, 101], 'it lacks 151')
  t.same(kept.slice(6), [201, 301, 401], `no more than ${keepBytesMax} bytes behind`)
})

t.test('what the slowest replica has got is let go of', async (t) => {
  const group = groupOf(1)
  const { apply, durable } = make(group)
  group.raft.matches = [50, 400]
  for (let i = 0; i < 3; i++) {
    apply(group, 100)
    durable()
  }
  t.same(group.raft.compacted.at(-1), 1)
  group.raft.matches = [250, 400]
  apply(group, 100)
  durable()
  t.same(group.raft.compacted.at(-1), 201)
})

t.test('while a follower fetches the snapshot no other is taken', async (t) => {
  const group = groupOf(1)
  const { core, apply, durable } = make(group)
  apply(group, 100)
  durable()
  t.equal(core.snapshots.pin(1)?.meta.id.index, 100)
  t.equal(apply(group, 100), 0)
  pass(core, times.snapshotTransferIdleMs - 1)
  t.equal(apply(group, 0), 0)
  pass(core, 1)
  t.equal(apply(group, 0), 1, 'it was not heard of for so long')
})

t.test('what is on its way to the disk is not offered yet', async (t) => {
  const group = groupOf(1)
  const { core, apply, durable } = make(group)
  t.equal(core.snapshots.pin(1), null)
  pass(core, times.snapshotTransferIdleMs)
  apply(group, 100)
  t.equal(core.snapshots.pin(1), null)
  durable()
  t.equal(core.snapshots.pin(1)?.meta.id.index, 100)
})

t.test('no snapshot of the old machine follows while another is installed', async (t) => {
  const group = groupOf(1)
  const { core, apply } = make(group)
  core.snapshots.installing(1)
  t.equal(apply(group, 100), 0)
  const configuration = { voters: [1], outgoing: [], learners: [] }
  const meta = { id: { index: 500, term: 1 }, configuration, manifest: new Uint8Array(0) }
  core.snapshots.restored(1, meta, [3, 8])
  group.raft.appliedIndex = 500
  group.appliedBytes = 0
  t.equal(apply(group, 0), 0)
  t.equal(core.snapshots.firstFreeBlob(1), 9, 'ids are not used again')
  t.equal(apply(group, 100), 1)
})

t.test('a snapshot with a damaged blob is replaced by one at a later index', async (t) => {
  const group = groupOf(1)
  const { core, apply, durable, losses } = make(group)
  t.equal(apply(group, 100), 1)
  durable()
  core.snapshots.pin(1)
  core.snapshots.blobsLost(1, [9])
  t.equal(apply(group, 0), 0, 'no blob of this snapshot')
  core.snapshots.blobsLost(1, [1])
  t.equal(apply(group, 0), 0)
  t.equal(apply(group, 0), 0)
  t.equal(group.nudges, 1, 'the log grows, once')
  t.equal(apply(group, 1), 1, 'although it is pinned')
  t.same(losses, [[], [1]])
  durable()
  t.equal(apply(group, 1), 0, 'the new one is whole')
})

t.test(
  'a snapshot that retains what is dead and nowhere is replaced, as long as it is',
  async (t) => {
    const group = groupOf(1)
    const { core, apply, durable } = make(group)
    t.equal(apply(group, 100), 1)
    durable()
    core.snapshots.pin(1)
    core.snapshots.entriesLost(1, [40, 60])
    t.equal(apply(group, 1), 0, 'they are live: another one would retain them, too')
    core.snapshots.entriesLost(1, [39, 40])
    t.equal(apply(group, 0), 1, 'although it is pinned')
    durable()
    t.equal(apply(group, 0), 0, 'once')
  }
)
