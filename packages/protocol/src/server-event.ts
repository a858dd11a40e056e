// What happened on a client connection, as the member sees it: checked, typed, in order.
import type { WireError } from '@holdfast/errors'
import type { Outcome } from './operations.ts'
import type { ClientRequest } from './requests.ts'

/** A client introduced itself; answer with `welcome` or `close`. */
export interface HelloEvent {
  readonly type: 'hello'
  readonly version: number
  /** 16 random bytes that outlive the connection, and the epoch that fences older ones. */
  readonly producer: Uint8Array
  readonly epoch: number
  /** For people; may be empty. */
  readonly name: string
  readonly vhost: string
  /** Null: the client says nothing of who it is. */
  readonly user: string | null
  readonly password: string | null
}

/** Answer with `respond` or `refuse`. */
export interface RequestEvent {
  readonly type: 'request'
  readonly requestId: number
  readonly request: ClientRequest
}

/** Records `firstSequence` to `firstSequence + count − 1`, valid and within the credit. */
export interface PublishEvent {
  readonly type: 'publish'
  readonly exchange: string
  readonly routingKey: string
  readonly mandatory: boolean
  /**
   * The producer vouches that a shard that does not know it has never applied anything of this
   * batch: such a shard may create the row of the producer.
   */
  readonly first: boolean
  readonly firstSequence: number
  /** Every lower sequence has its outcome at the client. */
  readonly lowestUnconfirmed: number
  readonly count: number
  /** The records, one behind the other: a slice of what was received. */
  readonly blob: Uint8Array
}

export interface SettleEvent {
  readonly type: 'settle'
  readonly settleSequence: number
  readonly consumer: number
  readonly outcome: Outcome
  /** `[first, last, attempt, …]` */
  readonly ranges: readonly number[]
}

/** The client waits for this much credit; it may be granted in parts. */
export interface WantCreditEvent {
  readonly type: 'want-credit'
  readonly bytes: number
}

/** The end: asked for by the client (null) or for a reason. Flush, then close the socket. */
export interface ClosedEvent {
  readonly type: 'closed'
  readonly error: WireError | null
}

export type ConnectionEvent =
  | HelloEvent
  | RequestEvent
  | PublishEvent
  | SettleEvent
  | WantCreditEvent
  | ClosedEvent
