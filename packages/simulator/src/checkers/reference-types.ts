// What the plain model of a shard consists of: maps, sets and numbers.
import type { QueueSettings, SectionReply } from '@holdfast/broker'

export interface ReferenceMessage {
  readonly entry: number
  readonly sizeBytes: number
  /** Log time at which it may expire. */
  readonly deadlineMs: number
  readonly priority: number
  attempt: number
  /** Where messages are reserved: it is for consumers, or in their hands. */
  isOut: boolean
  deliveryCount: number
}

/** A record as it was published. */
export interface ReferenceRecord {
  readonly sizeBytes: number
  /** How long it lives by its own word; infinite if it says nothing. */
  readonly ttlMs: number
  /** That it asks for. */
  readonly priority: number
  /** Its bytes, as text. */
  readonly body: string
}

export interface ReferenceConsumer {
  readonly exclusive: boolean
  readonly priority: number
}

export interface ReferenceQueue {
  readonly name: string
  readonly vhost: string
  /** Live messages by offset: ready, or delivered and open. */
  readonly messages: Map<number, ReferenceMessage>
  /** By offset: the body of whatever was put there, however long ago it ended. */
  readonly bodies: Map<number, string>
  /** By number: the bodies of those that have left for the dead letter exchange. */
  readonly dead: Map<number, string>
  deadTail: number
  tail: number
  mark: number
  closingUntilMs: number
  readonly settings: QueueSettings
  /** Log time of its last use. */
  usedMs: number
  /** It has come to its end by itself. */
  isOver: boolean
  /** By session and tag, in the order of attachment. */
  readonly consumers: Map<string, ReferenceConsumer>
  /** Of those, the one that gets messages where only one may. */
  active: string | null
}

export interface ReferenceProducer {
  epoch: number
  applied: Set<number>
  /** Of those, what a full queue refused. */
  refused: Set<number>
  lowest: number
  lastMs: number
}

export interface ReferenceGateway {
  epoch: number
  next: number
  lastMs: number
  replies: Map<number, SectionReply>
}
