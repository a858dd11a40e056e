// One message handed to the application. Light: what the messages of a run share is kept once, and
// properties and body are decoded when they are looked at.
import type { DeliveryRun, Outcome } from '@holdfast/protocol'
import { type Properties, recordBody, recordProperties } from '@holdfast/record'

/** Whoever takes the outcome of a delivery. */
export interface DeliveryOwner {
  settle(delivery: Delivery, outcome: Outcome): void
}

/** A body that is a smaller part of what it came in is copied when it is looked at. */
const slicePartMin = 0.25

/**
 * A message from a queue. It counts against the prefetch of its consumer until it is settled with
 * `ack`, `nack` or `reject`; the first of them counts, further ones do nothing.
 *
 * @example
 * ```ts
 * for await (const delivery of consumer) {
 *   try {
 *     await handle(delivery.body, delivery.properties.headers)
 *     delivery.ack()
 *   } catch {
 *     if (delivery.redelivered) delivery.reject()
 *     else delivery.nack({ requeue: true })
 *   }
 * }
 * ```
 */
export class Delivery {
  /** Number of the message in its queue: grows, and never changes. */
  readonly offset: number
  readonly #run: DeliveryRun
  readonly #position: number
  readonly #owner: DeliveryOwner
  #body: Uint8Array | null = null
  #properties: Properties | null = null
  #isSettled = false

  /** @internal */
  constructor(owner: DeliveryOwner, run: DeliveryRun, offset: number, position: number) {
    this.#owner = owner
    this.#run = run
    this.#position = position
    this.offset = offset
  }

  /** The exchange it was published to; `''` is the default exchange. */
  get exchange(): string {
    return this.#run.exchange
  }

  get routingKey(): string {
    return this.#run.routingKey
  }

  /** How often it was handed out before; 0 the first time. */
  get attempt(): number {
    return this.#run.attempt
  }

  /** True if it may have been handed out before: after a requeue, or a failure. */
  get redelivered(): boolean {
    return this.#run.attempt > 0
  }

  /** How often it came back for a reason that counts towards a delivery limit; 0 the first time. */
  get deliveryCount(): number {
    return this.#run.deliveryCount
  }

  /**
   * The bytes that were published; the application may keep and change them. A small body is
   * copied out of what it was received in, a large one is a part of it and keeps that part alive.
   */
  get body(): Uint8Array {
    if (this.#body === null) {
      const slice = recordBody(this.#run.blob, this.#position)
      const isLarge = slice.length >= slice.buffer.byteLength * slicePartMin
      this.#body = isLarge ? slice : new Uint8Array(slice)
    }
    return this.#body
  }

  /** The body as text. Bytes that are not UTF-8 become U+FFFD. */
  text(): string {
    return new TextDecoder().decode(this.body)
  }

  /** What was published beside the body; empty if nothing was. */
  get properties(): Properties {
    this.#properties ??= recordProperties(this.#run.blob, this.#position) ?? {}
    return this.#properties
  }

  /** True after `ack`, `nack` or `reject`, and from the start for a consumer with `autoAck`. */
  get isSettled(): boolean {
    return this.#isSettled
  }

  /** The message is done with. Returns at once; sent at the end of the turn. */
  ack(): void {
    this.#settle('accepted')
  }

  /** It could not be handled: back to its place in the queue (the default), or dropped. */
  nack({ requeue = true }: { readonly requeue?: boolean } = {}): void {
    this.#settle(requeue ? 'released' : 'rejected')
  }

  /** It cannot be handled by anybody: dropped. */
  reject(): void {
    this.#settle('rejected')
  }

  #settle(outcome: Outcome): void {
    if (this.#isSettled) return
    this.#isSettled = true
    this.#owner.settle(this, outcome)
  }
}
