// The commands of a shard, one by one (architecture, A6 to A8).
import t from 'tap'
import { consumerId, type SectionReply } from '../src/index.ts'
import { consumer, ShardFixture } from './shard-fixture.ts'

const ways = { prefetch: 10, autoAck: false, priority: 0 } as const
const attach = { type: 'attach-consumer', queue: 1, ...ways } as const

function withMessages(count: number): ShardFixture {
  const shard = new ShardFixture()
  shard.create(1)
  shard.publish(count)
  return shard
}

t.test('topology is taken once, in order, by cursor', async (t) => {
  const shard = new ShardFixture()
  const create = (cursor: number, queue: number) =>
    ({ type: 'create-queue', cursor, queue, vhost: '/', name: `q${queue}` }) as const
  shard.command({ type: 'topology', upTo: 9, changes: [create(3, 1), create(9, 2)] })
  t.same(
    shard.effects.map(({ type }) => type),
    ['queue-created', 'queue-created']
  )
  t.equal(shard.machine.topologyCursor, 9)
  shard.publish(1, { queues: [2] })
  const remove = { type: 'delete-queue', cursor: 11, queue: 1 } as const
  shard.command({ type: 'topology', upTo: 12, changes: [create(3, 1), create(9, 2), remove] })
  t.same(shard.effects, [{ type: 'queue-deleted', queue: 1 }])
  shard.command({ type: 'topology', upTo: 11, changes: [create(3, 1), remove] })
  t.same([shard.effects, shard.machine.topologyCursor], [[], 12])
  t.same(
    shard.machine.queues().map(({ id }) => id),
    [2]
  )
  t.equal(shard.machine.queue(2)?.liveCount, 1)
})

t.test('a deleted queue frees its entries and its consumers', async (t) => {
  const shard = withMessages(3)
  shard.command({ ...attach, consumer, exclusive: false })
  t.same(shard.machine.retainedEntries(), [{ first: 2, last: 2 }])
  shard.delete(1)
  t.same(shard.machine.retainedEntries(), [])
  t.same(
    shard.effects.map(({ type }) => type),
    ['consumer-detached', 'queue-deleted']
  )
  t.equal(shard.machine.queue(1), undefined)
})

t.test('settlements take effect for the last delivery only', async (t) => {
  const shard = withMessages(10)
  const settle = { type: 'settle', queue: 1, consumer } as const
  const released = shard.command({ ...settle, outcome: 'released', ranges: [4, 5, 0] })
  t.same(released, { type: 'settled', stale: [] })
  t.same(shard.effects[1], { type: 'returned', queue: 1, ranges: [4, 5] })
  t.match(shard.machine.queue(1)?.row(4), { attempt: 1, deliveryCount: 1 })
  const reply = shard.command({ ...settle, outcome: 'accepted', ranges: [3, 7, 0, 9, 12, 0] })
  t.same(reply, { type: 'settled', stale: [4, 5, 11, 12] })
  t.same(shard.offsets(1), [1, 2, 4, 5, 8])
  shard.command({ ...settle, outcome: 'rejected', ranges: [4, 5, 1, 1, 1, 0] })
  t.same(shard.offsets(1), [2, 8])
  const again = shard.command({ ...settle, outcome: 'accepted', ranges: [1, 1, 0] })
  t.same(again, { type: 'settled', stale: [1, 1] })
  const unknown = shard.command({ ...settle, queue: 99, outcome: 'accepted', ranges: [1, 3, 0] })
  t.same(unknown, { type: 'settled', stale: [1, 3] })
})

t.test('consumers attach again under the same key, and exclusive ones stay alone', async (t) => {
  const shard = withMessages(1)
  const other = { session: '0b', tag: 'c' }
  t.same(shard.command({ ...attach, consumer, exclusive: false }), { type: 'done' })
  t.same(shard.command({ ...attach, consumer, exclusive: false, prefetch: 7 }), { type: 'done' })
  t.equal(shard.machine.queue(1)?.consumers.get(consumerId(consumer))?.prefetch, 7)
  const refused = { type: 'refused', code: 'QUEUE_EXCLUSIVE', details: { queue: 'q1', vhost: '/' } }
  t.same(shard.command({ ...attach, consumer: other, exclusive: true }), refused)
  t.same(shard.command({ ...attach, consumer, exclusive: true }), { type: 'done' })
  t.same(shard.command({ ...attach, consumer: other, exclusive: false }), refused)
  shard.command({ type: 'detach-consumer', queue: 1, consumer, release: [] })
  t.match(shard.effects, [{ type: 'consumer-detached', consumer }])
  t.same(shard.command({ ...attach, consumer: other, exclusive: true }), { type: 'done' })
  const nowhere = shard.command({ ...attach, queue: 5, consumer, exclusive: false })
  t.match(nowhere, { type: 'refused', code: 'QUEUE_NOT_FOUND' })
})

t.test('the consumers of a queue are bounded', async (t) => {
  const shard = new ShardFixture({ limits: { consumersPerQueueMax: 2 } })
  shard.create(1)
  const attached = (tag: string): SectionReply | undefined =>
    shard.command({ ...attach, consumer: { session: '01', tag }, exclusive: false })
  for (const tag of ['a', 'b']) attached(tag)
  t.match(attached('x'), { type: 'refused', code: 'LIMIT_REACHED' })
  t.same(attached('a'), { type: 'done' }, 'who is one comes back')
})

