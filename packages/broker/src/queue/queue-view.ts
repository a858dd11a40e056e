// A queue as others than its machine may see it: a leader that hands out its messages, audits.
import type { ConsumerKey } from '../shard-command.ts'
import type { Consumer } from './consumer.ts'
import type { DeadLettersView } from './dead-letters.ts'
import type { DeliveryRun } from './delivery-run.ts'
import type { MessageRow } from './message-row.ts'
import type { QueueSettings } from './settings.ts'

/** What others may read of a queue. */
export interface QueueView {
  readonly id: number
  readonly vhost: string
  readonly name: string
  readonly settings: QueueSettings
  /** Highest offset given; 0 before the first message. */
  readonly tail: number
  /**
   * Only offsets up to it are handed out; may be ahead of the tail (architecture, A8). In a queue
   * with a length limit it covers no more than what consumers have room for, and may go back. In
   * one with priorities it is not behind the tail, and what is reserved is told by `isOut` alone.
   */
  readonly mark: number
  /** Messages that are not settled: ready, and delivered and open. */
  readonly liveCount: number
  /** Whether something is reserved for consumers, or will be as it comes (`isReserving`). */
  readonly hasReserved: boolean
  /** Bytes of their records. */
  readonly bytes: number
  /** Messages that have left it and are on their way to its dead letter exchange. */
  readonly dead: DeadLettersView
  /** By session and tag (`consumerId`), in the order of attachment. */
  readonly consumers: ReadonlyMap<string, Consumer>
  /**
   * Until this log time nothing is published or attached, since a deletion is expected; 0: open.
   */
  readonly closingUntilMs: number
  /** Whether it has come to its end by itself, and waits for its deletion. */
  readonly isOver: boolean
  /** Where one consumer is active at a time: `consumerId` of that one, null while there is none. */
  readonly active: string | null
  /** Counts activations: who was active under a lower number is no more. */
  readonly activation: number
  /** Whether a consumer of this name and kind is kept away by another. */
  isTaken(key: ConsumerKey, exclusive: boolean): boolean
  row(offset: number): MessageRow | null
  /** Whether the log lets a message up to the mark be handed out: is it reserved, if need be? */
  isOut(offset: number): boolean
  /** Messages that are ready; told where messages are reserved. */
  readonly readyCount: number
  /** Smallest live offset at or above `offset`, but for those that are due by `afterMs`. */
  nextLive(offset: number, afterMs?: number): number | null
  /** Smallest live offset at or above `offset` of those that are due by `byMs`. */
  nextDue(offset: number, byMs: number): number | null
  /** See `findDeliveryRun`. */
  deliveryRun(
    offset: number,
    countMax: number,
    bytesMax: number,
    last: number,
    afterMs?: number
  ): DeliveryRun | null
}
