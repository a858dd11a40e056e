// How queues end by themselves, and who of their consumers is active: decided by the log alone.
import t from 'tap'
import { type QueueSettings, ShardMachine } from '../src/index.ts'
import { plainSettings } from '../src/queue/settings.ts'
import { ShardFixture } from './shard-fixture.ts'

const one = { session: '0a', tag: 'one' }
const two = { session: '0a', tag: 'two' }
const three = { session: '0b', tag: 'three' }

function withQueue(settings: Partial<QueueSettings>): ShardFixture {
  const shard = new ShardFixture()
  const created = { type: 'create-queue', cursor: 1, queue: 1, vhost: '/', name: 'q1' } as const
  const changes = [{ ...created, settings: { ...plainSettings, ...settings } }]
  shard.command({ type: 'topology', upTo: 1, changes })
  return shard
}

function attach(shard: ShardFixture, consumer: typeof one, priority = 0) {
  const ways = { prefetch: 1, autoAck: false, exclusive: false, priority }
  return shard.command({ type: 'attach-consumer', queue: 1, consumer, ...ways })
}

function detach(shard: ShardFixture, consumer: typeof one) {
  return shard.command({ type: 'detach-consumer', queue: 1, consumer, release: [] })
}

function typesOf(shard: ShardFixture): string[] {
  return shard.effects.map(({ type }) => type)
}

t.test('an auto-delete queue goes with its last consumer, and not before one came', async (t) => {
  const shard = withQueue({ autoDelete: true })
  shard.timeMs += 1e9
  detach(shard, one)
  t.equal(shard.machine.queue(1)?.isOver, false, 'nobody came')
  attach(shard, one)
  attach(shard, two)
  detach(shard, one)
  t.same(typesOf(shard), ['consumer-detached'])
  detach(shard, two)
  t.same(typesOf(shard), ['consumer-detached', 'queue-over'])
  t.same(attach(shard, one), {
    type: 'refused',
    code: 'QUEUE_NOT_FOUND',
    details: { queue: 1, vhost: '' }
  })
  t.same(shard.publish(1), { type: 'accepted', missing: [1] })
  t.match(shard.command({ type: 'use-queue', queue: 1 }), { type: 'closing' })
  shard.timeMs += 1e9
  t.match(shard.restored().command({ type: 'use-queue', queue: 1 }), { type: 'closing' })
})

t.test('a session that leaves takes an auto-delete queue with it', async (t) => {
  const shard = withQueue({ autoDelete: true })
  attach(shard, one)
  attach(shard, two)
  shard.command({ type: 'detach-session', session: one.session, releases: [] })
  t.same(typesOf(shard), ['consumer-detached', 'consumer-detached', 'queue-over'])
})

t.test('the same consumer on another connection keeps an auto-delete queue', async (t) => {
  const shard = withQueue({ autoDelete: true })
  attach(shard, one)
  attach(shard, one)
  t.equal(shard.machine.queue(1)?.isOver, false)
})

t.test('an unused queue expires at its time, to the millisecond', async (t) => {
  const shard = withQueue({ expiresMs: 1_000 })
  const born = shard.timeMs
  t.equal(shard.machine.nextDeadlineMs, born + 1_000)
  shard.timeMs = born + 999
  shard.command({ type: 'tick' })
  t.equal(shard.machine.queue(1)?.isOver, false)
  shard.timeMs = born + 1_000
  shard.command({ type: 'tick' })
  t.same(shard.effects, [{ type: 'queue-over', queue: 1 }])
  t.equal(shard.machine.nextDeadlineMs, Number.POSITIVE_INFINITY)
})

t.test('whoever uses a queue puts its end off; a publisher does not', async (t) => {
  const shard = withQueue({ expiresMs: 1_000 })
  const born = shard.timeMs
  shard.timeMs = born + 900
  t.same(shard.command({ type: 'use-queue', queue: 1 }), { type: 'done' })
  shard.timeMs = born + 1_800
  attach(shard, one)
  shard.timeMs = born + 9_000
  detach(shard, one)
  t.equal(shard.machine.nextDeadlineMs, born + 10_000)
  shard.timeMs = born + 9_999
  const replica = shard.restored()
  for (const each of [shard, replica]) {
    t.same(each.publish(1, { number: 1, first: true }), { type: 'accepted', missing: [] })
    t.equal(each.machine.queue(1)?.isOver, false)
  }
  // The entry that is late ends it before it uses it.
  shard.timeMs = born + 10_000
  t.match(shard.command({ type: 'use-queue', queue: 1 }), { type: 'closing', messages: 1 })
  replica.timeMs = born + 10_000
  replica.command({ type: 'tick' })
  t.same(replica.effects, [{ type: 'queue-over', queue: 1 }], 'from a snapshot too')
})

