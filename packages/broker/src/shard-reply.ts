// What a shard answers to each section, and what its leader has to know about each entry. Followers
// compute both and drop them.
import type { ErrorCode } from '@holdfast/errors'
import type { Consumer } from './queue/consumer.ts'
import type { DeathReason } from './queue/dead-letters.ts'
import type { ConsumerKey, Outcome, QueueMark, QueueRanges } from './shard-command.ts'

/**
 * A refusal that all replicas agree on; nothing was changed, but that other queues may have taken
 * what one that is full refuses.
 */
export interface Refused {
  readonly type: 'refused'
  readonly code: ErrorCode
  readonly details: Readonly<Record<string, string | number>>
}

export type SectionReply =
  | Refused
  | {
      /** The publish was applied; a part may have been applied before. */
      readonly type: 'accepted'
      /** Queues that this shard does not have, or that are closing; nothing was put into them. */
      readonly missing: readonly number[]
    }
  /** All of the publish was applied before. */
  | { readonly type: 'repeated'; readonly missing: readonly number[] }
  /**
   * The gateway's number is not the next one. `expected` is; 0 if the gateway's row does not exist,
   * so that the lowest section without an answer must come first, flagged `first`.
   */
  | { readonly type: 'gap'; readonly expected: number }
  | {
      readonly type: 'settled'
      /**
       * Pairs: offsets that were not settled, since the delivery is not the last one or is settled.
       */
      readonly stale: readonly number[]
    }
  /** How many messages were purged; how many a queue holds that is to be deleted. */
  | { readonly type: 'purged'; readonly messages: number }
  | { readonly type: 'closing'; readonly messages: number }
  /** How many messages were returned. */
  | { readonly type: 'returned'; readonly messages: number }
  /** How many messages expired; and which did not, since their deadline has not come. */
  | { readonly type: 'expired'; readonly messages: number; readonly early: readonly QueueRanges[] }
  | { readonly type: 'done' }

export type ShardEffect =
  | {
      /** New offsets of a queue, all live. */
      readonly type: 'published'
      readonly queue: number
      readonly first: number
      readonly last: number
    }
  | {
      readonly type: 'settled'
      readonly queue: number
      readonly consumer: ConsumerKey
      readonly outcome: Outcome
      /** Triples as commanded; the offsets in `stale` are excepted. */
      readonly ranges: readonly number[]
      /** Pairs. */
      readonly stale: readonly number[]
    }
  | {
      /** Offsets that are to be handed out again, with a new attempt. */
      readonly type: 'returned'
      readonly queue: number
      /** Pairs, ascending within each commanded range. */
      readonly ranges: readonly number[]
    }
  | {
      /** Offsets of a queue with priorities that are to be handed out, in this order. */
      readonly type: 'reserved'
      readonly queue: number
      /** Pairs. */
      readonly ranges: readonly number[]
    }
  | {
      /** Messages that left their queue without a settlement. */
      readonly type: 'left'
      readonly queue: number
      readonly reason: DeathReason
      /** Pairs. */
      readonly ranges: readonly number[]
    }
  | {
      readonly type: 'purged'
      readonly queue: number
      readonly messages: number
      /** Offsets above it were not there yet. */
      readonly last: number
    }
  | {
      /** Messages have left for their queue's dead letter exchange. */
      readonly type: 'dead-lettered'
      readonly queue: number
      readonly reason: DeathReason
      readonly messages: number
    }
  | { readonly type: 'queue-created'; readonly queue: number }
  | { readonly type: 'queue-deleted'; readonly queue: number }
  /** The queue has come to its end by itself: nothing but its deletion is to come. */
  | { readonly type: 'queue-over'; readonly queue: number }
  | {
      readonly type: 'consumer-activated'
      readonly queue: number
      readonly consumer: ConsumerKey
      /** Grows from one to the next. */
      readonly activation: number
    }
  | { readonly type: 'consumer-attached'; readonly queue: number; readonly consumer: Consumer }
  | { readonly type: 'consumer-detached'; readonly queue: number; readonly consumer: Consumer }
  | { readonly type: 'marks-advanced'; readonly marks: readonly QueueMark[] }

export const done: SectionReply = { type: 'done' }

/** The reply to most publishes, one object for all of them. */
export const accepted: SectionReply = { type: 'accepted', missing: [] }

export const repeated: SectionReply = { type: 'repeated', missing: [] }

export function refused(
  code: ErrorCode,
  details: Readonly<Record<string, string | number>> = {}
): Refused {
  return { type: 'refused', code, details }
}
