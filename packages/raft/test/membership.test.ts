// What a change of membership is refused for, and who takes over from a leader that leaves.
import t from 'tap'
import { accept, drain, elect, start, stateOf, voters } from './single-replica.ts'

const three = voters(1, 2, 3)

t.test('a target must make sense', async (t) => {
  const raft = start(stateOf([1], three))
  const propose = (voters: number[], learners: number[]) => () =>
    raft.proposeConfiguration({ voters, learners })
  t.throws(propose([], [1]), /at least one voter/)
  t.throws(propose([1, 1], []), /repeats/)
  t.throws(propose([1, 2], [2]), /voter and learner/)
  t.equal(propose([1, 2], [])(), null, 'not the leader')
})

t.test(
  'a change waits for an entry of this term, for the change before, and for a transfer',
  async (t) => {
    const raft = start(stateOf([1], three))
    elect(raft, [2])
    const target = { voters: [3, 2, 1], learners: [4] }
    t.equal(raft.proposeConfiguration(target), null)
    accept(raft, 2, 2, 2)
    t.same(raft.proposeConfiguration(target), { index: 3, term: 2 })
    t.same(raft.configuration, { ...three, learners: [4] })
    t.equal(raft.proposeConfiguration(target), null)
    drain(raft)
    accept(raft, 2, 3, 2)
    t.ok(raft.transfer(2))
    t.equal(raft.proposeConfiguration(target), null)
  }
)

t.test('a change of voters is joint, and the leader leaves it by itself', async (t) => {
  const raft = start(stateOf([1], three))
  elect(raft, [2])
  accept(raft, 2, 2, 2)
  raft.proposeConfiguration({ voters: [1, 2, 4], learners: [3] })
  t.same(raft.configuration, { voters: [1, 2, 4], outgoing: [1, 2, 3], learners: [3] })
  drain(raft)
  accept(raft, 2, 3, 2)
  drain(raft)
  t.same(raft.configuration, { voters: [1, 2, 4], outgoing: [], learners: [3] })
  accept(raft, 2, 4, 2)
  t.same(raft.committedConfiguration, raft.configuration)
})

t.test('a leader that leaves hands over to the most complete voter that is there', async (t) => {
  const raft = start(stateOf([1], voters(1, 2, 3, 4)))
  elect(raft, [2, 3])
  for (const from of [2, 3, 4]) accept(raft, from, 2, 2)
  raft.proposeConfiguration({ voters: [2, 3, 4], learners: [] })
  drain(raft)
  for (const from of [2, 3, 4]) accept(raft, from, 3, 2)
  drain(raft)
  t.notOk(raft.configuration.voters.includes(1))
  accept(raft, 3, 4, 2)
  accept(raft, 4, 4, 2)
  t.match(
    drain(raft).filter(({ type }) => type === 'timeout-now'),
    [{ to: 3 }]
  )
  t.equal(raft.propose(new Uint8Array(1)), null)
  const echo = { type: 'heartbeat-response', to: 1, term: 2, round: 0 } as const
  for (let tick = 0; tick < 10; tick++) {
    raft.tick()
    for (const from of [2, 3, 4]) raft.step({ ...echo, from })
    drain(raft)
  }
  t.equal(raft.role, 'follower', 'and steps down if nobody takes it')
})

t.test('a replica that was removed keeps still', async (t) => {
  const raft = start(stateOf([1], voters(2, 3), { commit: 1 }))
  for (let tick = 0; tick < 100; tick++) raft.tick()
  t.equal(raft.role, 'follower')
})
