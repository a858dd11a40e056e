// A read rests on heartbeats that left after it was asked, and that a quorum has answered.
import type { Message } from '@holdfast/raft'
import t from 'tap'
import { ReadVariables } from '../../src/refinement/read-variables.ts'
import { joint, three } from './sample-steps.ts'

const leader = { id: 1, term: 2, isLeader: true, configuration: three } as const
const at = { from: 1, to: 2, term: 2 } as const

function heartbeat(round: number): Message {
  return { type: 'heartbeat-request', ...at, commit: 0, round }
}

function echo(from: number, round: number): Message {
  return { type: 'heartbeat-response', from, to: 1, term: 2, round }
}

function request(from: number, id: number): Message {
  return { type: 'read-index-request', from, to: 1, term: 2, id }
}

function response(to: number, id: number, index: number | null): Message {
  return { type: 'read-index-response', from: 1, to, term: 2, id, index }
}

t.test('a quorum answers what left after the question', async (t) => {
  const reads = new ReadVariables()
  reads.said(heartbeat(1), leader)
  reads.asked(7, 3, leader)
  reads.said(heartbeat(2), leader)
  reads.handled(echo(2, 1), 1, three)
  t.match(reads.answered(7, 3, leader), /no quorum/, 'the answer is to what left before')
  reads.asked(8, 3, leader)
  reads.said(heartbeat(3), leader)
  reads.handled(echo(3, 3), 1, three)
  t.equal(reads.answered(8, 3, leader), null)
})

t.test('what was committed before the question is in the answer', async (t) => {
  const reads = new ReadVariables()
  const alone = { ...leader, configuration: { voters: [1], outgoing: [], learners: [] } }
  reads.asked(1, 4, alone)
  t.match(reads.answered(1, 3, alone), /answered with 3, 4 was committed/)
  reads.asked(2, 4, alone)
  t.equal(reads.answered(2, 4, alone), null, 'the only voter needs nobody')
  reads.asked(3, 4, alone)
  t.equal(reads.answered(3, null, alone), null, 'no answer is never wrong')
})

t.test('what a follower asked is answered like that, each time it is asked', async (t) => {
  const reads = new ReadVariables()
  reads.handled(request(3, 9), 1, three)
  reads.said(heartbeat(1), leader)
  reads.handled(echo(2, 1), 1, three)
  reads.handled(request(3, 9), 1, three)
  t.equal(reads.said(response(3, 9, 5), leader), null)
  t.match(reads.said(response(3, 9, 5), leader), /no quorum/)
  t.equal(reads.said(response(3, 9, null), leader), null)
})

t.test('both majorities must have answered, at one moment or another', async (t) => {
  const reads = new ReadVariables()
  reads.asked(1, 0, leader)
  reads.said(heartbeat(1), leader)
  reads.handled(echo(2, 1), 1, joint)
  const changing = { ...leader, configuration: joint }
  t.match(reads.answered(1, 0, changing), /no quorum/)
  reads.asked(2, 0, leader)
  reads.said(heartbeat(2), leader)
  reads.handled(echo(2, 2), 1, three)
  t.equal(reads.answered(2, 0, changing), null, 'a change that began since does not matter')
})

t.test('a read does not outlive the leadership in which it was asked', async (t) => {
  const reads = new ReadVariables()
  reads.asked(1, 0, leader)
  reads.begin()
  reads.handled({ ...echo(2, 9), term: 3 }, 1, three)
  t.match(reads.answered(1, 0, { ...leader, term: 3, isLeader: true }), /no quorum/)
  reads.asked(2, 0, leader)
  reads.handled(echo(2, 1), 1, three)
  const deposed = { ...leader, term: 3, isLeader: false }
  t.equal(reads.answered(2, 0, deposed), null, 'what was confirmed is as good afterwards')
  reads.asked(3, 0, deposed)
  t.equal(reads.answered(3, 0, deposed), null, 'another answered for that')
})
