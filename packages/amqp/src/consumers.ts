// The consumers of one channel and what is delivered to them. Each consumer's own prefetch is kept
// by its queue's leader; the limit of the whole channel (AMQP 0-9-1 basic.qos with global, as
// RabbitMQ reads it) is kept here: deliveries beyond it wait until others are settled.
import { assert } from '@holdfast/errors'
import type { FrameWriter } from './frame-codec.ts'
import { amqpLimits } from './limits.ts'
import { messageAt, withCounts } from './record-form.ts'
import type { DeliveryRun, Settlement } from './requests.ts'
import type { UnsettledDeliveries, UnsettledDelivery } from './unsettled.ts'

export interface ChannelConsumer {
  readonly tag: string
  /** Its number at the member. */
  readonly number: number
  readonly autoAck: boolean
  /** What it was started with: it holds no more, nor more than the channel may; 0 is no limit. */
  readonly prefetch: number
  /** What it may hold, as its queue's leader was told last. */
  toldPrefetch: number
  /** Deliveries that went out and are not settled. */
  unsettled: number
  /** Gets no more; its number lives until all it holds is settled. */
  isCancelled: boolean
}

/** A run of which some was delivered. */
interface HeldRun {
  readonly consumer: ChannelConsumer
  readonly run: DeliveryRun
  /** Messages of it that went out, and where the next one begins. */
  done: number
  position: number
}

export class Consumers {
  readonly #channel: number
  readonly #writer: FrameWriter
  readonly #unsettledDeliveries: UnsettledDeliveries
  readonly #byTag = new Map<string, ChannelConsumer>()
  /** Also those that are cancelled and still hold something. */
  readonly #byNumber = new Map<number, ChannelConsumer>()
  #held: HeldRun[] = []
  #heldBytes = 0
  #limit = 0
  #lastTag = 0
  /** Deliveries of all consumers that are not settled. */
  #unsettled = 0

  constructor(channel: number, writer: FrameWriter, unsettled: UnsettledDeliveries) {
    this.#channel = channel
    this.#writer = writer
    this.#unsettledDeliveries = unsettled
  }

