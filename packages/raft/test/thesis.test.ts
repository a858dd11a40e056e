// One test per claim of the Raft paper from §6 on and of Ongaro's thesis that the core relies on;
// the section is in the name. The claims of §5 are in paper.test.ts.
import t from 'tap'
import { emptyConfiguration } from '../src/index.ts'
import {
  accept,
  append,
  command,
  configurationEntry,
  drain,
  elect,
  five,
  heartbeat,
  ofType,
  start,
  startQuiet,
  stateOf,
  testConfig,
  three,
  voteRequest,
  voters
} from './single-replica.ts'

t.test('§6 a configuration is in effect from the moment it is in the log', async (t) => {
  const raft = start(stateOf([1], three))
  const entries = [configurationEntry(2, 2, [1, 4, 5])]
  append(raft, { term: 2, previous: { index: 1, term: 1 }, entries })
  t.same(raft.configuration.voters, [1, 4, 5])
  t.same(raft.committedConfiguration.voters, [1, 2, 3])
  append(raft, { term: 3, previous: { index: 1, term: 1 }, entries: [command(2, 3)] })
  t.same(raft.configuration.voters, [1, 2, 3], 'and no longer')
})

t.test('§6 in joint consensus both majorities must agree', async (t) => {
  const joint = { voters: [1, 4, 5], outgoing: [1, 2, 3], learners: [] }
  const raft = start(stateOf([1], joint))
  elect(raft, [4, 5])
  t.not(raft.role, 'leader')
  const other = start(stateOf([1], joint))
  elect(other, [3, 5])
  t.equal(other.role, 'leader')
  accept(other, 4, 2, 2)
  accept(other, 5, 2, 2)
  t.equal(other.commitIndex, 0)
  accept(other, 2, 2, 2)
  t.equal(other.commitIndex, 2)
})

t.test('§6 a replica that hears a leader ignores candidates, and keeps its term', async (t) => {
  const raft = start(stateOf([1], three))
  raft.step(heartbeat(1))
  drain(raft)
  raft.step(voteRequest(2, { index: 9, term: 1 }, 3))
  t.same(drain(raft), [])
  t.equal(raft.term, 1)
})

t.test('§7 a snapshot replaces the whole log, once it is durable', async (t) => {
  const raft = start(stateOf([1, 2, 2], three))
  const meta = { id: { index: 9, term: 3 }, configuration: five, manifest: new Uint8Array(0) }
  const offer = { type: 'snapshot-request', from: 2, to: 1, term: 3, session: 4 } as const
  raft.step({ ...offer, snapshot: meta })
  const ready = raft.ready()
  raft.persisted(ready.number)
  t.same(ready.offeredSnapshot, { from: 2, snapshot: meta })
  t.ok(raft.beginInstall(meta))
  t.same(drain(raft), [], 'nothing is said before it is installed')
  raft.installed(meta)
  t.match(drain(raft), [{ type: 'append-response', accepted: true, index: 9, session: 4 }])
  t.same([raft.lastId, raft.firstIndex], [{ index: 9, term: 3 }, 10])
  t.same([raft.commitIndex, raft.appliedIndex, raft.durableIndex], [9, 9, 9])
  t.same(raft.configuration, five)
  t.equal(raft.termAt(3), null)
})

t.test('§7 a snapshot of what is known already changes nothing', async (t) => {
  const raft = start(stateOf([1, 1, 1], three, { commit: 2 }))
  const offer = { type: 'snapshot-request', from: 2, to: 1, term: 2, session: 4 } as const
  for (const index of [1, 2, 3]) {
    const id = { index, term: 1 }
    raft.step({ ...offer, snapshot: { id, configuration: five, manifest: new Uint8Array(0) } })
    const ready = raft.ready()
    raft.persisted(ready.number)
    t.equal(ready.offeredSnapshot, null)
    const [answer] = ready.messagesAfterPersist
    t.match(answer, { type: 'append-response', accepted: true, index: Math.max(2, index) })
  }
  t.same(raft.lastId, { index: 3, term: 1 })
  t.same(raft.configuration, three)
})

t.test('§8 a new leader begins its term with a no-op', async (t) => {
  const raft = start(stateOf([1], three))
  const sent = ofType(elect(raft, [2]), 'append-request')
  t.match(sent, [
    { to: 2, previous: { index: 1, term: 1 }, entries: [{ index: 2, term: 2, type: 'no-op' }] },
    { to: 3 }
  ])
  t.notOk(raft.noopCommitted)
  accept(raft, 2, 2, 2)
  t.ok(raft.noopCommitted)
})

