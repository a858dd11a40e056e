// What can be asked of a shard beside publishing. All of it reaches the machine through its log;
// the leader has checked who may ask before it proposes (architecture, A6, A8).
//
// Ranges are flat arrays, ascending or not: pairs [first, last, …] of offsets, or triples
// [first, last, attempt, …] where an attempt tells one delivery of a message from another (A7).

import type { QueueSettings } from './queue/settings.ts'

/** A consumer across connections and leaders: the client's session, and its tag in it. */
export interface ConsumerKey {
  /** Hexadecimal. */
  readonly session: string
  readonly tag: string
}

/** A change of the queues of this shard, in the order of the metadata log. */
export type TopologyChange =
  | {
      readonly type: 'create-queue'
      /** Grows from change to change. */
      readonly cursor: number
      readonly queue: number
      readonly vhost: string
      readonly name: string
      /** Left out: those of a plain queue. */
      readonly settings?: QueueSettings
    }
  | { readonly type: 'delete-queue'; readonly cursor: number; readonly queue: number }

/** `unseen`: no client has seen the delivery. The message is due again, and that does not count. */
export type Outcome = 'accepted' | 'released' | 'rejected' | 'unseen'

export interface SettleCommand {
  readonly type: 'settle'
  readonly queue: number
  readonly consumer: ConsumerKey
  readonly outcome: Outcome
  /** Triples. */
  readonly ranges: readonly number[]
}

/** Deliveries that end without an outcome: they go back, redelivered and counted. */
export interface Release {
  readonly queue: number
  /** Triples. */
  readonly ranges: readonly number[]
}

export interface QueueMark {
  readonly queue: number
  /** The leader hands out offsets up to it; may be ahead of the tail. */
  readonly mark: number
}

/** Messages of one queue. */
export interface QueueRanges {
  readonly queue: number
  /** Pairs. */
  readonly ranges: readonly number[]
}

export type ShardCommand =
  | {
      readonly type: 'topology'
      /** The shard has all changes up to this cursor afterwards; those it had are skipped. */
      readonly upTo: number
      readonly changes: readonly TopologyChange[]
    }
  | {
      readonly type: 'purge-queue'
      readonly queue: number
      /** Pairs: offsets that consumers hold, which stay. */
      readonly keep: readonly number[]
    }
  | {
      /** They have reached all queues that they go to, or go nowhere. */
      readonly type: 'remove-dead-letters'
      readonly queue: number
      /** Pairs of their numbers. */
      readonly numbers: readonly number[]
    }
  | {
      readonly type: 'attach-consumer'
      readonly queue: number
      readonly consumer: ConsumerKey
      /** Unsettled deliveries at most; 0 means no bound. */
      readonly prefetch: number
      readonly autoAck: boolean
      readonly exclusive: boolean
      readonly priority: number
    }
  | {
      readonly type: 'detach-consumer'
      readonly queue: number
      readonly consumer: ConsumerKey
      /** Triples: what it held. */
      readonly release: readonly number[]
    }
  | {
      /** All consumers of a session, on all queues of the shard. */
      readonly type: 'detach-session'
      readonly session: string
      readonly releases: readonly Release[]
    }
  | SettleCommand
  | { readonly type: 'advance-marks'; readonly marks: readonly QueueMark[] }
  | {
      /**
       * Of a queue with a length limit: its leader hands out what is reserved, and nothing else.
       */
      readonly type: 'reserve-messages'
      readonly queue: number
      /** All up to it is reserved; nothing above it any longer. */
      readonly mark: number
      /** Pairs: of what has come back, these are reserved as well … */
      readonly take: readonly number[]
      /** … and these no longer. */
      readonly free: readonly number[]
    }
  | {
      /** Of a queue with priorities: the log chooses what its leader hands out. */
      readonly type: 'reserve-by-priority'
      readonly queue: number
      /** Pairs: of what is reserved, these are not any longer. */
      readonly free: readonly number[]
      /** Messages that consumers have room for beyond what is reserved then. */
      readonly room: number
    }
  | {
      /** After a change of leader: what nobody claims of the offsets up to the mark goes back. */
      readonly type: 'return-unclaimed'
      readonly queue: number
      /** Pairs. */
      readonly claimed: readonly number[]
    }
  | {
      /** Closes the queue for its deletion, or says why not; the deletion comes as topology. */
      readonly type: 'delete-queue-if'
      readonly queue: number
      readonly ifUnused: boolean
      readonly ifEmpty: boolean
      /** Pairs: what consumers hold, with which it counts as empty. */
      readonly held: readonly number[]
    }
  /** Somebody declares the queue again, or gets from it: it is in use, unless it is over. */
  | { readonly type: 'use-queue'; readonly queue: number }
  /** Of these messages, which nobody holds, those leave whose deadline has come in log time. */
  | { readonly type: 'expire-messages'; readonly queues: readonly QueueRanges[] }
  | { readonly type: 'tick' }
  | { readonly type: 'activate-version'; readonly version: number }
