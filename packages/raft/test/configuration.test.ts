// Questions about configurations.
import t from 'tap'
import { allVoters, sortedReplicas } from '../src/configuration.ts'
import { emptyConfiguration, isJoint, isVoter, members } from '../src/index.ts'

const joint = { voters: [3, 4], outgoing: [1, 3], learners: [1, 2] }

t.test('a configuration with outgoing voters is joint', async (t) => {
  t.ok(isJoint(joint))
  t.notOk(isJoint(emptyConfiguration))
})

t.test('members and voters are named once, ascending', async (t) => {
  t.same(members(joint), [1, 2, 3, 4])
  t.same(allVoters(joint), [1, 3, 4])
  t.same(members(emptyConfiguration), [])
})

t.test('a voter on its way out still votes, a learner does not', async (t) => {
  t.same(
    [1, 2, 3, 4, 5].map((replica) => isVoter(joint, replica)),
    [true, false, true, true, false]
  )
})

t.test('lists given by callers are sorted, repeats refused', async (t) => {
  t.same(sortedReplicas([3, 1, 20]), [1, 3, 20])
  t.throws(() => sortedReplicas([3, 3]), /repeats/)
})
