// A lease counts from when a heartbeat left, whenever its answer comes.
import type { Message } from '@holdfast/raft'
import t from 'tap'
import { LeaseVariables } from '../../src/refinement/lease-variables.ts'
import { three } from './sample-steps.ts'

function heartbeat(round: number): Message {
  return { type: 'heartbeat-request', from: 1, to: 2, term: 2, commit: 0, round }
}

t.test('an answer is as old as its heartbeat', async (t) => {
  const lease = new LeaseVariables()
  lease.begin()
  t.notOk(lease.isHeld(three, 1, 9), 'nobody has answered')
  lease.sent(heartbeat(1))
  lease.passed(4)
  lease.answered(2, 1)
  t.notOk(lease.isHeld(three, 1, 4))
  t.ok(lease.isHeld(three, 1, 5))
  lease.passed(1)
  t.notOk(lease.isHeld(three, 1, 5))
})

t.test('what was answered late does not take back what was answered', async (t) => {
  const lease = new LeaseVariables()
  lease.sent(heartbeat(1))
  lease.passed(3)
  lease.sent(heartbeat(2))
  lease.answered(2, 2)
  lease.answered(2, 1)
  lease.answered(3, 7)
  t.ok(lease.isHeld(three, 1, 1))
})

t.test('both majorities must have answered', async (t) => {
  const lease = new LeaseVariables()
  lease.sent(heartbeat(1))
  lease.answered(2, 1)
  const joint = { voters: [1, 2, 3], outgoing: [1, 4, 5], learners: [] }
  t.notOk(lease.isHeld(joint, 1, 5))
  lease.answered(4, 1)
  t.ok(lease.isHeld(joint, 1, 5))
})

t.test('an order to campaign makes a lease void, and so does a new term', async (t) => {
  const lease = new LeaseVariables()
  lease.sent(heartbeat(1))
  lease.answered(2, 1)
  lease.sent({ type: 'timeout-now', from: 1, to: 2, term: 2 })
  t.notOk(lease.isHeld(three, 1, 5))
  lease.passed(5)
  lease.sent(heartbeat(2))
  lease.answered(2, 2)
  t.ok(lease.isHeld(three, 1, 5))
  lease.begin()
  t.notOk(lease.isHeld(three, 1, 5))
})
