// A replica votes when it has learned what there was.
import t from 'tap'
import { Learning } from '../../src/checkers/learning.ts'

const alone = { voters: [1], outgoing: [], learners: [] }
const learning = { voters: [1], outgoing: [], learners: [2] }
const both = { voters: [1, 2], outgoing: [1], learners: [] }

t.test('who has caught up may vote', async (t) => {
  const checked = new Learning()
  t.equal(checked.configured(alone, learning, 500), null)
  checked.accepted(2, 436)
  checked.accepted(2, 100)
  t.equal(checked.configured(learning, both, 900), null)
})

t.test('who lacks much, or has said nothing, may not', async (t) => {
  const checked = new Learning()
  checked.configured(alone, learning, 500)
  t.match(checked.configured(learning, both, 500), /which has 0 of 500/)
  checked.accepted(2, 435)
  t.match(checked.configured(learning, both, 500), /which has 435 of 500/)
  t.match(new Learning().configured(alone, both, 3), /which has 0 of 3/, 'it never was a learner')
})

t.test('who voted before need not say so again', async (t) => {
  const checked = new Learning()
  checked.configured({ ...alone, voters: [1, 2] }, learning, 500)
  t.equal(checked.configured(learning, both, 500), null)
})
