// One batch of publishes on its way through a gateway: where it came from, and what its outcome is
// once every shard it went to has answered.
import type { WireError } from '@holdfast/errors'

/** A batch as a client sent it: consecutive sequences, one exchange and routing key. */
export interface Batch {
  readonly exchange: string
  readonly routingKey: string
  /** Further routing keys: each message goes where any of them leads, once. */
  readonly copies: readonly string[]
  readonly mandatory: boolean
  /** The client vouches that a shard that does not know its producer has none of it. */
  readonly first: boolean
  readonly firstSequence: number
  readonly lowestUnconfirmed: number
  readonly count: number
  readonly blob: Uint8Array
  /** It comes from a queue, by way of that queue's dead letter exchange. */
  readonly deadLetter?: DeadLetterWay
}

export interface DeadLetterWay {
  /** In the place of its origin's. */
  readonly producer: Producer
  /** Queues that must not take it: it would go round in a circle. */
  readonly barred: ReadonlySet<string>
}

/**
 * Who publishes: survives connections and gateways (architecture: every publish has an identity).
 */
export interface Producer {
  readonly id: Uint8Array
  readonly epoch: number
}

/** Where outcomes go; a closed session ignores them. */
export interface PublishOrigin {
  readonly vhost: string
  /** Null: who publishes repeats nothing, and its gateway's own numbers do (A9). */
  readonly producer: Producer | null
  /** Why it may not publish there; null: it may; 'wait': not known without a lease. */
  publishRefusal(exchange: string, routingKey: string): WireError | 'wait' | null
  /** Why a batch is not to be routed though it came: one before it ended what it was part of. */
  failedBefore?(batch: Batch): WireError | null
  /** All up to a sequence are on their way, in their order; told again and again. */
  routed?(upTo: number): void
  confirmed(batch: Batch): void
  failed(batch: Batch, error: WireError): void
  /** No queue took it: all that it was sent to are gone, or unknown to their shards. */
  returned(publish: Publish): void
}

/** A batch on its way. */
export interface Publish {
  readonly origin: PublishOrigin
  readonly batch: Batch
  /** This node's metadata was current after it came: 'nowhere' and 'not found' are final. */
  isFenced: boolean
  /** To be called when it is sure to go nowhere. */
  readonly tellNowhere: () => void
  /** It was a reply, and was sent to whom it is for: what is left are its copies. */
  readonly isReplied: boolean
  /** How often it was returned, and until when it is sent again. */
  returns: number
  deadlineMs: number
  /** Shards that have not answered. */
  shardsWaiting: number
  /** Queues it was sent to, less those that turned out to be gone. */
  queuesLeft: number
  /** Shards that refused it. */
  error: WireError | null
}

export function createPublish(
  origin: PublishOrigin,
  batch: Batch,
  tellNowhere: () => void
): Publish {
  const way = { shardsWaiting: 0, queuesLeft: 0, error: null }
  const state = { isFenced: false, isReplied: false, returns: 0, deadlineMs: 0 }
  return { origin, batch, tellNowhere, ...state, ...way }
}
