// One test per claim of the Raft paper (extended version, 2014), up to §5, that the core relies on;
// the section is in the name. From §6 on: thesis.test.ts. Scenes with many replicas are in
// testdata; properties over whole histories in cluster.property.test.ts.
import t from 'tap'
import {
  accept,
  append,
  command,
  drain,
  elect,
  five,
  heartbeat,
  ofType,
  start,
  startQuiet,
  stateOf,
  three,
  voteRequest
} from './single-replica.ts'

t.test(
  '§5.1 a follower, candidate or leader that sees a higher term becomes follower in it',
  async (t) => {
    const follower = start(stateOf([1], three))
    const candidate = start(stateOf([1], three))
    for (let tick = 0; tick < 10; tick++) candidate.tick()
    t.equal(candidate.role, 'pre-candidate')
    const leader = start(stateOf([1], three))
    elect(leader, [2])
    t.equal(leader.role, 'leader')
    for (const raft of [follower, candidate, leader]) {
      raft.step(heartbeat(9))
      t.same([raft.role, raft.term, raft.leader], ['follower', 9, 2])
    }
  }
)

t.test('§5.1 a request of an older term is refused, and the sender learns the newer', async (t) => {
  const raft = start(stateOf([1], three, { term: 5 }))
  const entries = [command(2, 4)]
  const answers = append(raft, { term: 4, previous: { index: 1, term: 1 }, entries })
  t.match(answers, [{ type: 'append-response', term: 5, accepted: false }])
  t.same(raft.lastId, { index: 1, term: 1 })
  t.equal(raft.leader, null)
})

t.test('§5.2 a leader sends heartbeats at an interval, to everyone', async (t) => {
  const raft = start(stateOf([1], three))
  elect(raft, [2])
  for (let beat = 1; beat < 4; beat++) {
    raft.tick()
    t.same(ofType(drain(raft), 'heartbeat-request'), [])
    raft.tick()
    const sent = ofType(drain(raft), 'heartbeat-request')
    t.same(
      sent.map(({ to }) => to),
      [2, 3]
    )
  }
})

t.test(
  '§5.2 a follower campaigns only after it heard nothing for an election timeout',
  async (t) => {
    const raft = start(stateOf([1], three))
    for (let tick = 0; tick < 50; tick++) {
      if (tick % 9 === 0) raft.step(heartbeat(1))
      raft.tick()
      t.equal(raft.role, 'follower')
    }
    for (let tick = 0; tick < 10; tick++) raft.tick()
    t.equal(raft.role, 'pre-candidate')
  }
)

t.test('§5.2 election timeouts are random, from one timeout to less than two', async (t) => {
  const waits = [0, 0.25, 0.5, 0.75, 0.999].map((share) => {
    const raft = start(stateOf([1], three), { random: () => share })
    let ticks = 0
    while (raft.role === 'follower') {
      raft.tick()
      ticks++
    }
    return ticks
  })
  t.same(waits, [10, 12, 15, 17, 19])
})

t.test('§5.2 a candidate votes for itself in a new term, durably before it asks', async (t) => {
  const raft = start(stateOf([1], three))
  for (let tick = 0; tick < 10; tick++) raft.tick()
  drain(raft)
  raft.step({ type: 'vote-response', from: 2, to: 1, term: 2, pre: true, granted: true })
  const ready = raft.ready()
  t.same(ready.hardState, { term: 2, vote: 1, commit: 0 })
  t.same(ready.messages, [])
  t.match(ready.messagesAfterPersist, [
    { type: 'vote-request', to: 2, term: 2, pre: false, last: { index: 1, term: 1 } },
    { type: 'vote-request', to: 3, term: 2, pre: false }
  ])
  // Not even a majority of votes wins before the own vote, which is part of it, is durable.
  raft.step({ type: 'vote-response', from: 2, to: 1, term: 2, pre: false, granted: true })
  t.equal(raft.role, 'candidate')
  raft.persisted(ready.number)
  t.equal(raft.role, 'leader')
})

t.test('§5.2 a replica votes once a term, first come, first served', async (t) => {
  const raft = startQuiet(stateOf([1], three))
  raft.step(voteRequest(2, { index: 1, term: 1 }, 2))
  raft.step(voteRequest(2, { index: 1, term: 1 }, 3))
  raft.step(voteRequest(2, { index: 1, term: 1 }, 2))
  const votes = ofType(drain(raft), 'vote-response').map(({ to, granted }) => [to, granted])
  t.same(votes.sort(), [
    [2, true],
    [2, true],
    [3, false]
  ])
})

t.test(
  '§5.2 a majority wins, a majority of refusals loses, less than both decides nothing',
  async (t) => {
    const outcomes = (granted: number, refused: number): string => {
      const raft = start(stateOf([1], five))
      for (let tick = 0; tick < 10; tick++) raft.tick()
      drain(raft)
      const vote = { type: 'vote-response', to: 1, term: 2 } as const
      for (const from of [2, 3]) raft.step({ ...vote, from, pre: true, granted: true })
      drain(raft)
      for (let at = 0; at < granted + refused; at++) {
        raft.step({ ...vote, from: 2 + at, pre: false, granted: at < granted })
      }
      return raft.role
    }
    t.equal(outcomes(2, 0), 'leader')
    t.equal(outcomes(1, 2), 'candidate')
    t.equal(outcomes(1, 3), 'follower')
    t.equal(outcomes(0, 0), 'candidate')
  }
)

