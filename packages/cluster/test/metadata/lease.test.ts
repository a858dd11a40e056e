// The routing lease, both ends of it (ADR 0009): who holds one may route, a change waits for who
// may hold one, and the margins lie on the safe side.
import t from 'tap'
import type { Core } from '../../src/core.ts'
import { times } from '../../src/limits.ts'
import { coreWith, pass, sent } from '../part-core.ts'

const term = 7

/** A follower of the metadata group, which node 2 leads. */
function follower(): { core: Core; group: { raft: { term: number } } } {
  const group = { isLeading: false, leaderNode: 2, raft: { term } }
  const metadata = {
    group,
    isLeading: false,
    appliedIndex: 40,
    answerWaiters: () => undefined
  }
  return { core: coreWith({ metadata, gateway: { leaseRenewed: () => undefined } }), group }
}

interface LeaderState {
  appliedIndex: number
  /** Index of a change that has waited for a lease. */
  waitingIndex: number
  nodes: number[]
  hasQuorum: boolean
}

/** The leader of the metadata group, of the nodes 1 to 3. */
function leader(): { core: Core; state: LeaderState } {
  const state: LeaderState = {
    appliedIndex: 50,
    waitingIndex: 0,
    nodes: [1, 2, 3],
    hasQuorum: true
  }
  const raft = { term, hasLeaderQuorum: () => state.hasQuorum }
  const membership = {
    get nodes() {
      return state.nodes.map((node) => ({ node }))
    },
    nextNode: 4,
    node: (node: number) => (state.nodes.includes(node) ? { node } : null)
  }
  const metadata = {
    isLeading: true,
    get appliedIndex() {
      return state.appliedIndex
    },
    group: { isLeading: true, leaderNode: 1, raft },
    machine: { membership },
    waitingFor: () => state.waitingIndex,
    answerWaiters: () => undefined
  }
  const core = coreWith({ metadata })
  core.lease.leadershipChanged()
  return { core, state }
}

/** Whom the leader granted a lease to, as it sent it. */
function granted(core: Core): number[] {
  return sent(core).flatMap(({ to, message }) => {
    return message.type === 'cast' && message.cast.type === 'lease-grant' ? [to] : []
  })
}

/** The sequence under which a follower asked; null if it did not. */
function asked(core: Core): number | null {
  const [first] = sent(core)
  const { message } = first ?? {}
  return message?.type === 'cast' && message.cast.type === 'lease-renew'
    ? message.cast.sequence
    : null
}

t.test('a lease runs from when it was asked for, not from when the grant came', async (t) => {
  const { core } = follower()
  core.lease.tick()
  const sequence = asked(core)
  t.notOk(core.lease.isValid, 'to ask is not to have')
  pass(core, 900)
  core.lease.granted(sequence ?? 0, term)
  t.ok(core.lease.isValid)
  pass(core, times.leaseMs - 901)
  t.ok(core.lease.isValid)
  pass(core, 1)
  t.notOk(core.lease.isValid)
})

t.test('a grant that comes too late, or that nobody asked for, grants nothing', async (t) => {
  const { core } = follower()
  core.lease.tick()
  const sequence = asked(core) ?? 0
  core.lease.granted(sequence + 1, term)
  core.lease.granted(sequence, term - 1)
  t.notOk(core.lease.isValid)
  pass(core, times.leaseMs)
  core.lease.granted(sequence, term)
  t.notOk(core.lease.isValid)
})

t.test('a grant to the process before is none to this one', async (t) => {
  const { core } = follower()
  core.lease.tick()
  core.lease.granted(1, term)
  t.notOk(core.lease.isValid)
  t.ok((asked(core) ?? 0) > core.options.processEpoch)
})

t.test('it is asked for again before it ends, and a lost renewal costs nothing', async (t) => {
  const { core } = follower()
  core.lease.tick()
  core.lease.granted(asked(core) ?? 0, term)
  pass(core, times.leaseRenewMs)
  core.lease.tick()
  t.not(asked(core), null)
  pass(core, times.leaseRenewMs)
  core.lease.tick()
  const third = asked(core)
  t.ok(core.lease.isValid, 'no answer to the second one yet')
  core.lease.granted(third ?? 0, term)
  pass(core, times.leaseMs - 1)
  t.ok(core.lease.isValid)
})

t.test('what was applied is told at once', async (t) => {
  const { core } = follower()
  core.lease.tick()
  t.not(asked(core), null)
  core.lease.flush()
  t.equal(asked(core), null, 'nothing new')
  core.lease.lookAgain()
  core.lease.flush()
  t.not(asked(core), null)
})

t.test('who asks a new leader has given up what the old one granted', async (t) => {
  const { core, group } = follower()
  core.lease.tick()
  const first = asked(core) ?? 0
  core.lease.granted(first, term)
  group.raft.term = term + 1
  core.lease.lookAgain()
  core.lease.flush()
  t.notOk(core.lease.isValid)
  core.lease.granted(first, term)
  t.notOk(core.lease.isValid, 'the old leader speaks late')
})

t.test('a change is in force when every holder has applied it or its lease ended', async (t) => {
  const { core } = leader()
  core.lease.asked(2, 1, 50, term)
  core.lease.asked(3, 1, 50, term)
  t.same(granted(core), [2, 3])
  core.lease.asked(2, 2, 44, term)
  t.equal(core.lease.inForceIndex(), 44, 'a node that started again is further behind than it was')
  core.lease.asked(2, 3, 50, term)
  t.equal(core.lease.inForceIndex(), 50)
})

