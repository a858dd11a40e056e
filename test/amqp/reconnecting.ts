// A client of AMQP that outlives its nodes: connected to one of the addresses, after a loss to the
// next one, where its consumers start again. It publishes nothing twice: what was under way at a
// loss has no outcome. The addresses are those of the native protocol of a cluster of `holdfast
// dev`, which tell those of AMQP.
import { setTimeout as delay } from 'node:timers/promises'
import {
  connectionLost,
  type SdkConnect,
  type SdkConnection,
  type SdkConnectOptions,
  type SdkConsumer,
  type SdkPublishOptions
} from '@holdfast/testkit'
import type { AmqpMessage, AmqpSession, OpenSession } from './amqp-session.ts'
import { Subscription } from './subscription.ts'

const portDistance = 2_000
const retryMs = 100

function amqpUrl(address: string): string {
  const [host = '', port = ''] = address.split(':')
  return `amqp://${host}:${Number(port) - portDistance}`
}

/** An error with the code by which a publish without an outcome is known. */
class ConnectionLost extends Error {
  readonly code = connectionLost
}

class Nacked extends Error {
  readonly code = 'NACKED'
}

/** Makes of a library what a load generator connects with. */
export function reconnecting(open: OpenSession): SdkConnect {
  return async (addresses, options = {}) => {
    const client = new ReconnectingClient(open, addresses, options)
    await client.connect(addresses.length)
    return client
  }
}

class ReconnectingClient implements SdkConnection {
  readonly #open: OpenSession
  readonly #addresses: readonly string[]
  readonly #onStatus: NonNullable<SdkConnectOptions['onStatus']>
  readonly #subscriptions: Subscription[] = []
  /** Each rejects a publish that has no outcome yet. */
  readonly #pending = new Set<(error: Error) => void>()
  #attempts = 0
  #session: AmqpSession | null = null
  /** Calls that wait for the next session, in their order. */
  #waiting: (() => void)[] = []
  #isClosed = false

  constructor(open: OpenSession, addresses: readonly string[], options: SdkConnectOptions) {
    this.#open = open
    this.#addresses = addresses
    this.#onStatus = options.onStatus ?? (() => undefined)
  }

  get #address(): string {
    return this.#addresses[(this.#attempts - 1) % this.#addresses.length] ?? ''
  }

  /** Tries one address after the other. @throws what the last of so many attempts failed with. */
  async connect(attempts: number): Promise<void> {
    for (let left = attempts; !this.#isClosed; left -= 1) {
      this.#attempts += 1
      const attempt = this.#attempts
      this.#onStatus({ type: 'connecting', address: this.#address })
      try {
        const lose = (reason: string): void => this.#lose(attempt, reason)
        return this.#begin(await this.#open(amqpUrl(this.#address), lose))
      } catch (error) {
        if (left <= 1) throw error
        await delay(retryMs)
      }
    }
  }

  #begin(session: AmqpSession): void {
    if (this.#isClosed) return session.abandon()
    this.#session = session
    for (const resume of this.#waiting.splice(0)) resume()
    for (const subscription of this.#subscriptions) void this.#attach(subscription)
  }

  /** What an earlier session still says does not count. */
  #lose(attempt: number, reason: string): void {
    if (attempt !== this.#attempts || this.#session === null || this.#isClosed) return
    this.#onStatus({ type: 'lost', address: this.#address, reason })
    const session = this.#session
    this.#session = null
    for (const subscription of this.#subscriptions) subscription.drop()
    for (const reject of this.#pending) reject(new ConnectionLost(reason))
    this.#pending.clear()
    session.abandon()
    void this.connect(Number.POSITIVE_INFINITY)
  }

  async #current(): Promise<AmqpSession> {
    while (this.#session === null) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
    return this.#session
  }

  async declareQueue(name: string): Promise<unknown> {
    return (await this.#current()).declareQueue(name)
  }

  async deleteQueue(name: string): Promise<unknown> {
    return (await this.#current()).deleteQueue(name)
  }

  async declareExchange(...parameters: Parameters<SdkConnection['declareExchange']>) {
    return (await this.#current()).declareExchange(...parameters)
  }

  async bindQueue(queue: string, exchange: string, bindingKey: string): Promise<unknown> {
    return (await this.#current()).bindQueue(queue, exchange, bindingKey)
  }

  /** While there is no connection it waits, in the order of the calls. */
  async publish(
    exchange: string,
    routingKey: string,
    bytes: Uint8Array,
    { messageId }: SdkPublishOptions = {}
  ): Promise<void> {
    const session = this.#session ?? (await this.#current())
    const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    if (!(await this.#outcome(session, { exchange, routingKey, body, messageId }))) {
      throw new Nacked(`${messageId ?? 'a message'} was nacked`)
    }
  }

  /** False after a nack. @throws ConnectionLost, also where a library never says it. */
  #outcome(session: AmqpSession, message: AmqpMessage): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const settle = (end: () => void): void => {
        if (this.#pending.delete(reject)) end()
      }
      this.#pending.add(reject)
      session.publish(message).then(
        (isTaken) => settle(() => resolve(isTaken)),
        // Whatever a library calls it: the channel has ended, or is about to.
        (error: Error) => settle(() => reject(new ConnectionLost(error.message)))
      )
    })
  }

  async consume(
    queue: string,
    { prefetch = 0 }: { readonly prefetch?: number } = {}
  ): Promise<SdkConsumer> {
    await this.#current()
    const subscription = new Subscription(queue, prefetch)
    this.#subscriptions.push(subscription)
    await this.#attach(subscription)
    return subscription
  }

  async #attach(subscription: Subscription): Promise<void> {
    const session = this.#session
    if (session === null || subscription.isEnded) return
    const attempt = this.#attempts
    const { queue } = subscription
    this.#onStatus({ type: 'consumer-attached', queue, address: this.#address })
    try {
      await subscription.attach(session, () => attempt === this.#attempts)
    } catch (error) {
      this.#lose(attempt, `consuming ${queue}: ${error instanceof Error ? error.message : error}`)
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#session?.close()
  }
}