t.test(
  '§8, thesis §6.4 a read waits for the no-op and for a quorum that still follows',
  async (t) => {
    const raft = start(stateOf([1], three))
    elect(raft, [2])
    raft.requestRead(1)
    t.same(raft.ready().reads, [{ id: 1, index: null }])
    accept(raft, 2, 2, 2)
    drain(raft)
    raft.requestRead(2)
    const [beat] = ofType(raft.ready().messages, 'heartbeat-request')
    t.notOk(raft.hasReady)
    const round = beat?.round ?? 0
    const echo = { type: 'heartbeat-response', from: 3, to: 1, term: 2 } as const
    raft.step({ ...echo, round: round - 1 })
    t.same(raft.ready().reads, [], 'an older round confirms nothing')
    raft.step({ ...echo, round })
    t.same(raft.ready().reads, [{ id: 2, index: 2 }])
  }
)

t.test(
  'thesis §3.10 who is told to take over campaigns at once, without asking first',
  async (t) => {
    const raft = start(stateOf([1], three))
    raft.step(heartbeat(1))
    drain(raft)
    raft.step({ type: 'timeout-now', from: 2, to: 1, term: 1 })
    t.equal(raft.role, 'candidate')
    t.match(drain(raft), [
      { type: 'vote-request', to: 2, term: 2, pre: false, transfer: true },
      { type: 'vote-request', to: 3, term: 2 }
    ])
  }
)

t.test('thesis §3.10 a transfer ends with the leadership that began it', async (t) => {
  const raft = start(stateOf([1], three))
  elect(raft, [2])
  accept(raft, 2, 2, 2)
  drain(raft)
  t.ok(raft.transfer(2))
  t.equal(raft.propose(new Uint8Array(1)), null)
  raft.step({ ...heartbeat(3), from: 3 })
  t.equal(raft.role, 'follower')
  elect(raft, [3])
  t.equal(raft.role, 'leader')
  t.same(raft.propose(new Uint8Array(1)), { index: 4, term: 4 })
  drain(raft)
  accept(raft, 2, 4, 3)
  t.same(ofType(drain(raft), 'timeout-now'), [])
  t.ok(raft.isLeader)
})

t.test('thesis §4.1 a vote does not depend on the own configuration', async (t) => {
  const stranger = startQuiet(stateOf([1], voters(7, 8, 9)))
  stranger.step(voteRequest(2, { index: 1, term: 1 }))
  t.match(drain(stranger), [{ type: 'vote-response', granted: true }])
})

t.test('thesis §4.2.1 a learner neither campaigns nor counts', async (t) => {
  const learner = start(stateOf([1], { ...emptyConfiguration, voters: [2, 3], learners: [1] }))
  for (let tick = 0; tick < 60; tick++) learner.tick()
  learner.campaign()
  t.equal(learner.role, 'follower')
  t.same(drain(learner), [])
  const leader = start(stateOf([1], { ...three, learners: [4, 5] }))
  elect(leader, [4, 5])
  t.not(leader.role, 'leader')
  elect(leader, [2])
  t.equal(leader.role, 'leader')
  for (const from of [4, 5]) accept(leader, from, 2, 2)
  t.equal(leader.commitIndex, 0)
})

t.test(
  'thesis §6.2 a leader that hears no quorum for an election timeout steps down',
  async (t) => {
    const raft = start(stateOf([1], five))
    elect(raft, [2, 3])
    const echo = { type: 'heartbeat-response', to: 1, term: 2, round: 0 } as const
    for (let tick = 0; tick < 40; tick++) {
      raft.tick()
      raft.step({ ...echo, from: 2 })
      if (tick % 5 === 0) raft.step({ ...echo, from: 3 })
      t.equal(raft.role, 'leader')
    }
    for (let tick = 0; tick < testConfig.electionTimeoutTicks + 1; tick++) {
      raft.tick()
      raft.step({ ...echo, from: 2 })
    }
    t.same([raft.role, raft.term, raft.leader], ['follower', 2, null])
  }
)

t.test('thesis §9.6 a pre-vote changes neither the asker nor the asked', async (t) => {
  const asker = start(stateOf([1], three))
  for (let tick = 0; tick < 100; tick++) asker.tick()
  t.same([asker.term, asker.hardState.vote], [1, null])
  const asked = startQuiet(stateOf([1], three))
  const before = [asked.hardState, asked.role, asked.leader]
  const last = { index: 1, term: 1 }
  for (const from of [2, 3]) asked.step({ ...voteRequest(2, last, from), pre: true })
  const ready = asked.ready()
  t.equal(ready.hardState, null)
  t.match(ready.messages, [{ granted: true }, { granted: true }], 'and binds to nobody')
  t.same([asked.hardState, asked.role, asked.leader], before)
})

t.test(
  'thesis §10.2.1 a leader sends before its own write is durable, but counts itself after',
  async (t) => {
    const raft = start(stateOf([1], three))
    elect(raft, [2])
    accept(raft, 2, 2, 2)
    drain(raft)
    raft.propose(new Uint8Array(1))
    const ready = raft.ready()
    t.match(ofType(ready.messages, 'append-request'), [{ to: 2, entries: [{ index: 3 }] }])
    accept(raft, 2, 3, 2)
    t.equal(raft.commitIndex, 2)
    raft.persisted(ready.number)
    t.equal(raft.commitIndex, 3)
  }
)
