// What is known of groups: the highest term wins, and a leader before a follower; what is told to
// the others, and how often.
import t from 'tap'
import { Reports } from '../../src/administration/reports.ts'
import { replicaOf } from '../../src/consensus/replica-id.ts'
import type { Core } from '../../src/core.ts'
import { times } from '../../src/limits.ts'
import type { GroupReport } from '../../src/peers/peer-message.ts'
import { coreWith, linkTo, pass, sent } from '../part-core.ts'

const replicas = [1, 2, 3].map((node) => replicaOf(node, 1))

interface Local {
  isLeader: boolean
  leaderNode: number | null
  term: number
  commit: number
  matches: number[]
  regressed: readonly number[]
  silent: readonly number[]
}

/** A node with a replica of group 5, as `local` says, and links to nodes 2 and 3. */
function make(): { core: Core; local: Local } {
  const local: Local = {
    isLeader: false,
    leaderNode: 2,
    term: 4,
    commit: 100,
    matches: [100, 100, 100],
    regressed: [],
    silent: []
  }
  const raft = {
    configurationAt: () => ({ voters: replicas, outgoing: [], learners: [] }),
    progress: () =>
      replicas.map((replica, i) => {
        const isRegressed = local.regressed.includes(replica)
        const state = isRegressed ? 'probe' : 'replicate'
        const recentlyActive = !local.silent.includes(replica)
        return { replica, match: local.matches[i] ?? 0, isRegressed, state, recentlyActive }
      }),
    get noopCommitted() {
      return local.isLeader
    },
    get term() {
      return local.term
    },
    get commitIndex() {
      return local.commit
    },
    get appliedIndex() {
      return local.commit
    }
  }
  const group = {
    id: 5,
    raft,
    get leaderNode() {
      return local.leaderNode
    }
  }
  const nodes = [1, 2, 3, 4].map((node) => ({ node }))
  const groups = { all: () => [group], get: (id: number) => (id === 5 ? group : undefined) }
  const core = coreWith({ groups, metadata: { machine: { membership: { nodes } } } })
  linkTo(core, 2, 3)
  return { core, local }
}

function reportOf(fields: Partial<GroupReport>): GroupReport {
  const members = { voters: replicas, outgoing: [], learners: [] }
  const fresh = { group: 5, leader: 2, term: 4, commit: 100, applied: 100, caughtUp: null }
  return { ...fresh, ...members, ...fields }
}

/** Whom the node told, looking after `durationMs`. */
function toldAfter(core: Core, durationMs: number): number[] {
  pass(core, durationMs)
  core.reports.tick()
  core.reports.flush()
  return sent(core).map(({ to }) => to)
}

t.test('what a shard lacks is told with its report, and anew when it changes', async (t) => {
  const { core, local } = make()
  Object.assign(local, { isLeader: true, leaderNode: 1 })
  let lacking: readonly number[] = []
  Object.assign(core, { lackingQueues: { of: () => lacking } })
  t.same(toldAfter(core, times.statusMs), [2, 3])
  t.same([...core.reports.lacking()], [])
  lacking = [7]
  t.same(toldAfter(core, times.statusMs), [2, 3])
  t.same([...core.reports.lacking()], [[5, [7]]])
  t.same(toldAfter(core, times.statusMs), [])
  core.reports.received(2, [reportOf({ term: 5, lacking: [8] })])
  t.same([...core.reports.lacking()], [[5, [8]]])
})

t.test('nobody knows what one has that does not answer', async (t) => {
  const { core, local } = make()
  const [first = 0, second = 0, third = 0] = replicas
  Object.assign(local, { isLeader: true, leaderNode: 1, silent: [third] })
  t.same(core.reports.report(5)?.caughtUp, [first, second])
})

t.test('a leader tells who has lost what it had acknowledged', async (t) => {
  const { core, local } = make()
  const [, second = 0] = replicas
  Object.assign(local, { isLeader: true, leaderNode: 1, regressed: [second] })
  t.same(toldAfter(core, times.statusMs), [2, 3])
  t.same(core.reports.regressed(), [second])
  t.same(core.reports.report(5)?.caughtUp, [replicas[0], replicas[2]])
  local.regressed = []
  t.same(toldAfter(core, times.statusMs), [2, 3], 'that it has it after all is news')
  t.same(core.reports.regressed(), [])
})

t.test('a node that drains says so, until it has started again', async (t) => {
  const { core } = make()
  const { reports } = core
  t.notOk(reports.isDraining(1))
  reports.drain()
  reports.flush()
  t.ok(reports.isDraining(1))
  t.match(sent(core), [{ to: 2, message: { cast: { type: 'status', isDraining: true } } }, {}])
  reports.received(2, [], true)
  t.ok(reports.isDraining(2))
  reports.received(2, [])
  t.notOk(reports.isDraining(2))
})

t.test('nor does a node whose disk is not fit want to lead, also if it drains then', async (t) => {
  const { core } = make()
  const { reports } = core
  t.same(toldAfter(core, 0), [2, 3])
  reports.diskFit(true)
  t.same(toldAfter(core, 0), [], 'no news')
  reports.diskFit(false)
  t.ok(reports.isDraining(1))
  t.same(toldAfter(core, 0), [2, 3], 'at once')
  reports.diskFit(true)
  t.notOk(reports.isDraining(1))
  reports.diskFit(false)
  reports.drain()
  reports.diskFit(true)
  t.ok(reports.isDraining(1))
})

