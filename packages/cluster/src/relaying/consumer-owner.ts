// Whose a consumer is, and how it was asked for.
import type { WireError } from '@holdfast/errors'
import type { DeliveryRun } from '@holdfast/protocol'
import type { ConsumerKey } from '../delivering/consumer.ts'

/** The client's connection. */
export interface ConsumerOwner {
  /** The client does not read what it is sent. */
  readonly isCongested: boolean
  /** What comes for one that was stopped is to be given back. */
  deliver(run: DeliveryRun): void
  /**
   * The queue is gone, or it may not be consumed from any more; or it only asked for messages, and
   * holds none: its next leader would not know it, nor tell it that the queue is gone.
   */
  consumerEnded(number: number, error: WireError): void
}

export interface ConsumerSettings {
  /** On the client's connection. */
  readonly number: number
  readonly key: ConsumerKey
  readonly prefetch: number
  readonly exclusive: boolean
  readonly priority: number
  /** Deliveries are settled as they go out. */
  readonly autoAck: boolean
  /** It gets nothing but what it asks for. */
  readonly isIdle: boolean
}

/** Of a consumer that leaves: nobody gets what comes for it, and it goes back. */
export const nobodysConsumer: ConsumerOwner = {
  isCongested: false,
  deliver: () => undefined,
  consumerEnded: () => undefined
}
