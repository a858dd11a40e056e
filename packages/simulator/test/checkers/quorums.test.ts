// Majorities by counting, and which configurations can decide without each other.
import type { Configuration } from '@holdfast/raft'
import t from 'tap'
import { isQuorumOf, quorumsOverlap } from '../../src/checkers/quorums.ts'

const simple = (...voters: number[]): Configuration => ({ voters, outgoing: [], learners: [] })
const has =
  (...replicas: number[]) =>
  (replica: number): boolean =>
    replicas.includes(replica)

t.test('more than half of the voters are a quorum', async (t) => {
  t.ok(isQuorumOf(simple(1, 2, 3), has(1, 3)))
  t.notOk(isQuorumOf(simple(1, 2, 3), has(1)))
  t.notOk(isQuorumOf(simple(1, 2, 3, 4), has(1, 2)), 'half is not')
  t.notOk(isQuorumOf(simple(), has(1)), 'nobody decides nothing')
})

t.test('learners do not count', async (t) => {
  t.notOk(isQuorumOf({ voters: [1, 2, 3], outgoing: [], learners: [4, 5] }, has(1, 4, 5)))
})

t.test('a change needs both majorities', async (t) => {
  const joint = { voters: [1, 2, 3], outgoing: [3, 4, 5], learners: [] }
  t.ok(isQuorumOf(joint, has(1, 3, 4)))
  t.notOk(isQuorumOf(joint, has(1, 2, 3)))
  t.notOk(isQuorumOf(joint, has(3, 4, 5)))
})

t.test('configurations overlap where no two of their quorums are apart', async (t) => {
  t.ok(quorumsOverlap(simple(1, 2, 3), simple(1, 2, 3, 4)), 'one more')
  t.ok(quorumsOverlap(simple(1, 2, 3), { voters: [4, 5, 6], outgoing: [1, 2, 3], learners: [] }))
  t.notOk(quorumsOverlap(simple(1, 2, 3), simple(3, 4, 5)))
  t.notOk(quorumsOverlap(simple(1), simple(2)))
  t.ok(quorumsOverlap(simple(), simple(1)), 'before the first there is nobody to contradict')
})
