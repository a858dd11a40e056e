// One consumer of an AMQP client as the load generators see it, over all sessions in which it was
// started again.
import type { SdkConsumer, SdkDelivery } from '@holdfast/testkit'
import type { AmqpSession } from './amqp-session.ts'

/** AMQP has no answer to an ack: there is no `settled` by which one could be asked for. */
export class Subscription implements SdkConsumer {
  readonly queue: string
  readonly #prefetch: number
  readonly #waiting: SdkDelivery[] = []
  #wake: () => void = () => undefined
  #cancel: () => Promise<unknown> = () => Promise.resolve()
  isEnded = false

  constructor(queue: string, prefetch: number) {
    this.queue = queue
    this.#prefetch = prefetch
  }

  /** Starts in a session; what comes when that is not the current one any more is not looked at. */
  async attach(session: AmqpSession, isCurrent: () => boolean): Promise<void> {
    const take = (delivery: SdkDelivery): void => {
      if (isCurrent()) this.#take(delivery)
    }
    const tag = await session.consume(this.queue, this.#prefetch, take)
    this.#cancel = () => session.cancel(tag)
  }

  #take(delivery: SdkDelivery): void {
    this.#waiting.push(settledSafely(delivery))
    this.#wake()
  }

  /** The session was lost, and what came in it has gone back. */
  drop(): void {
    this.#waiting.length = 0
  }

  async cancel(): Promise<void> {
    this.isEnded = true
    this.#wake()
    await this.#cancel()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<SdkDelivery> {
    for (;;) {
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
        yield next
      }
      if (this.isEnded) return
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}

/** A channel that has ended, with which the delivery has gone back, may refuse to settle it. */
function settledSafely(delivery: SdkDelivery): SdkDelivery {
  const safely = (settle: () => void): void => {
    try {
      settle()
    } catch {}
  }
  return {
    ...delivery,
    ack: () => safely(() => delivery.ack()),
    nack: (options) => safely(() => delivery.nack(options)),
    reject: () => safely(() => delivery.reject())
  }
}