t.test('what a consumer held goes back when it leaves', async (t) => {
  const shard = withMessages(6)
  shard.command({ ...attach, consumer, exclusive: false })
  const release = [1, 2, 0, 4, 4, 0]
  const reply = shard.command({ type: 'detach-consumer', queue: 1, consumer, release })
  t.same(reply, { type: 'returned', messages: 3 })
  t.match(shard.machine.queue(1)?.row(2), { attempt: 1, deliveryCount: 1 })
  t.match(shard.machine.queue(1)?.row(3), { attempt: 0, deliveryCount: 0 })
  const repeat = shard.command({ type: 'detach-consumer', queue: 1, consumer, release })
  t.same(repeat, { type: 'returned', messages: 0 }, 'a repeat returns nothing twice')
})

t.test('a session leaves all its queues at once', async (t) => {
  const shard = new ShardFixture()
  shard.create(1, 2, 3)
  shard.publish(2, { queues: [1, 2, 3] })
  for (const queue of [3, 1]) {
    shard.command({ ...attach, queue, consumer, exclusive: false })
    shard.command({ ...attach, queue, consumer: { ...consumer, tag: 'd' }, exclusive: false })
  }
  shard.command({ ...attach, queue: 2, consumer: { session: '0b', tag: 'c' }, exclusive: false })
  const releases = [
    { queue: 1, ranges: [1, 1, 0] },
    { queue: 8, ranges: [1, 1, 0] }
  ]
  const reply = shard.command({ type: 'detach-session', session: '0a', releases })
  t.same(reply, { type: 'returned', messages: 1 })
  const left = shard.effects.flatMap((effect) =>
    effect.type === 'consumer-detached' ? [`${effect.queue}${effect.consumer.tag}`] : []
  )
  t.same(left, ['1c', '1d', '3c', '3d'])
  t.same(
    shard.machine.queues().map(({ consumers }) => consumers.size),
    [0, 1, 0]
  )
})

t.test('marks advance only, also ahead of the tail', async (t) => {
  const shard = withMessages(2)
  shard.command({
    type: 'advance-marks',
    marks: [
      { queue: 1, mark: 9 },
      { queue: 5, mark: 1 }
    ]
  })
  t.same(shard.effects, [{ type: 'marks-advanced', marks: [{ queue: 1, mark: 9 }] }])
  shard.command({ type: 'advance-marks', marks: [{ queue: 1, mark: 4 }] })
  t.same([shard.effects, shard.machine.queue(1)?.mark], [[], 9])
})

t.test(
  'after a change of leader, what nobody claims up to the mark goes back uncounted',
  async (t) => {
    const shard = withMessages(10)
    shard.command({ type: 'advance-marks', marks: [{ queue: 1, mark: 6 }] })
    const reply = shard.command({ type: 'return-unclaimed', queue: 1, claimed: [4, 4, 2, 2] })
    t.same(reply, { type: 'returned', messages: 4 })
    t.same(shard.effects, [{ type: 'returned', queue: 1, ranges: [1, 1, 3, 3, 5, 6] }])
    const attempts = shard.offsets(1).map((offset) => shard.machine.queue(1)?.row(offset)?.attempt)
    t.same(attempts, [1, 0, 1, 0, 1, 1, 0, 0, 0, 0])
    t.equal(shard.machine.queue(1)?.row(1)?.deliveryCount, 0)
    const nowhere = shard.command({ type: 'return-unclaimed', queue: 5, claimed: [] })
    t.match(nowhere, { type: 'refused', code: 'QUEUE_NOT_FOUND' })
  }
)

t.test('a purge leaves what consumers hold', async (t) => {
  const shard = withMessages(5)
  const reply = shard.command({ type: 'purge-queue', queue: 1, keep: [2, 2, 5, 9] })
  t.same(reply, { type: 'purged', messages: 3 })
  t.same(shard.offsets(1), [2, 5])
  t.same(shard.effects, [{ type: 'purged', queue: 1, messages: 3, last: 5 }])
  shard.publish(1)
  t.same(shard.offsets(1), [2, 5, 6], 'offsets go on')
})

t.test('what consumers hold keeps no queue from closing as empty', async (t) => {
  const shard = withMessages(5)
  const ask = { type: 'delete-queue-if', queue: 1, ifUnused: false, ifEmpty: true } as const
  shard.command({ type: 'purge-queue', queue: 1, keep: [2, 3, 5, 5] })
  for (const held of [[2, 3], [2, 2, 5, 5], [3, 9], []]) {
    t.match(shard.command({ ...ask, held }), { code: 'QUEUE_NOT_EMPTY' })
  }
  const closing = shard.command({ ...ask, held: [1, 3, 5, 9] })
  t.same(closing, { type: 'closing', messages: 3 })
})

t.test('a queue closes for its deletion only under the conditions asked for', async (t) => {
  const shard = withMessages(2)
  const conditions = { ifUnused: true, ifEmpty: true, held: [1, 1] }
  const ask = { type: 'delete-queue-if', queue: 1, ...conditions } as const
  t.match(shard.command(ask), { type: 'refused', code: 'QUEUE_NOT_EMPTY' })
  shard.command({ ...attach, consumer, exclusive: false })
  t.match(shard.command(ask), { type: 'refused', code: 'QUEUE_IN_USE' })
  const closing = shard.command({ ...ask, ifUnused: false, ifEmpty: false })
  t.same(closing, { type: 'closing', messages: 2 })
  t.same(shard.publish(1), { type: 'accepted', missing: [1] })
  const late = shard.command({ ...attach, consumer, exclusive: false })
  t.match(late, { type: 'refused', code: 'QUEUE_NOT_FOUND' })
  shard.timeMs += 60_000
  t.same(shard.publish(1), { type: 'accepted', missing: [] }, 'open again: no deletion came')
})
