// What the application sees of a consumer: something to iterate over, and three verbs.
import type { ConsumerSession } from './consumer-session.ts'
import type { Delivery } from './delivery.ts'

export interface ConsumeOptions {
  /** Unsettled deliveries this consumer may have at a time: 1 to 65,535. Default 100. */
  readonly prefetch?: number
  /**
   * Settle each delivery as it is taken out of the iteration, instead of by `ack`. What the
   * application loses between that and its end is lost. Default false.
   */
  readonly autoAck?: boolean
  /** Refuse to share the queue with other consumers. Default false. */
  readonly exclusive?: boolean
  /**
   * Among the consumers of a queue, those of a higher priority get messages first, for as long as
   * they have room for some. An integer of 32 bits. Default 0.
   */
  readonly priority?: number
  /** Name of the consumer, unique on this connection. Default: one is made up. */
  readonly tag?: string
}

/**
 * Deliveries of one queue, as an async iteration. It outlives failovers: it attaches again to
 * whichever node leads the queue, and deliveries that the application holds stay valid. Leaving
 * the loop with
 * `break` only pauses; `cancel` ends it.
 *
 * @example
 * ```ts
 * const consumer = await connection.consume('orders', { prefetch: 100 })
 * for await (const delivery of consumer) {
 *   await handle(delivery.body)
 *   delivery.ack()
 *   if (isEnough()) break
 * }
 * await consumer.settled()
 * await consumer.cancel()
 * ```
 */
export class Consumer implements AsyncIterable<Delivery> {
  readonly #session: ConsumerSession

  /** @internal */
  constructor(session: ConsumerSession) {
    this.#session = session
  }

  get queue(): string {
    return this.#session.settings.queue
  }

  get tag(): string {
    return this.#session.settings.tag
  }

  /**
   * The deliveries, in the order in which they came. Several loops share them. The iteration ends
   * when the consumer is cancelled or the connection closes, and throws when the broker ends it
   * for good, for instance with QUEUE_NOT_FOUND after the queue was deleted.
   */
  [Symbol.asyncIterator](): AsyncIterator<Delivery, undefined> {
    const session = this.#session
    const loop = {}
    return {
      next: () => session.queue.next(loop, () => session.take()),
      // Deliveries that wait, and those to come, are for the next loop.
      return: () => {
        session.queue.leave(loop)
        return Promise.resolve({ value: undefined, done: true })
      }
    }
  }

  /**
   * Resolves when everything settled so far is committed by the broker, across failovers, or was
   * told to `onStatus` as `settlement-failed`: of that, what came too late comes again, flagged.
   * Rejects if the consumer ends before: with what ended it, or with CONNECTION_CLOSED.
   */
  settled(): Promise<void> {
    return this.#session.settled()
  }

  /**
   * Ends the consumer: sends what was settled, waits for its commit, and gives everything else
   * back to the queue. Deliveries that are still held can no longer be settled. Rejects as
   * `settled` does. Further calls do nothing more, and wait for the first.
   */
  cancel(): Promise<void> {
    return this.#session.cancel()
  }
}
