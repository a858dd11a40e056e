// The state of the reference shard: plain arrays, sets and maps.
import type { ConsumerKey, QueueSettings, SectionReply } from '../src/index.ts'

export interface ReferenceMessage {
  readonly offset: number
  readonly record: Uint8Array
  readonly entry: number
  readonly exchange: string
  readonly routingKey: string
  /** Log time at which it may expire. */
  readonly deadlineMs: number
  attempt: number
  deliveryCount: number
}

export interface ReferenceConsumer {
  readonly key: ConsumerKey
  exclusive: boolean
  priority: number
}

export interface ReferenceQueue {
  readonly id: number
  messages: ReferenceMessage[]
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
