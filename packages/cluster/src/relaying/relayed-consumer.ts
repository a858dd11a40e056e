// A consumer at its queue's leader whose client is connected to any node: what it is given goes to
// the gateway there, as far as the client takes it. A client that does not read holds up nothing
// but its own deliveries.
import type { WireError } from '@holdfast/errors'
import type { DeliveryRun } from '@holdfast/protocol'
import type { Core } from '../core.ts'
import type { Consumer } from '../delivering/consumer.ts'
import type { Recipient } from '../delivering/recipient.ts'
import { limits } from '../limits.ts'
import type { RelayedTo } from '../peers/peer-message.ts'
import type { RelayedClient, Waiter } from './relayed-client.ts'
import { tell } from './tell.ts'

export interface RelayedOptions {
  readonly prefetch: number
  readonly priority: number
  /** Called when the attachment is at its end. */
  readonly forget: (consumer: RelayedConsumer) => void
}

export class RelayedConsumer implements Recipient, Waiter {
  readonly isRelayed = true
  readonly node: number
  readonly to: RelayedTo
  readonly client: RelayedClient
  readonly consumer: Consumer
  readonly #core: Core
  readonly #options: RelayedOptions
  #untakenBytes = 0
  /** The log has the attachment. */
  isAttached = false
  /** Released, or stopped, before it was attached. */
  isReleased = false
  isStopped = false
  /** When the link to its gateway broke, which may attach it again for some time. */
  suspendedSinceMs: number | null = null
  /** Its gateway was heard before there was a link to it, and attaches it anew once there is. */
  isEarly = false

  constructor(
    core: Core,
    node: number,
    to: RelayedTo,
    client: RelayedClient,
    options: RelayedOptions
  ) {
    this.#core = core
    this.node = node
    this.to = to
    this.client = client
    this.#options = options
    const { prefetch, priority } = options
    const { attachment: number, consumer: key } = to
    const ways = { prefetch, autoAck: false, priority }
    const counts = { unsettled: 0, mistaken: 0 }
    this.consumer = { key, recipient: this, number, ...ways, ...counts }
    client.consumers++
  }

  get untakenBytes(): number {
    return this.#untakenBytes
  }

  get isCongested(): boolean {
    return this.suspendedSinceMs !== null || this.#isFull || !this.client.admits(this)
  }

  get #isFull(): boolean {
    return this.#untakenBytes >= limits.relayedBytesMax
  }

  wake(): void {
    this.#core.deliveries.find(this.to.group, this.to.queue)?.wake()
  }

  deliver(run: DeliveryRun): void {
    this.#count(run.blob.length)
    tell(this.#core, this.node, { type: 'deliver', run })
  }

  /** The client has taken so many bytes of what it was given. */
  taken(bytes: number): void {
    const wasFull = this.#isFull
    this.#count(-Math.min(bytes, this.#untakenBytes))
    if (wasFull) this.wake()
  }

  #count(bytes: number): void {
    this.#untakenBytes += bytes
    this.client.count(bytes)
  }

  settleAnswered(settleSequence: number, isDone: boolean): void {
    tell(this.#core, this.node, { type: 'relay-settled', settleSequence, isDone })
  }

  cancelled(attachment: number, error: WireError): void {
    this.#options.forget(this)
    tell(this.#core, this.node, { type: 'relay-ended', attachment, error })
  }

  replaced(): void {
    this.#options.forget(this)
  }

  /** Nothing is on its way to the client any more. */
  end(): void {
    this.client.leave(this)
    this.#count(-this.#untakenBytes)
    this.client.consumers--
  }
}
