// The public face: birth, restart, proposals, memory, and what the caller may rely on.
import t from 'tap'
import { blankState, bootstrapState, isVoter, Raft } from '../src/index.ts'
import { SimulatedDisk } from './simulated-disk.ts'
import {
  accept,
  command,
  drain,
  elect,
  start,
  stateOf,
  testConfig,
  voters
} from './single-replica.ts'

const three = voters(1, 2, 3)

t.test(
  'a group is born with one voter, and its configuration reaches the disk first',
  async (t) => {
    const raft = new Raft(testConfig, bootstrapState(1))
    t.ok(isVoter(raft.configuration, 1))
    t.equal(raft.durableIndex, 0)
    raft.campaign()
    const first = raft.ready()
    t.same(first.hardState, { term: 2, vote: 1, commit: 0 })
    t.match(first.entries, [{ index: 1, term: 1, type: 'configuration' }])
    raft.persisted(first.number)
    t.ok(raft.isLeader)
    drain(raft)
    t.equal(raft.applicableIndex, 2)
    raft.applied(2)
    t.ok(raft.noopApplied)
  }
)

t.test('a restart finds the group as it was', async (t) => {
  const disk = new SimulatedDisk(bootstrapState(1))
  const raft = new Raft(testConfig, bootstrapState(1))
  raft.campaign()
  for (let round = 0; round < 5; round++) {
    raft.propose(new Uint8Array(3))
    while (raft.hasReady) {
      const ready = raft.ready()
      disk.submit({ type: 'ready', ready })
      disk.complete()
      raft.persisted(ready.number)
    }
  }
  const again = new Raft(testConfig, disk.recover())
  t.same(again.lastId, raft.lastId)
  t.same(again.configuration, raft.configuration)
  t.equal(again.term, raft.term)
  t.equal(again.appliedIndex, 0)
  again.campaign()
  drain(again)
  t.ok(again.isLeader, 'the only voter need not wait')
  t.equal(again.commitIndex, raft.lastId.index + 1)
})

t.test('a blank replica does nothing by itself', async (t) => {
  const raft = new Raft(testConfig, blankState())
  raft.campaign()
  for (let tick = 0; tick < 100; tick++) raft.tick()
  t.notOk(raft.hasReady)
  t.same([raft.role, raft.term], ['follower', 0])
})

t.test('proposals are bounded by uncommitted bytes, but one of any size is taken', async (t) => {
  const raft = start(stateOf([1], three), { uncommittedBytesMax: 100 })
  t.equal(raft.propose(new Uint8Array(1)), null, 'not the leader')
  elect(raft, [2])
  t.same(raft.propose(new Uint8Array(500)), { index: 3, term: 2 })
  t.notOk(raft.canPropose)
  t.equal(raft.propose(new Uint8Array(1)), null)
  drain(raft)
  accept(raft, 2, 3, 2)
  t.ok(raft.canPropose)
  t.same(raft.propose(new Uint8Array(99)), { index: 4, term: 2 })
  t.equal(raft.propose(new Uint8Array(2)), null)
  t.same(raft.propose(new Uint8Array(1)), { index: 5, term: 2 })
})

t.test('a new leader counts what it inherits as uncommitted', async (t) => {
  const initial = stateOf([1], three)
  const entries = [command(1, 1, 'x'.repeat(100))]
  const raft = start({ ...initial, entries }, { uncommittedBytesMax: 100 })
  elect(raft, [2])
  t.notOk(raft.canPropose)
  accept(raft, 2, 2, 2)
  t.ok(raft.canPropose)
})

t.test('a new leader does not count what is committed, though it has not applied it', async (t) => {
  const initial = stateOf([1, 1], three, { commit: 1 })
  const entries = [command(1, 1, 'x'.repeat(100)), command(2, 1, 'x'.repeat(30))]
  const raft = start({ ...initial, entries }, { uncommittedBytesMax: 100 })
  elect(raft, [2])
  t.same([raft.appliedIndex, raft.commitIndex], [0, 1])
  t.equal(raft.uncommittedBytes, 30)
  accept(raft, 2, 3, 3)
  t.equal(raft.commitIndex, 3)
  t.equal(raft.uncommittedBytes, 0)
  t.same(raft.propose(new Uint8Array(500)), { index: 4, term: 2 })
})