t.test('a node tells until it would have told again', async (t) => {
  const { core } = make()
  const { reports } = core
  t.ok(reports.isTelling(1))
  t.notOk(reports.isTelling(2))
  reports.received(2, [])
  pass(core, 2 * times.statusRepeatMs)
  t.ok(reports.isTelling(2))
  pass(core, 1)
  t.notOk(reports.isTelling(2))
})

t.test('a change is told to all who can be reached, twice a second or so', async (t) => {
  const { core, local } = make()
  t.same(toldAfter(core, times.statusMs), [2, 3])
  local.commit = 101
  t.same(toldAfter(core, times.statusMs - 1), [])
  t.same(toldAfter(core, 1), [2, 3])
  t.same(toldAfter(core, times.statusMs), [], 'nothing new')
})

t.test('what did not change is said again, but not so often', async (t) => {
  const { core } = make()
  toldAfter(core, times.statusMs)
  let passedMs = 0
  while (toldAfter(core, times.statusMs).length === 0) passedMs += times.statusMs
  t.equal(passedMs + times.statusMs, times.statusRepeatMs)
})

t.test('a change of leadership is told at once', async (t) => {
  const { core } = make()
  toldAfter(core, times.statusMs)
  core.reports.changed()
  core.reports.flush()
  t.same(
    sent(core).map(({ to }) => to),
    [2, 3]
  )
})

t.test('the highest term wins, and in one term what the leader itself says', async (t) => {
  const { core } = make()
  const reports = new Reports(core)
  reports.received(3, [reportOf({ group: 9, term: 4, leader: 2 })])
  reports.received(4, [reportOf({ group: 9, term: 3, leader: 4, caughtUp: [] })])
  t.equal(reports.locate(9), 2, 'a deposed leader is not believed')
  reports.received(2, [reportOf({ group: 9, term: 4, leader: 2, caughtUp: replicas })])
  reports.received(3, [reportOf({ group: 9, term: 4, leader: 2, commit: 7 })])
  t.equal(reports.report(9)?.commit, 100)
  reports.received(3, [reportOf({ group: 9, term: 5, leader: null })])
  t.equal(reports.locate(9), null)
  reports.received(4, [reportOf({ group: 9, term: 5, leader: 4 })])
  t.equal(reports.locate(9), 4)
})

t.test('a leader here that was deposed is not believed over its successor', async (t) => {
  const { core, local } = make()
  Object.assign(local, { isLeader: true, leaderNode: 1 })
  t.equal(core.reports.report(5)?.leader, 1)
  const [first = 0] = replicas
  core.reports.received(3, [reportOf({ leader: 3, term: 5, voters: [first], caughtUp: replicas })])
  t.same(core.reports.report(5)?.voters, [first])
  t.equal(core.reports.locate(5), 3)
  local.term = 5
  t.equal(core.reports.report(5)?.leader, 1, 'a leader of this term knows best')
})

t.test('what the leader elsewhere says goes before what a follower here sees', async (t) => {
  const { core, local } = make()
  core.reports.received(2, [reportOf({ commit: 120, caughtUp: replicas })])
  t.equal(core.reports.report(5)?.commit, 120)
  Object.assign(local, { term: 5, leaderNode: 3 })
  t.equal(core.reports.report(5)?.leader, 3, 'until another leads')
})

t.test('a replica counts as caught up when it is close behind', async (t) => {
  const { core, local } = make()
  Object.assign(local, { isLeader: true, leaderNode: 1, matches: [100, 36, 35] })
  t.same(core.reports.report(5)?.caughtUp, replicas.slice(0, 2))
})

t.test('a process that ended leads nothing until another says who does', async (t) => {
  const { core } = make()
  core.reports.received(4, [reportOf({ group: 9, leader: 4, caughtUp: replicas })])
  core.reports.received(2, [reportOf({ group: 8, leader: 2, caughtUp: replicas })])
  core.reports.nodeGone(4)
  t.same([core.reports.locate(9), core.reports.locate(8)], [null, 2])
  core.reports.received(3, [reportOf({ group: 9, leader: 3, term: 5, caughtUp: replicas })])
  t.equal(core.reports.locate(9), 3)
})

t.test('when a leader elsewhere was heard last is known, and of a follower never', async (t) => {
  const { core } = make()
  core.reports.received(3, [reportOf({ group: 9, leader: 2 })])
  t.equal(core.reports.heardFromLeader(9), null)
  core.reports.received(2, [reportOf({ group: 9, leader: 2, caughtUp: replicas })])
  const { nowMs } = core.clock
  pass(core, 500)
  core.reports.received(3, [reportOf({ group: 9, leader: 2 })])
  t.equal(core.reports.heardFromLeader(9)?.atMs, nowMs)
})

t.test('a group that cannot be is not remembered', async (t) => {
  const { core } = make()
  core.reports.received(2, [reportOf({ group: 1_000_000 })])
  t.equal(core.reports.report(1_000_000), null)
})

t.test('a replica that has nothing has not caught up, however little there is', async (t) => {
  const { core, local } = make()
  Object.assign(local, { isLeader: true, leaderNode: 1, commit: 5, matches: [5, 1, 0] })
  t.same(core.reports.report(5)?.caughtUp, replicas.slice(0, 2))
})
