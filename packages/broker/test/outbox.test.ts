// The outbox by itself: order, acknowledgement, room.
import t from 'tap'
import { metadataLimits } from '../src/limits.ts'
import { Outbox } from '../src/outbox.ts'

t.test('groups are listed in order, with what they have not acknowledged', async (t) => {
  const outbox = new Outbox({ ...metadataLimits, outboxMax: 2 })
  for (const group of [3, 1, 2])
    outbox.add(group, group * 10, { type: 'delete-queue', queue: group })
  t.same(
    outbox.all().map(({ group }) => group),
    [1, 2, 3]
  )
  outbox.add(2, 25, { type: 'delete-queue', queue: 5 })
  outbox.acknowledge(2, 24)
  t.same(
    outbox.entries(2).map(({ cursor }) => cursor),
    [25]
  )
  outbox.acknowledge(1, 10)
  outbox.acknowledge(9, 10)
  t.same(outbox.groups, [2, 3])
  t.same(outbox.entries(1), [])
})

t.test('a full outbox has no room until something is acknowledged', async (t) => {
  const outbox = new Outbox({ ...metadataLimits, outboxMax: 2 })
  outbox.add(1, 1, { type: 'delete-queue', queue: 1 })
  t.doesNotThrow(() => outbox.checkRoom(1))
  outbox.add(1, 2, { type: 'delete-queue', queue: 2 })
  t.throws(() => outbox.checkRoom(1), { code: 'LIMIT_REACHED', details: { limit: 2 } })
  t.doesNotThrow(() => outbox.checkRoom(2))
  outbox.acknowledge(1, 1)
  t.doesNotThrow(() => outbox.checkRoom(1))
})
