// A consumer that is attached here and now: who takes its deliveries, and how much it may be given.
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
  readonly prefetch: number
  readonly autoAck: boolean
  /** Deliveries it holds and has not settled. */
  unsettled: number
}

/** How many more messages it takes now. */
export function creditOf(consumer: Consumer): number {
  if (consumer.recipient.isCongested) return 0
  return consumer.autoAck ? consumer.prefetch : consumer.prefetch - consumer.unsettled
}
