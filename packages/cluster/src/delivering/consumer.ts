// A consumer that is attached here and now: a client's connection, and how much it may be given.
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
  /** Who has a higher one gets messages first, for as long as it has credit. */
  readonly priority: number
  /** Deliveries it holds and has not settled. */
  unsettled: number
}

/** How many more messages it takes now. */
export function creditOf(consumer: Consumer): number {
  if (consumer.session.isCongested) return 0
  return consumer.autoAck ? consumer.prefetch : consumer.prefetch - consumer.unsettled
}