  /** What the channel may hold in all; 0 is no limit. */
  limitTo(limit: number): void {
    if (limit === this.#limit) return
    this.#limit = limit
    this.#resume()
  }

  /** Who may hold more or less than was told; it counts as told from here on. */
  takeChanges(): readonly { readonly consumer: number; readonly prefetch: number }[] {
    const changes = []
    for (const consumer of this.#byTag.values()) {
      const prefetch = this.prefetchOf(consumer.prefetch)
      if (consumer.autoAck || prefetch === consumer.toldPrefetch) continue
      consumer.toldPrefetch = prefetch
      changes.push({ consumer: consumer.number, prefetch })
    }
    return changes
  }

  /** What a consumer may hold that was started with `prefetch`; 0 is as much as can be. */
  prefetchOf(prefetch: number): number {
    return Math.min(prefetch || amqpLimits.prefetchMax, this.#limit || amqpLimits.prefetchMax)
  }

  get count(): number {
    return this.#byTag.size
  }

  /** Of runs that wait for the limit of the channel, in whole or in part. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  get numbers(): readonly number[] {
    return [...this.#byNumber.keys()]
  }

  /** A tag for a consumer that the client did not name, as long as RabbitMQ's. */
  newTag(): string {
    const channel = `${this.#channel}`.padStart(5, '0')
    let tag: string
    do tag = `amq.ctag-${channel}.${`${++this.#lastTag}`.padStart(16, '0')}`
    while (this.find(tag) !== undefined)
    return tag
  }

  find(tag: string): ChannelConsumer | undefined {
    return this.#byTag.get(tag)
  }

  add(way: Pick<ChannelConsumer, 'tag' | 'number' | 'autoAck' | 'prefetch'>): void {
    assert(!this.#byNumber.has(way.number), 'the number of a consumer is its own')
    const toldPrefetch = this.prefetchOf(way.prefetch)
    const consumer = { ...way, toldPrefetch, unsettled: 0, isCancelled: false }
    this.#byTag.set(way.tag, consumer)
    this.#byNumber.set(way.number, consumer)
  }

  /** Sends a run, as far as the limit of the channel goes. */
  deliver(run: DeliveryRun): void {
    const consumer = this.#byNumber.get(run.consumer)
    if (consumer === undefined) return
    this.#held.push({ consumer, run, done: 0, position: 0 })
    this.#resume()
  }

  /** Notes that deliveries are settled. Answers with the numbers that are at their end. */
  settled(deliveries: readonly UnsettledDelivery[]): readonly number[] {
    const ended: number[] = []
    for (const { consumer: number } of deliveries) {
      const consumer = this.#byNumber.get(number)
      if (consumer === undefined) continue
      consumer.unsettled--
      this.#unsettled--
      if (consumer.isCancelled && consumer.unsettled === 0) {
        this.#byNumber.delete(number)
        ended.push(number)
      }
    }
    this.#resume()
    return ended
  }

  /**
   * No more deliveries to this consumer: what waits here goes back. True: it holds nothing, and its
   * number is at its end.
   */
  cancel(consumer: ChannelConsumer): { isEnded: boolean; waiting: Settlement | null } {
    this.#byTag.delete(consumer.tag)
    consumer.isCancelled = true
    const ranges = this.#withdraw(consumer)
    const isEnded = consumer.unsettled === 0
    if (isEnded) this.#byNumber.delete(consumer.number)
    const outcome = 'unseen'
    const waiting = ranges.length > 0 ? { consumer: consumer.number, outcome, ranges } : null
    return { isEnded, waiting: waiting as Settlement | null }
  }

  /** The member ended a consumer: what it holds cannot be settled any more. Its tag, if known. */
  ended(number: number): string | null {
    const consumer = this.#byNumber.get(number)
    if (consumer === undefined) return null
    this.#byNumber.delete(number)
    this.#unsettled -= consumer.unsettled
    this.#withdraw(consumer)
    this.#resume()
    if (consumer.isCancelled) return null
    this.#byTag.delete(consumer.tag)
    return consumer.tag
  }

  /** The channel has ended: nothing waits for it any more. */
  drop(): void {
    this.#keep([])
  }

  /** Ranges of what waits here for a consumer; it waits no longer. */
  #withdraw(consumer: ChannelConsumer): number[] {
    const ranges: number[] = []
    for (const { consumer: of, run, done } of this.#held) {
      const { firstOffset, count, attempt } = run
      if (of === consumer) ranges.push(firstOffset + done, firstOffset + count - 1, attempt)
    }
    this.#keep(this.#held.filter((held) => held.consumer !== consumer))
    return consumer.autoAck ? [] : ranges
  }

  #resume(): void {
    if (this.#held.length === 0) return
    const later: HeldRun[] = []
    for (const held of this.#held) {
      while (held.done < held.run.count && this.#mayDeliver(held.consumer)) this.#send(held)
      if (held.done < held.run.count) later.push(held)
    }
    this.#keep(later)
  }

  #keep(held: HeldRun[]): void {
    this.#held = held
    this.#heldBytes = held.reduce((bytes, { run }) => bytes + run.blob.length, 0)
  }

  #mayDeliver(consumer: ChannelConsumer): boolean {
    return consumer.autoAck || this.#limit === 0 || this.#unsettled < this.#limit
  }

  #send(held: HeldRun): void {
    const { consumer, run } = held
    const { properties, body, end } = messageAt(run.blob, held.position)
    let deliveryTag: number
    if (consumer.autoAck) deliveryTag = this.#unsettledDeliveries.nextTag()
    else {
      const offset = run.firstOffset + held.done
      deliveryTag = this.#unsettledDeliveries.add(consumer.number, offset, run.attempt)
      consumer.unsettled++
      this.#unsettled++
    }
    this.#writer.content(
      this.#channel,
      {
        type: 'basic.deliver',
        consumerTag: consumer.tag,
        deliveryTag,
        redelivered: run.attempt > 0,
        exchange: run.exchange,
        routingKey: run.routingKey
      },
      withCounts(properties, run),
      body
    )
    held.position = end
    held.done++
  }
}
