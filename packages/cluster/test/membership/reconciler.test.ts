// The next change of a group: learners first, voters once they have caught up, one change at a
// time.
import t from 'tap'
import { nextStep } from '../../src/membership/reconciler.ts'
import type { GroupReport } from '../../src/peers/peer-message.ts'

function report(parts: Partial<GroupReport>): GroupReport {
  const blank = { group: 1, leader: 1, term: 1, commit: 9, applied: 9 }
  return { ...blank, voters: [1], outgoing: [], learners: [], caughtUp: [1], ...parts }
}

t.test('a group grows by learners that become voters when they have caught up', async (t) => {
  t.same(nextStep(report({}), [1, 2, 3], []), { voters: [1], learners: [2, 3], isGrowing: true })
  const learning = report({ learners: [2, 3], caughtUp: [1, 2] })
  t.equal(nextStep(learning, [1, 2, 3], []), null, 'not before all have')
  const ready = report({ learners: [2, 3], caughtUp: [1, 2, 3] })
  t.same(nextStep(ready, [1, 2, 3], []), { voters: [1, 2, 3], learners: [], isGrowing: false })
  t.equal(nextStep(report({ voters: [1, 2, 3] }), [1, 2, 3], []), null)
})

t.test('a group shrinks in one step, and never while a change is under way', async (t) => {
  const three = report({ voters: [1, 2, 3] })
  t.same(nextStep(three, [1, 2], []), { voters: [1, 2], learners: [], isGrowing: false })
  t.equal(nextStep(report({ voters: [1, 2], outgoing: [1, 2, 3] }), [1, 2], []), null)
  t.equal(nextStep(three, [], []), null, 'nobody is wished for: nothing is done')
})

t.test('nodes that do not vote on metadata learn it', async (t) => {
  const three = report({ group: 0, voters: [1, 2, 3] })
  t.same(nextStep(three, [1, 2, 3], [4]), { voters: [1, 2, 3], learners: [4], isGrowing: false })
  t.equal(nextStep(report({ voters: [1, 2, 3], learners: [4] }), [1, 2, 3], [4]), null)
})
