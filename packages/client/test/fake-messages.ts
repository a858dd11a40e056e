// Messages of the broker in memory: how they are stored once, and settled by whoever holds them.
import type { PublishEvent, SettleEvent } from '@holdfast/protocol'
import { skipRecord } from '@holdfast/record'
import type { FakePeer } from './fake-node.ts'

export interface FakeMessage {
  readonly offset: number
  readonly exchange: string
  readonly routingKey: string
  readonly record: Uint8Array
  attempt: number
  deliveryCount: number
  holder: FakeConsumer | null
}

export interface FakeQueue {
  readonly name: string
  leader: number
  tail: number
  readonly messages: Map<number, FakeMessage>
}

export interface FakeConsumer {
  readonly peer: FakePeer
  readonly id: number
  readonly queue: FakeQueue
  readonly tag: string
  readonly prefetch: number
  held: number
}

/** Stores the records that were not stored before; `queue` undefined: they go nowhere. */
export function store(
  queue: FakeQueue | undefined,
  applied: Set<number>,
  event: PublishEvent
): void {
  let position = 0
  for (let i = 0; i < event.count; i++) {
    const end = skipRecord(event.blob, position)
    const sequence = event.firstSequence + i
    const isNew = !applied.has(sequence)
    applied.add(sequence)
    if (queue !== undefined && isNew) {
      queue.tail += 1
      queue.messages.set(queue.tail, {
        offset: queue.tail,
        exchange: event.exchange,
        routingKey: event.routingKey,
        record: event.blob.slice(position, end),
        attempt: 0,
        deliveryCount: 0,
        holder: null
      })
    }
    position = end
  }
}

/** Settles what the consumer holds; true if some of it was not its to settle. */
export function settle(
  consumer: FakeConsumer | undefined,
  event: SettleEvent,
  isMuted: boolean
): boolean {
  let isStale = consumer === undefined
  for (let i = 0; i < event.ranges.length; i += 3) {
    const [first = 0, last = 0, attempt = 0] = event.ranges.slice(i, i + 3)
    for (let offset = first; offset <= last; offset++) {
      const message = consumer?.queue.messages.get(offset)
      if (message === undefined || message.holder !== consumer || message.attempt !== attempt) {
        isStale = true
        continue
      }
      if (isMuted) continue
      if (consumer !== undefined) consumer.held -= 1
      message.holder = null
      if (event.outcome === 'released') {
        message.attempt += 1
        message.deliveryCount += 1
      } else consumer?.queue.messages.delete(offset)
    }
  }
  return isStale
}
