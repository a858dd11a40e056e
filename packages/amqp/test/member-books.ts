// The books of a member that serves one connection, for the property test: what it was asked and
// has handed out, and whether what comes back was. Answers are drawn by chance, in any order.
import { wireError } from '@holdfast/errors'
import type { Random } from '@holdfast/testkit'
import type { AmqpConnection } from '../src/connection.ts'
import type { AmqpEvent, PublishEvent, RequestEvent } from '../src/events.ts'
import type { AmqpRequest, DeliveryRun } from '../src/requests.ts'
import { recordOf } from './script-text.ts'

const refusals = ['QUEUE_NOT_FOUND', 'QUEUE_IN_USE', 'UNAVAILABLE'] as const

interface Handed {
  readonly isAutoAck: boolean
  readonly held: Set<number>
}

export class MemberBooks {
  readonly #random: Random
  readonly #connection: AmqpConnection
  readonly #requests = new Map<number, RequestEvent>()
  readonly #publishes: { first: number; last: number }[] = []
  /** By consumer number. */
  readonly #consumers = new Map<number, Handed>()
  /** Those that get no more: they were cancelled, or a get was answered under them. */
  readonly #ended = new Set<number>()
  #lastConsumer = 0
  #lastOffset = 0
  #lastSequence = 0
  isClosed = false

  constructor(random: Random, connection: AmqpConnection) {
    this.#random = random
    this.#connection = connection
  }

  /** @throws Error for whatever a connection must not ask for */
  take(events: readonly AmqpEvent[]): void {
    for (const event of events) {
      if (this.isClosed) throw new Error(`${event.type} after the end`)
      if (event.type === 'closed') this.isClosed = true
      if (event.type === 'request') this.#request(event)
      if (event.type === 'publish') this.#publish(event)
      if (event.type === 'settle') this.#settle(event.consumer, event.ranges)
    }
  }

  #request(event: RequestEvent): void {
    const { request, channel, requestId } = event
    if (request.type === 'release') {
      for (const consumer of request.consumers) this.#consumers.delete(consumer)
    }
    if (isWaitedFor(request)) {
      for (const other of this.#requests.values()) {
        const isSecond = other.channel === channel && isWaitedFor(other.request)
        if (isSecond) throw new Error(`two requests of channel ${channel}`)
      }
    }
    if (request.type === 'commit') {
      for (const { consumer, ranges } of request.settlements) this.#settle(consumer, ranges)
    }
    this.#requests.set(requestId, event)
  }

  #publish({ firstSequence, lowestUnconfirmed, count }: PublishEvent): void {
    if (firstSequence !== this.#lastSequence + 1) throw new Error('sequences have a gap')
    const [oldest] = this.#publishes
    if (lowestUnconfirmed > (oldest?.first ?? firstSequence)) throw new Error('too high a lowest')
    this.#lastSequence += count
    this.#publishes.push({ first: firstSequence, last: this.#lastSequence })
  }

  #settle(consumer: number, ranges: readonly number[]): void {
    // Whoever was cancelled by the server may still ack.
    const handed = this.#consumers.get(consumer)
    if (handed === undefined) return
    for (let at = 0; at < ranges.length; at += 3) {
      for (let offset = ranges[at] ?? 0; offset <= (ranges[at + 1] ?? 0); offset++) {
        if (!handed.held.delete(offset)) throw new Error(`${offset} is settled and not held`)
      }
    }
  }

  /** Does one thing: answers, confirms, delivers, cancels. */
  act(): void {
    const random = this.#random
    const chance = random.fraction()
    if (chance < 0.5) this.#answer()
    else if (chance < 0.7) this.#decide()
    else if (chance < 0.98) this.#deliver()
    else this.#cancel()
    this.take(this.#connection.takeEvents())
  }

  #answer(): void {
    const event = this.#random.pickAny([...this.#requests.values()])
    if (event === undefined) return
    const { requestId, request } = event
    this.#requests.delete(requestId)
    if (isWaitedFor(request) && this.#random.chance(0.03)) {
      const code = this.#random.pick(refusals)
      const details = { queue: 'q', vhost: '/', reason: 'chance' }
      return this.#connection.refuse(requestId, wireError(code, details))
    }
    this.#connection.respond(requestId, this.#resultOf(event))
  }

  #resultOf({ request }: RequestEvent): unknown {
    switch (request.type) {
      case 'authenticate':
        return { user: 'guest' }
      case 'declare-queue':
      case 'inspect-queue':
        return { name: request.name || 'amq.gen-1', ready: 0, consumers: 0 }
      case 'delete-queue':
      case 'purge-queue':
        return { messages: 1 }
      case 'consume':
        return { consumer: this.#newConsumer(request.autoAck) }
      case 'consume-replies':
        return { consumer: this.#newConsumer(true), address: 'amq.rabbitmq.reply-to.x' }
      case 'cancel':
        this.#ended.add(request.consumer)
        return null
      case 'get': {
        const getter = this.#newConsumer(request.autoAck)
        this.#ended.add(getter)
        const run = this.#random.chance(0.3) ? null : this.#runFor(getter, 1)
        return { consumer: getter, run, ready: 5 }
      }
      case 'commit':
        return {
          unroutable: request.publishes.flatMap(({ mandatory }, at) => (mandatory ? at : []))
        }
      default:
        return null
    }
  }

  #newConsumer(isAutoAck: boolean): number {
    this.#lastConsumer++
    this.#consumers.set(this.#lastConsumer, { isAutoAck, held: new Set() })
    return this.#lastConsumer
  }

  #runFor(consumer: number, count: number): DeliveryRun {
    const firstOffset = this.#lastOffset + 1
    this.#lastOffset += count
    const handed = this.#consumers.get(consumer)
    for (let at = 0; at < count; at++) {
      if (handed?.isAutoAck === false) handed.held.add(firstOffset + at)
    }
    const record = recordOf('{"appId":"a"}', 'body'.repeat(this.#random.below(3)))
    const blob = new Uint8Array(record.length * count)
    for (let at = 0; at < count; at++) blob.set(record, at * record.length)
    const attempt = this.#random.below(2)
    const way = { exchange: '', routingKey: 'q', attempt, deliveryCount: attempt }
    return { consumer, firstOffset, count, blob, ...way }
  }

  #decide(): void {
    const at = this.#random.below(Math.max(1, Math.min(3, this.#publishes.length)))
    const [range] = this.#publishes.splice(at, 1)
    if (range === undefined) return
    const { first, last } = range
    if (this.#random.chance(0.9)) return this.#connection.confirm(first, last)
    const isUnroutable = this.#random.chance(0.5)
    const error = isUnroutable
      ? wireError('MESSAGE_UNROUTABLE', { exchange: '', routingKey: 'q' })
      : wireError('UNAVAILABLE', { reason: 'chance' })
    this.#connection.publishFailed(first, last, error)
  }

  #deliver(): void {
    const consumer = this.#random.pickAny([...this.#consumers.keys()])
    if (consumer === undefined || this.#ended.has(consumer)) return
    this.#connection.deliver(this.#runFor(consumer, this.#random.integer(1, 4)))
  }

  #cancel(): void {
    const consumer = this.#random.pickAny([...this.#consumers.keys()])
    if (consumer === undefined) return
    this.#consumers.delete(consumer)
    this.#connection.cancelled(consumer)
  }
}

/** Whether its channel looks at nothing else before it is answered. */
function isWaitedFor({ type }: AmqpRequest): boolean {
  return type !== 'release' && type !== 'set-prefetch'
}
