// What happened on an AMQP connection, as the member sees it: checked, typed, in order.
import type { AmqpError } from './replies.ts'
import type { AmqpRequest, PublishBatch, Settlement } from './requests.ts'

/** Answer with `respond` or `refuse`. */
export interface RequestEvent {
  readonly type: 'request'
  readonly requestId: number
  /** 0: the request is the connection's. */
  readonly channel: number
  readonly request: AmqpRequest
}

/** Sequences `firstSequence` to `firstSequence + count − 1`: answer by `confirm` or `refuse…`. */
export interface PublishEvent extends PublishBatch {
  readonly type: 'publish'
  readonly channel: number
  readonly firstSequence: number
  /** Every lower sequence of this connection has its outcome. */
  readonly lowestUnconfirmed: number
}

export interface SettleEvent extends Settlement {
  readonly type: 'settle'
}

/** The end: asked for by the client (null) or for a reason. What it owned is to be let go of. */
export interface ClosedEvent {
  readonly type: 'closed'
  readonly error: AmqpError | null
}

export type AmqpEvent = RequestEvent | PublishEvent | SettleEvent | ClosedEvent
