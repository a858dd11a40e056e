// A consumer that is attached here and now: who takes its deliveries, and how much it may be given.
import { HoldfastError } from '@holdfast/errors'
import { limits } from '../limits.ts'
import type { Recipient } from './recipient.ts'

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
  readonly recipient: Recipient
  /** What its recipient knows it by. */
  readonly number: number
  prefetch: number
  readonly autoAck: boolean
  /** Who has a higher one gets messages first, for as long as it has credit. */
  readonly priority: number
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
  return consumer.recipient.isCongested ? 0 : roomOf(consumer)
}

/** How many more messages it takes, now or when it has read what it was sent. */
export function roomOf({ autoAck, prefetch, unsettled }: Consumer): number {
  return autoAck ? prefetch : prefetch - unsettled
}
