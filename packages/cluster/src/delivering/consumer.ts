// A consumer that is attached here and now: a client's connection, and how much it may be given.
import { HoldfastError } from '@holdfast/errors'
import { limits } from '../limits.ts'
import type { Session } from '../sessions/session.ts'

/**
 * Names a consumer across connections and leaders: the client's producer id in hex, and the tag.
 */
export interface ConsumerKey {
  readonly session: string
  readonly tag: string
}

export function keyText(key: ConsumerKey): string {
  return `${key.session}/${key.tag}`
}

export interface Consumer {
  readonly key: ConsumerKey
  readonly session: Session
  /** Number of the consumer on its connection. */
  readonly number: number
  readonly prefetch: number
  readonly autoAck: boolean
  /** Deliveries it holds and has not settled. */
  unsettled: number
  /** Deliveries it settled that it does not hold, less those since that it held. */
  mistaken: number
}

/**
 * To settle what somebody else has by now happens after a failover, once a delivery. Each costs a
 * look, so who does nothing else is not listened to. @throws FRAME_INVALID
 */
export function checkCredible({ mistaken }: Consumer): void {
  if (mistaken <= limits.mistakenMax) return
  const reason = `it settles deliveries that it does not hold, ${mistaken} in a row`
  throw new HoldfastError('FRAME_INVALID', { reason })
}

/** It has settled so many deliveries, of which it held so many. */
export function countMistaken(consumer: Consumer, named: number, held: number): void {
  consumer.mistaken = Math.max(0, consumer.mistaken + named - 2 * held)
}

/** How many more messages it takes now. */
export function creditOf(consumer: Consumer): number {
  if (consumer.session.isCongested) return 0
  return consumer.autoAck ? consumer.prefetch : consumer.prefetch - consumer.unsettled
}
