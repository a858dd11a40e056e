// What a consumer of a client that is connected here knows of its client.
import type { WireError } from '@holdfast/errors'
import type { DeliveryRun } from '@holdfast/protocol'
import type { ConsumerKey } from '../delivering/consumer.ts'

export type Outcome = 'accepted' | 'released' | 'rejected'

/** The client's connection. */
export interface ConsumerOwner {
  /** The client does not read what it is sent. */
  readonly isCongested: boolean
  deliver(run: DeliveryRun): void
  /** The queue is gone, or it may not be consumed from any more. */
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
