// Reads whose answer does not come, the bound of those that wait, and what an answer covers.
import t from 'tap'
import { readsPendingMax } from '../src/limits.ts'
import { accept, drain, elect, heartbeat, ofType, start, stateOf, three } from './single-replica.ts'

const heard = heartbeat(1)

t.test('without a leader a read is given back at once', async (t) => {
  const raft = start(stateOf([1], three))
  raft.requestRead(1)
  t.same(raft.ready().reads, [{ id: 1, index: null }])
})

t.test('a change of leader gives back what the old one was asked', async (t) => {
  const raft = start(stateOf([1], three))
  raft.step(heard)
  raft.requestRead(1)
  raft.step({ ...heard, from: 3, term: 2 })
  t.same(raft.ready().reads, [{ id: 1, index: null }])
  raft.step({ type: 'read-index-response', from: 2, to: 1, term: 2, id: 1, index: 1 })
  t.notOk(raft.hasReady && raft.ready().reads.length > 0, 'an answer that comes later is void')
})

t.test('a leader that does not answer gives it back after an election timeout', async (t) => {
  const raft = start(stateOf([1], three), { random: () => 0.99 })
  raft.step(heard)
  raft.requestRead(1)
  drain(raft)
  for (let tick = 0; tick < 10; tick++) {
    t.notOk(raft.hasReady)
    raft.tick()
  }
  t.same(raft.ready().reads, [{ id: 1, index: null }])
})

t.test('a leader that steps down answers everybody', async (t) => {
  const raft = start(stateOf([1], three))
  elect(raft, [2])
  accept(raft, 2, 2, 2)
  drain(raft)
  raft.requestRead(1)
  raft.step({ type: 'read-index-request', from: 3, to: 1, term: 2, id: 7 })
  drain(raft)
  raft.step({ ...heard, term: 3 })
  const ready = raft.ready()
  t.same(ready.reads, [{ id: 1, index: null }])
  t.match(ready.messages, [{ type: 'read-index-response', to: 3, id: 7, index: null }, {}])
})

t.test('no more reads wait than allowed', async (t) => {
  const raft = start(stateOf([1], three))
  elect(raft, [2])
  accept(raft, 2, 2, 2)
  drain(raft)
  for (let id = 1; id <= readsPendingMax + 1; id++) raft.requestRead(id)
  t.same(raft.ready().reads, [{ id: readsPendingMax + 1, index: null }])
  const follower = start(stateOf([1], three))
  follower.step(heard)
  for (let id = 1; id <= readsPendingMax + 1; id++) follower.requestRead(id)
  t.same(follower.ready().reads, [{ id: readsPendingMax + 1, index: null }])
})

t.test('a read covers what is committed, though its leader has not applied it', async (t) => {
  const raft = start(stateOf([1], three))
  elect(raft, [2])
  accept(raft, 2, 2, 2)
  drain(raft)
  raft.applied(2)
  raft.propose(new Uint8Array(1))
  raft.ready()
  for (const from of [2, 3]) accept(raft, from, 3, 2)
  t.same([raft.commitIndex, raft.applicableIndex], [3, 2], 'its own disk is behind')
  raft.step({ type: 'read-index-request', from: 3, to: 1, term: 2, id: 7 })
  const [beat] = ofType(raft.ready().messages, 'heartbeat-request')
  const round = beat?.round ?? 0
  raft.step({ type: 'heartbeat-response', from: 2, to: 1, term: 2, round })
  t.match(ofType(raft.ready().messages, 'read-index-response'), [{ to: 3, id: 7, index: 3 }])
})
