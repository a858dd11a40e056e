// Whoever takes what a consumer is given at the leader of its queue: a client that is connected
// here, or the gateway of one that is connected to any node.
import type { WireError } from '@holdfast/errors'
import type { DeliveryRun } from '@holdfast/protocol'

export interface Recipient {
  /** It takes nothing more for the time being; its queue is woken when it does. */
  readonly isCongested: boolean
  /** The client is behind another link, which may break and lose what the client never sees. */
  readonly isRelayed: boolean
  deliver(run: DeliveryRun): void
  settleAnswered(settleSequence: number, isDone: boolean): void
  /** The server ended a consumer: the queue is gone, or is led elsewhere. */
  cancelled(consumer: number, error: WireError): void
  /** The same consumer has attached anew, from elsewhere. */
  replaced(consumer: number): void
}