t.test('bodies are forgotten as far as they are applied, and counted', async (t) => {
  const raft = new Raft(testConfig, bootstrapState(1))
  raft.campaign()
  drain(raft)
  const before = raft.bodiesBytes
  raft.propose(new Uint8Array(1000))
  t.equal(raft.bodiesBytes, before + 1000)
  drain(raft)
  raft.forgetBodies(99)
  t.not(raft.entry(3), null, 'not applied yet')
  raft.applied(3)
  raft.forgetBodies(99)
  t.equal(raft.entry(3), null)
  t.equal(raft.termAt(3), 2)
  t.equal(raft.bodiesBytes, 0)
})

t.test('only what is committed and durable is applied, and never backwards', async (t) => {
  const raft = new Raft(testConfig, bootstrapState(1))
  t.throws(() => raft.applied(1), /committed and durable/)
  raft.campaign()
  drain(raft)
  raft.applied(2)
  t.throws(() => raft.applied(1), /never falls/)
})

t.test('a commit index alone is not worth a write, it goes along with the next', async (t) => {
  const raft = start(stateOf([1, 1], three))
  raft.step({ type: 'heartbeat-request', from: 2, to: 1, term: 1, commit: 2, round: 1 })
  t.equal(raft.commitIndex, 2)
  const ready = raft.ready()
  t.equal(ready.hardState, null)
  raft.step({ type: 'heartbeat-request', from: 3, to: 1, term: 2, commit: 0, round: 1 })
  t.same(raft.ready().hardState, { term: 2, vote: null, commit: 2 })
})

t.test('messages for another incarnation, or from nobody known, do no harm', async (t) => {
  const raft = start(stateOf([1], three))
  raft.step({ type: 'heartbeat-request', from: 2, to: 7, term: 9, commit: 0, round: 1 })
  t.equal(raft.term, 1)
  elect(raft, [2])
  accept(raft, 99, 2, 2)
  raft.step({ type: 'heartbeat-response', from: 99, to: 1, term: 2, round: 1 })
  t.equal(raft.commitIndex, 0)
  raft.supply(99, [])
  raft.loadFailed(99)
  raft.reportUnreachable(99)
  raft.snapshotRefused(99)
})

t.test('progress names everyone, and this replica with what it has on disk', async (t) => {
  const raft = start(stateOf([1], { ...three, learners: [4] }))
  t.same(raft.progress(), [])
  elect(raft, [2])
  raft.propose(new Uint8Array(1))
  t.match(raft.progress(), [
    { replica: 1, match: 2, next: 4, state: 'replicate', recentlyActive: true, isVoter: true },
    { replica: 2, match: 0, state: 'probe', isVoter: true },
    { replica: 3 },
    { replica: 4, isVoter: false, offeredSnapshotIndex: null }
  ])
})

t.test(
  'a replica is quiet once it has nothing to do, until something is asked of it',
  async (t) => {
    const raft = new Raft(testConfig, bootstrapState(1))
    raft.campaign()
    t.notOk(raft.isQuiet, 'nobody has looked yet')
    drain(raft)
    raft.applied(raft.applicableIndex)
    t.notOk(raft.isQuiet)
    t.notOk(raft.hasReady)
    t.ok(raft.isQuiet)
    const asked: readonly [string, () => unknown][] = [
      ['a proposal', () => raft.propose(new Uint8Array(3))],
      ['a tick', () => raft.tick()],
      ['a read', () => raft.requestRead(7)]
    ]
    for (const [what, ask] of asked) {
      ask()
      t.notOk(raft.isQuiet, what)
      drain(raft)
      t.notOk(raft.hasReady)
      t.ok(raft.isQuiet, `after ${what}`)
    }
  }
)
