// Replica ids and the bounds of incarnations.
import t from 'tap'
import { metadataLimits } from '../src/limits.ts'
import {
  incarnationOfReplica,
  MembershipState,
  nodeOfReplica,
  replicaId
} from '../src/membership-state.ts'
import { addresses } from './metadata-fixture.ts'

t.test('a replica id tells node and incarnation', async (t) => {
  for (const [node, incarnation] of [
    [1, 1],
    [7, 2 ** 20 - 1],
    [2 ** 31, 5]
  ] as const) {
    const replica = replicaId(node, incarnation)
    t.ok(Number.isSafeInteger(replica))
    t.same([nodeOfReplica(replica), incarnationOfReplica(replica)], [node, incarnation])
  }
})

t.test('incarnations end before they would spill into the node id', async (t) => {
  const membership = new MembershipState({ ...metadataLimits, incarnationsMax: 3 })
  membership.add('s1', addresses, 'up')
  t.equal(membership.adopt(1, 's2', addresses).incarnation, 2)
  t.throws(() => membership.adopt(1, 's3', addresses), { code: 'LIMIT_REACHED' })
  t.equal(membership.node(1)?.storeId, 's2')
})
