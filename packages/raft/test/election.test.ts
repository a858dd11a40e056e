// Corners of elections that no scene in testdata shows.
import t from 'tap'
import type { Configuration, Raft } from '../src/index.ts'
import {
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

const last = { index: 1, term: 1 }
const heard = heartbeat(1)

t.test('nothing happens early while a leader is heard', async (t) => {
  const raft = start(stateOf([1], three))
  raft.step(heard)
  raft.campaign()
  t.equal(raft.role, 'follower')
})

t.test('when the leader has ended, its followers campaign within two ticks', async (t) => {
  for (const [share, ticks] of [
    [0, 0],
    [0.5, 1],
    [0.9, 2]
  ] as const) {
    const raft = start(stateOf([1], three), { random: () => share })
    raft.step(heard)
    raft.leaderGone()
    t.equal(raft.leader, null)
    for (let tick = 0; tick < ticks; tick++) {
      t.equal(raft.role, 'follower')
      raft.tick()
    }
    t.equal(raft.role, 'pre-candidate')
  }
})

t.test('and they vote for each other at once', async (t) => {
  const raft = start(stateOf([1], three), { random: () => 0.9 })
  raft.step(heard)
  const request = voteRequest(2, last, 3)
  raft.step({ ...request, pre: true })
  raft.leaderGone()
  raft.step({ ...request, pre: true })
  raft.step({ ...request, pre: false })
  const answers = drain(raft).filter((message) => message.type === 'vote-response')
  t.same(
    answers.map((message) => message.type === 'vote-response' && message.granted),
    [false, true, true]
  )
})

t.test(
  'in haste, an attempt that fails is soon followed by the next, each time less soon',
  async (t) => {
    const raft = start(stateOf([1], three), { random: () => 0.99 })
    raft.step(heard)
    raft.leaderGone()
    const attempts: number[] = []
    for (let tick = 1; tick <= 60; tick++) {
      raft.tick()
      if (drain(raft).some((message) => message.type === 'vote-request')) attempts.push(tick)
    }
    t.same(attempts, [2, 4, 8, 16, 35, 54])
  }
)

t.test('of two that miss a silent leader at once, one steps back for the other', async (t) => {
  for (const { from, role } of [
    { from: 3, role: 'pre-candidate' },
    { from: 1, role: 'follower' }
  ]) {
    const raft = start(stateOf([1], three), { id: 2 })
    for (let tick = 0; tick < 20; tick++) raft.tick()
    drain(raft)
    raft.step({ ...voteRequest(2, last), from, to: 2, pre: true })
    const [answer] = ofType(drain(raft), 'vote-response')
    t.equal(answer?.granted, true)
    t.equal(raft.role, role, `asked by ${from}`)
  }
})

/** Replica 1 as a candidate in haste: leader 2 has ended, and a quorum promised its votes. */
function hastyCandidate(configuration: Configuration): Raft {
  const raft = start(stateOf([1], configuration))
  raft.step(heard)
  raft.leaderGone()
  for (const from of [3, 4]) {
    raft.step({ type: 'vote-response', from, to: 1, term: 2, pre: true, granted: true })
  }
  drain(raft)
  return raft
}

function answer(raft: Raft, from: number, granted: boolean): void {
  raft.step({ type: 'vote-response', from, to: 1, term: 2, pre: false, granted })
}

/** After how many ticks the next campaign begins. */
function ticksToCampaign(raft: Raft): number {
  for (let tick = 1; tick < 100; tick++) {
    raft.tick()
    if (raft.role === 'pre-candidate') return tick
  }
  return Number.POSITIVE_INFINITY
}

t.test('in haste, votes that are promised are given time to be written', async (t) => {
  const raft = hastyCandidate(three)
  t.equal(raft.role, 'candidate')
  t.equal(ticksToCampaign(raft), 10, 'an election timeout, as without haste')
})

t.test('when nobody can win the term that follows a leader, the next begins soon', async (t) => {
  const two = hastyCandidate(three)
  answer(two, 3, false)
  t.equal(two.role, 'follower', 'who refused voted for itself, and who ended votes for nobody')
  t.equal(ticksToCampaign(two), 1)
  const four = hastyCandidate(five)
  answer(four, 3, true)
  answer(four, 4, false)
  t.equal(four.role, 'candidate', 'one vote is outstanding')
  answer(four, 5, false)
  t.equal(four.role, 'follower', 'two for one, two for the other')
  t.equal(ticksToCampaign(four), 1)
})

t.test('who may have been elected by those that refused is not disturbed', async (t) => {
  const raft = hastyCandidate(five)
  for (const from of [3, 4, 5]) answer(raft, from, false)
  t.equal(raft.role, 'follower')
  t.equal(ticksToCampaign(raft), 10)
})

t.test('the vote of a leader that ended counts when it is back and gives it', async (t) => {
  const raft = hastyCandidate(five)
  answer(raft, 2, true)
  for (const from of [3, 4]) answer(raft, from, false)
  t.equal(raft.role, 'candidate')
  answer(raft, 5, true)
  t.equal(raft.role, 'leader')
})

t.test('of a leader that is only silent, the vote is waited for', async (t) => {
  const raft = start(stateOf([1], three))
  for (let tick = 0; tick < 10; tick++) raft.tick()
  raft.step({ type: 'vote-response', from: 3, to: 1, term: 2, pre: true, granted: true })
  drain(raft)
  answer(raft, 3, false)
  t.equal(raft.role, 'candidate')
})

t.test('a leader that is started again does not disturb the election after it', async (t) => {
  for (const pre of [true, false]) {
    const raft = start(stateOf([1], three), { random: () => 0.9 })
    raft.step(heard)
    raft.leaderGone()
    raft.step({ ...voteRequest(2, last, 3), pre })
    const isPromised = ofType(drain(raft), 'vote-response').every(({ granted }) => granted)
    t.equal(isPromised, true)
    const calm = pre ? 2 : 19
    raft.tick()
    raft.hasten()
    t.equal(ticksToCampaign(raft), calm - 1, 'as if it had not come within reach')
  }
})

t.test('a leader is not disturbed by the news of its end', async (t) => {
  const raft = start(stateOf([1], three))
  elect(raft, [2])
  raft.leaderGone()
  raft.campaign()
  t.equal(raft.role, 'leader')
})

t.test('with a voter in reach and no leader, the first attempt is when silence ends', async (t) => {
  const raft = start(stateOf([1], three), { random: () => 0.99 })
  raft.hasten()
  for (let tick = 0; tick < 12; tick++) raft.tick()
  t.equal(raft.role, 'follower', 'a vote is owed to nobody else for an election timeout')
  raft.tick()
  t.equal(raft.role, 'pre-candidate', 'long before the ordinary timeout of 19 ticks')
})

t.test('a voter in reach is no reason to campaign where a leader is known', async (t) => {
  const raft = start(stateOf([1], three), { random: () => 0.99 })
  raft.step(heard)
  raft.hasten()
  for (let tick = 0; tick < 18; tick++) raft.tick()
  t.equal(raft.role, 'follower')
})

t.test('who is asked by one that cannot win soon campaigns itself', async (t) => {
  const raft = startQuiet(stateOf([1, 1], three))
  const request = voteRequest(2, last, 3)
  raft.step({ ...request, pre: true })
  for (let tick = 0; tick < 3; tick++) raft.tick()
  t.equal(raft.role, 'pre-candidate')
})

t.test('votes of an earlier attempt do not count for this one', async (t) => {
  const raft = start(stateOf([1], three))
  for (let tick = 0; tick < 10; tick++) raft.tick()
  drain(raft)
  raft.step({ type: 'vote-response', from: 2, to: 1, term: 1, pre: true, granted: true })
  t.equal(raft.role, 'pre-candidate')
  raft.step({ type: 'vote-response', from: 2, to: 1, term: 2, pre: false, granted: true })
  t.not(raft.role, 'candidate')
  t.not(raft.role, 'leader')
})

t.test('a vote does not wait for the next one to be given away', async (t) => {
  const raft = startQuiet(stateOf([1], three))
  raft.step(voteRequest(2, last, 3))
  const ready = raft.ready()
  t.same(ready.hardState, { term: 2, vote: 3, commit: 0 })
  t.same(ready.messages, [], 'the answer leaves after the vote is durable')
  t.match(ready.messagesAfterPersist, [{ type: 'vote-response', granted: true }])
})

/** How long a leader stays one that replica 2 follows. */
function ticksInOffice(raft: Raft): number {
  const echo = { type: 'heartbeat-response', from: 2, to: 1, term: 2, round: 0 } as const
  let ticks = 0
  while (raft.role === 'leader' && ticks < 100) {
    raft.tick()
    raft.step(echo)
    ticks++
  }
  return ticks
}

t.test(
  'a write that does not end takes a leader down, and keeps it from campaigning',
  async (t) => {
    const raft = start(stateOf([1], three))
    elect(raft, [2])
    raft.propose(new Uint8Array(1))
    const ready = raft.ready()
    t.equal(ticksInOffice(raft), 21)
    for (let tick = 0; tick < 30; tick++) raft.tick()
    t.equal(raft.role, 'follower')
    raft.persisted(ready.number)
    drain(raft)
    for (let tick = 0; tick < 20; tick++) raft.tick()
    t.equal(raft.role, 'pre-candidate')
  }
)

t.test('a write that does not end counts also behind a ready with nothing to write', async (t) => {
  const raft = start(stateOf([1], three))
  elect(raft, [2])
  for (let tick = 0; tick < 2; tick++) raft.tick()
  const beat = raft.ready()
  t.match(beat, { hardState: null, entries: [], messages: [{ type: 'heartbeat-request' }, {}] })
  raft.propose(new Uint8Array(1))
  const { number } = raft.ready()
  t.equal(ticksInOffice(raft), 21)
  for (let tick = 0; tick < 30; tick++) raft.tick()
  t.equal(raft.role, 'follower')
  raft.persisted(number)
  drain(raft)
  for (let tick = 0; tick < 20; tick++) raft.tick()
  t.equal(raft.role, 'pre-candidate')
})
