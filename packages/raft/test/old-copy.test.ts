// Replicas whose disk was put back from an older copy: what shows it, and what must not come of it.
import t from 'tap'
import {
  accept,
  command,
  configurationEntry,
  drain,
  elect,
  heartbeat,
  ofType,
  start,
  stateOf,
  three,
  voteRequest,
  voters
} from './single-replica.ts'

t.test('the only voter of a group halts when it hears a leader of a later term', async (t) => {
  const raft = start(stateOf([1, 1], voters(1), { vote: 1, commit: 2 }))
  raft.step(heartbeat(1, 2))
  t.throws(() => raft.step(heartbeat(2, 2)), /this log is older than its group/)
})

t.test('one that is left alone hears others lead until that is committed', async (t) => {
  const shrunk = { ...stateOf([1], voters(1, 2)), lastIndex: 2 }
  const entries = [...shrunk.entries, configurationEntry(2, 1, [1])]
  const raft = start({ ...shrunk, entries })
  raft.step(heartbeat(2, 1))
  raft.step(heartbeat(2, 2))
  t.equal(raft.commitIndex, 2)
  t.throws(() => raft.step(heartbeat(3, 2)), /this log is older than its group/)
})

t.test('one that takes others in follows whom it has voted for, and whom they elect', async (t) => {
  const raft = start(stateOf([1], voters(1), { vote: 1, commit: 1 }))
  raft.step({ ...voteRequest(2, { index: 2, term: 1 }), transfer: true })
  t.match(ofType(drain(raft), 'vote-response'), [{ granted: true }])
  const request = { type: 'append-request', from: 2, to: 1, session: 1, commit: 1 } as const
  const entries = [configurationEntry(2, 1, [1, 2, 3]), command(3, 2)]
  raft.step({ ...request, term: 2, previous: { index: 1, term: 1 }, entries })
  raft.step({ ...request, from: 3, term: 3, previous: { index: 3, term: 2 }, entries: [] })
  t.match(ofType(drain(raft), 'append-response').at(-1), { to: 3, accepted: true, index: 3 })
})

t.test('what is committed is in the log of whoever leads', async (t) => {
  const raft = start(stateOf([1, 2, 2], three, { commit: 3 }))
  const request = {
    type: 'append-request',
    from: 2,
    to: 1,
    term: 4,
    session: 1,
    commit: 3
  } as const
  raft.step({ ...request, previous: { index: 2, term: 2 }, entries: [] })
  t.throws(() => {
    raft.step({ ...request, previous: { index: 3, term: 3 }, entries: [] })
  }, /what is committed is in the log of the leader/)
})

t.test('a heartbeat commits nothing where the log is shorter than what it speaks of', async (t) => {
  const raft = start(stateOf([1, 1, 1], three, { commit: 1 }))
  raft.step(heartbeat(2, 5))
  t.equal(raft.commitIndex, 1, 'its last entries may never have been committed')
  raft.step(heartbeat(2, 3))
  t.equal(raft.commitIndex, 3)
})

t.test('leadership goes to whoever answers, and has what it acknowledged', async (t) => {
  const raft = start(stateOf([1], three))
  elect(raft, [2])
  t.notOk(raft.transfer(2), 'where the logs meet is not known yet')
  accept(raft, 2, 2, 2)
  drain(raft)
  t.notOk(raft.transfer(3), 'it has never answered')
  t.ok(raft.transfer(2))
})

t.test('leadership does not go to one that has fallen silent', async (t) => {
  const raft = start(stateOf([1], three))
  elect(raft, [2])
  for (const follower of [2, 3]) accept(raft, follower, 2, 2)
  drain(raft)
  for (let tick = 0; tick < 11; tick++) {
    raft.tick()
    raft.step({ type: 'heartbeat-response', from: 2, to: 1, term: 2, round: 0 })
  }
  drain(raft)
  t.notOk(raft.transfer(3))
  t.ok(raft.transfer(2))
})
