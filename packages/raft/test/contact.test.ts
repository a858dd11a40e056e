// Leases: they count from the sending of what was answered, and end with every doubt.
import t from 'tap'
import type { Raft } from '../src/index.ts'
import { accept, drain, elect, start, stateOf, voters } from './single-replica.ts'

const three = voters(1, 2, 3)

function leader(): Raft {
  const raft = start(stateOf([1], three))
  elect(raft, [2])
  accept(raft, 2, 2, 2)
  drain(raft)
  return raft
}

/** Round of the heartbeat that the leader just sent. */
function beat(raft: Raft): number {
  const sent = drain(raft).find((message) => message.type === 'heartbeat-request')
  return sent?.type === 'heartbeat-request' ? sent.round : 0
}

function echo(raft: Raft, round: number): void {
  raft.step({ type: 'heartbeat-response', from: 2, to: 1, term: 2, round })
}

t.test('a lease counts from the sending of the heartbeat, not from its answer', async (t) => {
  const raft = leader()
  t.notOk(raft.hasLeaderQuorum(8), 'acknowledged entries are no promise with a date')
  raft.tick()
  raft.tick()
  const round = beat(raft)
  for (let tick = 0; tick < 5; tick++) raft.tick()
  drain(raft)
  echo(raft, round)
  t.notOk(raft.hasLeaderQuorum(5))
  t.ok(raft.hasLeaderQuorum(6))
  for (let tick = 0; tick < 3; tick++) raft.tick()
  t.notOk(raft.hasLeaderQuorum(8))
  t.ok(raft.hasLeaderQuorum(9))
})

t.test('a transfer ends the lease, and one that failed leaves doubt for a while', async (t) => {
  const raft = leader()
  raft.tick()
  raft.tick()
  echo(raft, beat(raft))
  t.ok(raft.hasLeaderQuorum(8))
  t.ok(raft.transfer(2))
  t.notOk(raft.hasLeaderQuorum(8))
  let ticks = 0
  while (!raft.hasLeaderQuorum(8) && ticks < 100) {
    raft.tick()
    ticks++
    const round = beat(raft)
    if (round > 0) echo(raft, round)
  }
  t.equal(ticks, 30, 'an election timeout for the transfer, two for the doubt')
})

t.test('standing still ends the lease at once, but makes nobody silent', async (t) => {
  const raft = leader()
  raft.tick()
  raft.tick()
  echo(raft, beat(raft))
  t.ok(raft.hasLeaderQuorum(8))
  raft.standStill(100)
  t.notOk(raft.hasLeaderQuorum(8), 'another may have been elected meanwhile')
  raft.tick()
  t.ok(raft.isLeader, 'what the followers said meanwhile has not been heard yet')
  const round = beat(raft)
  t.ok(round > 0, 'a heartbeat is overdue')
  echo(raft, round)
  t.ok(raft.hasLeaderQuorum(8))
  for (let tick = 0; tick < 11; tick++) raft.tick()
  t.notOk(raft.isLeader, 'silence while awake still counts')
})

t.test('a follower has no lease, the only voter always', async (t) => {
  t.notOk(start(stateOf([1], three)).hasLeaderQuorum(8))
  const alone = start(stateOf([1], voters(1)))
  elect(alone, [])
  t.ok(alone.isLeader)
  for (let tick = 0; tick < 50; tick++) alone.tick()
  t.ok(alone.hasLeaderQuorum(1))
})
