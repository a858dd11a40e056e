// How much may wait in a queue. What counts is what is ready: not what consumers hold, nor what is
// reserved for them because they have room for it.

/**
 * What happens to what is too much: the oldest messages that are ready leave, or the newest are
 * refused, and go to the dead letter exchange where that is said (RabbitMQ).
 */
export type Overflow = 'drop-head' | 'reject-publish' | 'reject-publish-dlx'

export const overflows: readonly Overflow[] = ['drop-head', 'reject-publish', 'reject-publish-dlx']

export interface LengthLimit {
  /** Null: any number of messages. */
  readonly messages: number | null
  /** Of their bodies together; null: any number. */
  readonly bytes: number | null
  readonly overflow: Overflow
}

/** Messages that are ready, or would be. */
export interface Length {
  readonly messages: number
  /** Of their bodies. */
  readonly bytes: number
}

export function isTooLong(limit: LengthLimit, { messages, bytes }: Length): boolean {
  if (limit.messages !== null && messages > limit.messages) return true
  return limit.bytes !== null && bytes > limit.bytes
}