t.test('§5.2 a candidate that hears a leader of its term follows it', async (t) => {
  const raft = start(stateOf([1], three))
  for (let tick = 0; tick < 10; tick++) raft.tick()
  drain(raft)
  raft.step({ type: 'vote-response', from: 3, to: 1, term: 2, pre: true, granted: true })
  t.equal(raft.role, 'candidate')
  raft.step(heartbeat(2))
  t.same([raft.role, raft.term, raft.leader], ['follower', 2, 2])
})

t.test('§5.3 an entry is committed when a majority has it, and so are all before it', async (t) => {
  const raft = start(stateOf([1, 1], five))
  elect(raft, [2, 3])
  raft.propose(new Uint8Array(1))
  drain(raft)
  t.equal(raft.commitIndex, 0)
  accept(raft, 2, 4, 3)
  t.equal(raft.commitIndex, 0)
  accept(raft, 3, 3, 3)
  t.equal(raft.commitIndex, 3)
  accept(raft, 4, 4, 3)
  t.equal(raft.commitIndex, 4)
})

t.test('§5.3 a follower refuses entries whose predecessor it does not have', async (t) => {
  const raft = start(stateOf([1, 1], three))
  const missing = append(raft, { term: 2, previous: { index: 3, term: 1 } })
  t.match(missing, [{ accepted: false, index: 3, hint: { index: 2, term: 1 } }])
  const other = append(raft, { term: 3, previous: { index: 2, term: 2 } })
  t.match(other, [{ accepted: false, index: 2, hint: { index: 2, term: 1 } }])
  const match = append(raft, { term: 3, previous: { index: 2, term: 1 } })
  t.match(match, [{ accepted: true, index: 2 }])
})

t.test('§5.3 entries that contradict the leader are removed, with all that follow', async (t) => {
  const raft = start(stateOf([1, 2, 2, 2], three))
  append(raft, { term: 3, previous: { index: 1, term: 1 }, entries: [command(2, 3)] })
  t.same(raft.lastId, { index: 2, term: 3 })
  t.equal(raft.termAt(3), null)
})

t.test('§5.3 a late or repeated request removes nothing', async (t) => {
  const raft = start(stateOf([1, 2, 2, 2], three))
  append(raft, { term: 2, previous: { index: 1, term: 1 }, entries: [command(2, 2)] })
  append(raft, { term: 2, previous: { index: 0, term: 0 }, entries: [] })
  t.same(raft.lastId, { index: 4, term: 2 })
})

t.test('§5.3 the hint of a refusal skips the entries of whole terms (figure 7)', async (t) => {
  const raft = start(stateOf([1, 1, 1, 4, 4, 5, 5, 6, 6, 6], three))
  elect(raft, [2])
  const refusal = { type: 'append-response', from: 2, to: 1, term: 7, session: 11 } as const
  const hint = { index: 10, term: 3 }
  raft.step({ ...refusal, accepted: false, index: 10, hint })
  // Follower (f) of the figure: 1 1 1 2 2 2 3 3 3 3 (3). Everything of terms 4 to 6 is skipped.
  t.match(ofType(drain(raft), 'append-request'), [{ to: 2, previous: { index: 3, term: 1 } }])
})

t.test('§5.4.1 a vote goes only to a log that is at least as up to date', async (t) => {
  const own = [1, 2, 2]
  const cases: [number, number, boolean][] = [
    [3, 2, true],
    [4, 2, true],
    [1, 3, true],
    [2, 2, false],
    [9, 1, false],
    [0, 0, false]
  ]
  for (const [index, term, granted] of cases) {
    const raft = startQuiet(stateOf(own, three))
    raft.step(voteRequest(3, { index, term }))
    t.match(drain(raft), [{ type: 'vote-response', granted }], `${index}/${term}`)
  }
})

t.test('§5.4.2 an entry of an older term is not committed by counting (figure 8)', async (t) => {
  const raft = start(stateOf([1, 2], five))
  elect(raft, [2, 3])
  for (const from of [2, 3, 4]) accept(raft, from, 2, 3)
  t.equal(raft.commitIndex, 0, 'a quorum has the entry of term 2')
  for (const from of [2, 3]) accept(raft, from, 3, 3)
  t.equal(raft.commitIndex, 3, 'it is committed with an entry of the own term')
})

t.test('figure 2: a follower commits no more than it has validated', async (t) => {
  const raft = start(stateOf([1, 1, 1, 1], three))
  append(raft, { term: 2, previous: { index: 2, term: 1 }, commit: 4 })
  t.equal(raft.commitIndex, 2)
  append(raft, { term: 2, previous: { index: 2, term: 1 }, entries: [command(3, 2)], commit: 4 })
  t.equal(raft.commitIndex, 3)
})

t.test('figure 2: nothing is acknowledged before it is durable', async (t) => {
  const raft = start(stateOf([1], three))
  raft.step({
    type: 'append-request',
    from: 2,
    to: 1,
    term: 2,
    session: 1,
    previous: { index: 1, term: 1 },
    commit: 2,
    entries: [command(2, 2)]
  })
  const ready = raft.ready()
  t.same(ready.messages, [])
  t.match(ready.messagesAfterPersist, [{ type: 'append-response', accepted: true, index: 2 }])
  t.equal(raft.commitIndex, 2)
  t.equal(raft.applicableIndex, 1, 'nor is it applied')
  raft.persisted(ready.number)
  t.equal(raft.applicableIndex, 2)
})

t.test('§5.3 a leader never changes its own log', async (t) => {
  const raft = start(stateOf([1, 1], three))
  elect(raft, [2])
  t.throws(() => append(raft, { term: 2, previous: { index: 0, term: 0 } }), /one leader/)
})
