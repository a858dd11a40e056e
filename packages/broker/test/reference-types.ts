// The state of the reference shard: plain arrays, sets and maps.
import type { ConsumerKey, DeathReason, QueueSettings, SectionReply } from '../src/index.ts'

export interface ReferenceMessage {
  readonly offset: number
  readonly record: Uint8Array
  readonly entry: number
  readonly exchange: string
  readonly routingKey: string
  /** Log time at which it may expire. */
  readonly deadlineMs: number
  readonly priority: number
  attempt: number
  /** Where messages are reserved: it is for consumers, or in their hands. */
  isOut: boolean
  deliveryCount: number
}

/** A message on its way to the dead letter exchange. */
export interface ReferenceDead {
  readonly number: number
  readonly message: ReferenceMessage
  readonly reason: DeathReason
  readonly timeMs: number
}

export interface ReferenceConsumer {
  readonly key: ConsumerKey
  exclusive: boolean
  priority: number
}

export interface ReferenceQueue {
  readonly id: number
  messages: ReferenceMessage[]
  dead: ReferenceDead[]
  deadTail: number
  tail: number
  mark: number
  closingUntilMs: number
  consumers: ReferenceConsumer[]
  readonly settings: QueueSettings
  usedMs: number
  /** It has come to its end by itself. */
  isOver: boolean
  active: ReferenceConsumer | null
  activation: number
}

export interface ReferenceProducer {
  epoch: number
  applied: Set<number>
  /** Those that a queue refused. */
  refused: Set<number>
  lowest: number
  lastMs: number
}

export interface ReferenceGateway {
  epoch: number
  replies: Map<number, SectionReply>
  next: number
  lastMs: number
}

export interface ReferenceLimits {
  readonly producersMax: number
  readonly producerExpiryMs: number
  readonly gatewayExpiryMs: number
  readonly closingMs: number
}