t.test('a use is saved where nothing else of the queue changes', async (t) => {
  const shard = withQueue({ expiresMs: 1_000 })
  const first = shard.machine.snapshot()
  shard.timeMs += 900
  shard.command({ type: 'use-queue', queue: 1 })
  const second = shard.machine.snapshot()
  const blobs = new Map([...first.newBlobs, ...second.newBlobs].map(({ id, bytes }) => [id, bytes]))
  const restored = ShardMachine.restore(second.manifest, blobs)
  t.equal(restored.nextDeadlineMs, shard.timeMs + 1_000)
  t.equal(restored.hash(), shard.machine.hash())
})

t.test('a deadline goes with its queue', async (t) => {
  const shard = withQueue({ expiresMs: 10 })
  shard.command({
    type: 'topology',
    upTo: 2,
    changes: [{ type: 'delete-queue', cursor: 2, queue: 1 }]
  })
  shard.timeMs += 100
  shard.command({ type: 'tick' })
  t.same(shard.effects, [])
})

t.test('what is over never opens again, whoever closes it for a while', async (t) => {
  const shard = withQueue({ autoDelete: true })
  attach(shard, one)
  detach(shard, one)
  shard.command({ type: 'delete-queue-if', queue: 1, ifUnused: false, ifEmpty: false, held: [] })
  shard.timeMs += 120_000
  t.match(attach(shard, one), { code: 'QUEUE_NOT_FOUND' })
})

t.test('of several consumers the first is active, then the one of the highest rank', async (t) => {
  const shard = withQueue({ singleActive: true })
  const active = () => {
    const { active, activation } = shard.machine.queue(1) ?? {}
    return [active, activation]
  }
  attach(shard, one)
  t.same(shard.effects[1], {
    type: 'consumer-activated',
    queue: 1,
    consumer: one,
    activation: 1
  })
  attach(shard, two)
  attach(shard, three, 7)
  t.same(active(), ['0a/one', 1], 'nobody is displaced')
  attach(shard, one)
  t.same(active(), ['0a/one', 1], 'back on another connection')
  t.same(shard.restored().machine.hash(), shard.machine.hash())
  detach(shard, two)
  t.same(active(), ['0a/one', 1])
  attach(shard, two)
  detach(shard, one)
  t.same(active(), ['0b/three', 2])
  const copy = shard.restored()
  t.same(copy.machine.queue(1)?.active, '0b/three')
  detach(copy, three)
  t.same(copy.effects[1], { type: 'consumer-activated', queue: 1, consumer: two, activation: 3 })
  detach(copy, two)
  t.equal(copy.machine.queue(1)?.active, null)
})

t.test('of equals, the one that came first is next', async (t) => {
  const shard = withQueue({ singleActive: true })
  for (const consumer of [one, two, three]) attach(shard, consumer)
  detach(shard, one)
  t.equal(shard.machine.queue(1)?.active, '0a/two')
})

t.test('a session that leaves activates none of its own on the way', async (t) => {
  const shard = withQueue({ singleActive: true })
  for (const consumer of [one, two, three]) attach(shard, consumer)
  shard.command({ type: 'detach-session', session: one.session, releases: [] })
  t.same(typesOf(shard), ['consumer-detached', 'consumer-detached', 'consumer-activated'])
  t.equal(shard.machine.queue(1)?.active, '0b/three')
  shard.delete(1)
})

t.test('settings count in the digest of a shard', async (t) => {
  const settings = [{}, { autoDelete: true }, { expiresMs: 5 }, { singleActive: true }]
  const digests = settings.map((each) => withQueue(each).machine.digest())
  t.equal(new Set(digests).size, settings.length)
})