t.test('a silent holder is waited for, a margin longer than its own lease', async (t) => {
  const { core, state } = leader()
  core.lease.asked(2, 1, 50, term)
  core.lease.asked(3, 1, 50, term)
  state.appliedIndex = 51
  t.equal(core.lease.inForceIndex(), 50)
  pass(core, times.leaseMs + times.leaseMarginMs - 1)
  t.equal(core.lease.inForceIndex(), 50)
  pass(core, 1)
  t.equal(core.lease.inForceIndex(), 51)
})

t.test('who lacks a change that was answered gets no lease', async (t) => {
  const { core } = leader()
  core.lease.answered(52)
  core.lease.asked(2, 1, 51, term)
  t.same(granted(core), [])
  core.lease.asked(2, 2, 52, term)
  t.same(granted(core), [2])
  core.lease.asked(2, 3, 0, term)
  t.same(granted(core), [], 'its process has lost what the one before had applied')
})

t.test('who does not come on gets no lease once a change has waited for as long', async (t) => {
  const { core, state } = leader()
  state.waitingIndex = 52
  core.lease.asked(2, 1, 51, term)
  t.same(granted(core), [], 'or it would be asked for, and waited for, without an end')
  core.lease.asked(2, 2, 52, term)
  t.same(granted(core), [2])
})

t.test('a new leader counts whom it has not heard from as a holder', async (t) => {
  const { core, state } = leader()
  core.lease.asked(2, 1, 50, term)
  t.equal(core.lease.inForceIndex(), 0, 'node 3 may hold a lease of the leader before')
  const deposedMs = times.electionTimeoutTicks * times.tickMs
  pass(core, times.leaseMs + times.leaseMarginMs + deposedMs - 1)
  t.equal(core.lease.inForceIndex(), 0)
  pass(core, 1)
  t.equal(core.lease.inForceIndex(), 50)
  state.appliedIndex = 51
  core.lease.asked(2, 2, 51, term)
  core.lease.asked(3, 1, 51, term)
  t.equal(core.lease.inForceIndex(), 51)
  core.lease.leadershipChanged()
  t.equal(core.lease.inForceIndex(), 0, 'each leadership begins anew, also that of a leader before')
})

t.test('a leader that hears no quorum neither routes nor grants', async (t) => {
  const { core, state } = leader()
  t.ok(core.lease.isValid)
  state.hasQuorum = false
  t.notOk(core.lease.isValid)
  core.lease.asked(2, 1, 50, term)
  t.same(granted(core), [])
})

t.test('a request of another term is not answered', async (t) => {
  const { core } = leader()
  core.lease.asked(2, 1, 50, term - 1)
  t.same(granted(core), [])
})

t.test('a removed node routes until its lease ends, and gets no other', async (t) => {
  const { core, state } = leader()
  core.lease.asked(2, 1, 50, term)
  core.lease.asked(3, 1, 50, term)
  t.same(granted(core), [2, 3])
  state.nodes = [1, 2]
  state.appliedIndex = 51
  core.lease.asked(2, 2, 51, term)
  core.lease.asked(3, 2, 50, term)
  t.same(granted(core), [2])
  t.equal(core.lease.inForceIndex(), 50)
  pass(core, times.leaseMs + times.leaseMarginMs)
  t.equal(core.lease.inForceIndex(), 51)
})

const unknownLeaseMs =
  times.leaseMs + times.leaseMarginMs + times.electionTimeoutTicks * times.tickMs

t.test('a new leader waits for who is removed before it was heard from', async (t) => {
  const { core, state } = leader()
  core.lease.asked(2, 1, 50, term)
  pass(core, 500)
  state.nodes = [1, 2]
  core.lease.nodesChanged()
  core.lease.tick()
  t.equal(core.lease.inForceIndex(), 0, 'node 3 may hold a lease of the leader before')
  pass(core, unknownLeaseMs - 501)
  t.equal(core.lease.inForceIndex(), 0)
  pass(core, 1)
  t.equal(core.lease.inForceIndex(), 50)
})

t.test('and for who was removed shortly before it led', async (t) => {
  const { core, state } = leader()
  state.nodes = [1, 2]
  core.lease.nodesChanged()
  pass(core, 500)
  core.lease.tick()
  pass(core, 1000)
  core.lease.leadershipChanged()
  core.lease.asked(2, 1, 50, term)
  core.lease.nodesChanged()
  core.lease.tick()
  t.equal(core.lease.inForceIndex(), 0)
  pass(core, unknownLeaseMs - 1001)
  t.equal(core.lease.inForceIndex(), 0, 'from the tick after this process saw it')
  pass(core, 1)
  t.equal(core.lease.inForceIndex(), 50, 'no longer, though it is a new leader still')
})

t.test('an old removal keeps no new leader waiting', async (t) => {
  const { core, state } = leader()
  state.nodes = [1, 2]
  core.lease.nodesChanged()
  core.lease.tick()
  pass(core, unknownLeaseMs)
  core.lease.leadershipChanged()
  core.lease.asked(2, 1, 50, term)
  t.equal(core.lease.inForceIndex(), 50)
})
