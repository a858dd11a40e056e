// What a shard has to know of how a queue was declared: the rest is the business of the metadata.
import type { LengthLimit } from './length-limit.ts'

/** Where messages go that leave their queue for a reason. */
export interface DeadLetterSettings {
  /** It need not exist. */
  readonly exchange: string
  /** Null: the routing keys that the message came with. */
  readonly routingKey: string | null
}

export interface QueueSettings {
  /** Deleted when the last of its consumers goes, never if none came. */
  readonly autoDelete: boolean
  /** Log time without use after which it is deleted; 0: however long. */
  readonly expiresMs: number
  /** Log time that a message lives in it; null: for as long as it has not been consumed. */
  readonly messageTtlMs: number | null
  /** One of its consumers gets messages, and the next when that one goes. */
  readonly singleActive: boolean
  /** Null: such messages are dropped. */
  readonly deadLetter: DeadLetterSettings | null
  /** Null: any number of messages wait in it. */
  readonly lengthLimit: LengthLimit | null
  /** Its messages have priorities from 0 to this one; 0: all are alike. */
  readonly maxPriority: number
  /** How often a message may come back by a consumer's doing; null: however often. */
  readonly deliveryLimit: number | null
}

/** Those of a queue that was declared with nothing but a name. */
export const plainSettings: QueueSettings = {
  autoDelete: false,
  expiresMs: 0,
  messageTtlMs: null,
  singleActive: false,
  deadLetter: null,
  lengthLimit: null,
  maxPriority: 0,
  deliveryLimit: null
}

/** Whether its leader hands out what the log has reserved, and nothing else. */
export function isReserving({ lengthLimit, maxPriority }: QueueSettings): boolean {
  return lengthLimit !== null || maxPriority > 0
}
