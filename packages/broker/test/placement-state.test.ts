// Placements by themselves: order, checks, what counts as a change.
import t from 'tap'
import { metadataLimits } from '../src/limits.ts'
import { MembershipState, replicaId } from '../src/membership-state.ts'
import { PlacementState } from '../src/placement-state.ts'
import { addresses } from './metadata-fixture.ts'

t.test('a placement is a set: its order is no change', async (t) => {
  const placement = new PlacementState(metadataLimits)
  t.same(placement.add([[3, 1, 2], [1]]), [0, 1])
  t.same(placement.get(0)?.replicas, [1, 2, 3])
  t.notOk(placement.place(0, [2, 3, 1]))
  t.ok(placement.place(0, [2, 3]))
  t.throws(() => placement.place(2, [1]), { code: 'GROUP_NOT_FOUND' })
  t.same(placement.shards, [1])
  t.notOk(placement.isShard(0))
  t.ok(placement.isShard(1))
  t.notOk(placement.isShard(2))
})

t.test('a node is found by any of its incarnations', async (t) => {
  const placement = new PlacementState(metadataLimits)
  placement.add([[replicaId(1, 1)], [replicaId(1, 1), replicaId(2, 7)]])
  t.equal(placement.groupOnNode(2), 1)
  t.equal(placement.groupOnNode(1), 0)
  t.equal(placement.groupOnNode(3), null)
})

t.test('there is a bound for replicas and for shards', async (t) => {
  const membership = new MembershipState(metadataLimits)
  membership.add('s', addresses, 'up')
  const placement = new PlacementState({ ...metadataLimits, replicasMax: 1, shardsMax: 2 })
  const replica = replicaId(1, 1)
  t.throws(() => placement.check([replica, replica + 1], membership), { code: 'REQUEST_INVALID' })
  t.doesNotThrow(() => placement.check([replica], membership))
  placement.add([[replica], [replica], [replica]])
  t.throws(() => placement.add([[replica]]), { code: 'LIMIT_REACHED' })
  t.same(placement.shards, [1, 2])
})
