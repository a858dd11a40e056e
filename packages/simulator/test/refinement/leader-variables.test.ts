// What followers said is counted in the session in which they said it.
import type { Message } from '@holdfast/raft'
import t from 'tap'
import { LeaderVariables } from '../../src/refinement/leader-variables.ts'

function answer(from: number, session: number, index: number, accepted: boolean = true): Message {
  const hint = { index: 0, term: 0 }
  return { type: 'append-response', from, to: 1, term: 2, session, accepted, index, hint }
}

const three = { voters: [1, 2, 3], outgoing: [], learners: [] }

function variables(): LeaderVariables {
  const made = new LeaderVariables()
  made.begin(three, 4)
  return made
}

t.test('an acceptance raises the match, and a late one does not lower it', async (t) => {
  const made = variables()
  made.handled(answer(2, 4, 6), 9)
  made.handled(answer(2, 4, 5), 9)
  t.equal(made.matchIndex.get(2), 6)
  t.equal(made.matchIndex.get(3), 0)
})

t.test('refusals, other sessions, strangers and what is beyond the log do not count', async (t) => {
  const made = variables()
  made.handled(answer(2, 4, 6, false), 9)
  made.handled(answer(2, 1, 6), 9)
  made.handled(answer(7, 4, 6), 9)
  made.handled(answer(2, 4, 12), 9)
  t.same([...made.matchIndex.values()], [0, 0, 0])
})

t.test('who is removed and added again begins anew', async (t) => {
  const made = variables()
  made.handled(answer(2, 4, 6), 9)
  made.track({ voters: [1, 3], outgoing: [], learners: [] }, 7)
  made.track(three, 8)
  made.handled(answer(2, 4, 7), 9)
  t.equal(made.matchIndex.get(2), 0)
  made.handled(answer(2, 8, 8), 9)
  t.equal(made.matchIndex.get(2), 8)
})
