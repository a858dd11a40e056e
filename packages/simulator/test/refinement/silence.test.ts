// The silence that is owed begins with what the leader says, and ends by time alone.
import type { Message } from '@holdfast/raft'
import t from 'tap'
import { Silence } from '../../src/refinement/silence.ts'
import { appendRequest, follower, heard, id, voteRequest } from './sample-steps.ts'

const request = heard(appendRequest(id(5, 2), []))
const grant: Message = {
  type: 'vote-response',
  from: 1,
  to: 2,
  term: 3,
  pre: true,
  granted: true
}
const asks = voteRequest({ pre: true, term: 3 })

t.test('who hears the leader of its term owes it silence for so many ticks', async (t) => {
  const silence = new Silence(3, true)
  t.notOk(silence.isOwed, 'nobody was ever heard')
  silence.after(request, 3)
  t.notOk(silence.isOwed, 'it is of an earlier term')
  silence.after(request, 2)
  for (let tick = 0; tick < 2; tick += 1) silence.after({ type: 'tick' }, 2)
  t.ok(silence.isOwed)
  silence.after(heard(asks), 2)
  silence.after({ type: 'tick' }, 2)
  t.notOk(silence.isOwed)
})

t.test('a process may have heard a leader before it began', async (t) => {
  const silence = new Silence(3, false)
  t.ok(silence.isOwed)
  silence.after({ type: 'leader-gone' }, 2)
  t.notOk(silence.isOwed, 'that one is no more')
})

t.test('a pre-vote is refused as long as silence is owed', async (t) => {
  const silence = new Silence(3, false)
  silence.asked(asks, follower)
  t.ok(silence.isBrokenBy(grant))
  t.notOk(silence.isBrokenBy({ ...grant, granted: false }))
  t.notOk(silence.isBrokenBy({ ...grant, to: 3 }))
  silence.answered()
  t.notOk(silence.isBrokenBy(grant))
  silence.after({ type: 'leader-gone' }, 2)
  silence.asked(asks, { ...follower, role: 'leader' })
  t.ok(silence.isBrokenBy(grant), 'a leader does not want another')
  silence.asked(asks, follower)
  t.notOk(silence.isBrokenBy(grant))
})

t.test('a pre-vote is refused to who lacks entries', async (t) => {
  const silence = new Silence(3, true)
  silence.asked(voteRequest({ pre: true, term: 3, last: id(9, 1) }), follower)
  t.ok(silence.isBrokenBy(grant))
})
