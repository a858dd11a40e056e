// The limit of a channel over its consumers (AMQP 0-9-1 basic.qos with global): never more is out
// than it says, and everything goes out once, in its order.
import { chooseSeed, Random } from '@holdfast/testkit'
import t from 'tap'
import { Consumers } from '../src/consumers.ts'
import { FrameReader, FrameWriter, frameType } from '../src/frame-codec.ts'
import { decodeMethod } from '../src/method-codec.ts'
import { UnsettledDeliveries } from '../src/unsettled.ts'
import { join } from './generator.ts'
import { recordOf } from './script-text.ts'

const seed = chooseSeed()
t.comment(`SEED=${seed}`)

const record = recordOf(undefined, 'x')

/** A channel with consumers, and what its client holds. */
class Channel {
  readonly writer = new FrameWriter()
  readonly unsettled = new UnsettledDeliveries()
  readonly consumers = new Consumers(1, this.writer, this.unsettled)
  /** Tags of deliveries that are not settled, and of all that were sent, by consumer tag. */
  readonly held: number[] = []
  readonly sent = new Map<string, number>()
  #offset = 0

  deliver(consumer: number, count: number): void {
    const blob = join(Array.from({ length: count }, () => record))
    const way = { exchange: '', routingKey: 'q', attempt: 0, deliveryCount: 0 }
    this.consumers.deliver({ consumer, firstOffset: this.#offset + 1, count, blob, ...way })
    this.#offset += count
  }

  read(): void {
    const reader = new FrameReader(2 ** 20)
    reader.feed(join(this.writer.take()))
    while (reader.next()) {
      if (reader.type !== frameType.method) continue
      const method = decodeMethod(reader.payload)
      if (method.type !== 'basic.deliver') throw new Error(method.type)
      this.sent.set(method.consumerTag, (this.sent.get(method.consumerTag) ?? 0) + 1)
      if (method.consumerTag !== 'auto') this.held.push(method.deliveryTag)
    }
  }
}

t.test('no more is out than the limit, and nothing stays behind', async (t) => {
  for (let round = 0; round < 50; round++) {
    const random = new Random(seed).split(`round ${round}`)
    const channel = new Channel()
    const { consumers, unsettled, held } = channel
    const limit = random.integer(1, 5)
    consumers.limitTo(limit)
    consumers.add({ tag: 'a', number: 1, autoAck: false, prefetch: 0 })
    consumers.add({ tag: 'b', number: 2, autoAck: false, prefetch: 0 })
    consumers.add({ tag: 'auto', number: 3, autoAck: true, prefetch: 0 })
    const given = [0, 0, 0, 0]
    for (let step = 0; step < 200; step++) {
      if (random.chance(0.5)) {
        const consumer = random.integer(1, 3)
        const count = random.integer(1, 4)
        given[consumer] = (given[consumer] ?? 0) + count
        channel.deliver(consumer, count)
      } else if (held.length > 0) {
        const [tag = 0] = held.splice(random.below(held.length), 1)
        consumers.settled(unsettled.take(tag, false))
      }
      channel.read()
      if (held.length > limit) t.fail(`seed ${seed}, round ${round}, step ${step}`)
    }
    while (held.length > 0) {
      consumers.settled(unsettled.take(held.shift() ?? 0, false))
      channel.read()
    }
    t.same([channel.sent.get('a') ?? 0, channel.sent.get('b') ?? 0], [given[1], given[2]])
    t.equal(channel.sent.get('auto') ?? 0, given[3], 'what needs no ack does not wait')
  }
})

t.test('a limit that is lifted lets go of what waits', async (t) => {
  const channel = new Channel()
  channel.consumers.limitTo(1)
  channel.consumers.add({ tag: 'a', number: 1, autoAck: false, prefetch: 0 })
  channel.deliver(1, 5)
  channel.read()
  t.equal(channel.held.length, 1)
  t.equal(channel.consumers.heldBytes, 5 * record.length, 'a run is kept as a whole')
  channel.consumers.limitTo(0)
  channel.read()
  t.equal(channel.held.length, 5)
  t.equal(channel.consumers.heldBytes, 0)
})

t.test('a consumer that ends frees what it held', async (t) => {
  const channel = new Channel()
  const { consumers } = channel
  consumers.limitTo(2)
  consumers.add({ tag: 'a', number: 1, autoAck: false, prefetch: 0 })
  consumers.add({ tag: 'b', number: 2, autoAck: false, prefetch: 0 })
  channel.deliver(1, 4)
  channel.deliver(2, 2)
  channel.read()
  t.same([...channel.sent], [['a', 2]])
  t.equal(consumers.ended(1), 'a')
  t.equal(consumers.heldBytes, 0)
  channel.read()
  t.same(
    [...channel.sent],
    [
      ['a', 2],
      ['b', 2]
    ]
  )
  t.equal(consumers.ended(1), null, 'it ended already')
})

t.test('a prefetch is within what can be, and within the limit', async (t) => {
  const { consumers } = new Channel()
  t.equal(consumers.prefetchOf(0), 65_535)
  t.equal(consumers.prefetchOf(10), 10)
  consumers.limitTo(4)
  t.equal(consumers.prefetchOf(0), 4)
  t.equal(consumers.prefetchOf(3), 3)
})
