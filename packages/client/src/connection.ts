// The connection as the application sees it. It puts the parts together: one link at a time carries
// publishes and requests (the primary), consumers have links to the nodes that lead their queues,
// and one timer moves everything that waits.
import { HoldfastError } from '@holdfast/errors'
import {
  type ClientRequest,
  checkInteger,
  checkKeys,
  checkName,
  type ExchangeDescription,
  type ExchangeKind,
  type ExchangeOptions,
  parseRequest,
  protocolLimits,
  type QueueDescription,
  type QueueOptions,
  type RequestResults
} from '@holdfast/protocol'
import { type HeaderValue, type Properties, utf8Encode } from '@holdfast/record'
import { type Platform, realPlatform } from './clock.ts'
import { type ConsumeOptions, Consumer } from './consumer.ts'
import type { ResolvedOptions } from './options.ts'
import { Session } from './session.ts'
import type { Dial } from './wire.ts'

export interface PublishOptions extends Properties {
  /** Reject with MESSAGE_UNROUTABLE if no queue takes the message. Default false. */
  readonly mandatory?: boolean
  /**
   * Milliseconds after which the message expires in its queues, unless a consumer holds it then:
   * the property `expiration` as a number.
   */
  readonly ttlMs?: number
}

export interface CloseOptions {
  /** How long to wait for confirms and settlements. Default 10,000. */
  readonly timeoutMs?: number
}

type BindingArguments = Readonly<Record<string, HeaderValue>>

const noOptions: PublishOptions = {}
const closeTimeoutMsDefault = 10_000
/** A timer that is set for longer fires at once. */
const closeTimeoutMsMax = 2 ** 31 - 1
const prefetchDefault = 100
const ttlRange = { min: 0, max: protocolLimits.messageTtlMsMax }
const priorityRange = { min: -(2 ** 31), max: 2 ** 31 - 1 }

/**
 * A connection to a cluster. Made by `connect`; survives the death of nodes. Every call that fails
 * rejects with a `HoldfastError`; decide on its `code`.
 *
 * @example
 * ```ts
 * const connection = await connect(['127.0.0.1:7672', '127.0.0.1:7682', '127.0.0.1:7692'])
 * await connection.declareQueue('orders')
 * await connection.publish('', 'orders', 'hello', { messageId: 'm-1' })
 * await connection.close()
 * ```
 */
export class Connection {
  readonly #session: Session
  #consumers = 0

  /** @internal */
  constructor(session: Session) {
    this.#session = session
  }

  /** True while a node serves publishes and requests. */
  get isConnected(): boolean {
    return this.#session.isConnected
  }

  /** Id of the node that does, or null. */
  get node(): number | null {
    return this.#session.node
  }

  /** Publishes without an outcome. */
  get unconfirmed(): number {
    return this.#session.publisher.pendingMessages
  }

  /**
   * Publishes a message; resolves when it is on a majority of the replicas of every queue it went
   * to. The body is copied at once. A text is sent as UTF-8. Calls of one turn travel together, so
   * do not await each one before the next where throughput matters. `''` is the default exchange,
   * whose routing key is the name of a queue.
   *
   * Rejects with MESSAGE_TOO_LARGE above 16 MiB, with PUBLISH_OUTCOME_UNKNOWN after
   * `publishTimeoutMs`, with MESSAGE_UNROUTABLE if `mandatory`, with LIMIT_REACHED when 2,000,000
   * messages or 1 GiB wait.
   */
  publish(
    exchange: string,
    routingKey: string,
    body: Uint8Array | string,
    options: PublishOptions = noOptions
  ): Promise<void> {
    try {
      return this.#session.publish({
        exchange,
        routingKey,
        isMandatory: options.mandatory === true,
        properties: options === noOptions ? null : propertiesOf(options),
        body: bytesOf(body)
      })
    } catch (error) {
      return rejected(error)
    }
  }

  /**
   * Declares a durable, replicated queue. One that exists with the same options is left alone, and
   * counts as used. For an empty name one is made, which is what this resolves with.
   */
  async declareQueue(name: string, options: QueueOptions = {}): Promise<{ readonly name: string }> {
    const given = name === '' ? this.#session.newQueueName() : name
    return this.#request({ type: 'declare-queue', name: given, options })
  }

  /** Deletes a queue and its bindings. Resolves with the number of messages that went with it. */
  async deleteQueue(
    name: string,
    options: { ifUnused?: boolean; ifEmpty?: boolean } = {}
  ): Promise<{ readonly messages: number }> {
    checkKeys('deletion', options, ['ifUnused', 'ifEmpty'])
    const { ifUnused = false, ifEmpty = false } = options
    return this.#request({ type: 'delete-queue', name, ifUnused, ifEmpty })
  }

  /** Removes the messages of a queue that nobody holds. */
  async purgeQueue(name: string): Promise<{ readonly messages: number }> {
    return this.#request({ type: 'purge-queue', name })
  }

  async inspectQueue(name: string): Promise<QueueDescription> {
    return this.#request({ type: 'inspect-queue', name })
  }

  async declareExchange(
    name: string,
    kind: ExchangeKind,
    options: ExchangeOptions = {}
  ): Promise<void> {
    await this.#request({ type: 'declare-exchange', name, kind, options })
  }

  async inspectExchange(name: string): Promise<ExchangeDescription> {
    return this.#request({ type: 'inspect-exchange', name })
  }

  async deleteExchange(name: string, options: { ifUnused?: boolean } = {}): Promise<void> {
    checkKeys('deletion', options, ['ifUnused'])
    const { ifUnused = false } = options
    await this.#request({ type: 'delete-exchange', name, ifUnused })
  }

  /** From when this resolves, every node routes by the binding. `*` is one word, `#` any number. */
  async bindQueue(
    queue: string,
    exchange: string,
    bindingKey = '',
    bindingArguments: BindingArguments = {}
  ): Promise<void> {
    const binding = { queue, exchange, bindingKey, arguments: bindingArguments }
    await this.#request({ type: 'bind-queue', ...binding })
  }

  async unbindQueue(
    queue: string,
    exchange: string,
    bindingKey = '',
    bindingArguments: BindingArguments = {}
  ): Promise<void> {
    const binding = { queue, exchange, bindingKey, arguments: bindingArguments }
    await this.#request({ type: 'unbind-queue', ...binding })
  }

  /** Messages of exchange `source` also go through exchange `destination`. */
  async bindExchange(
    destination: string,
    source: string,
    bindingKey = '',
    bindingArguments: BindingArguments = {}
  ): Promise<void> {
    const binding = { destination, source, bindingKey, arguments: bindingArguments }
    await this.#request({ type: 'bind-exchange', ...binding })
  }

  async unbindExchange(
    destination: string,
    source: string,
    bindingKey = '',
    bindingArguments: BindingArguments = {}
  ): Promise<void> {
    const binding = { destination, source, bindingKey, arguments: bindingArguments }
    await this.#request({ type: 'unbind-exchange', ...binding })
  }

  /** Starts to consume a queue. Resolves when attached; deliveries may wait already. */
  async consume(queue: string, options: ConsumeOptions = {}): Promise<Consumer> {
    const given = options as Readonly<Record<string, unknown>>
    checkName('queue', queue)
    checkKeys('consumer', given, ['prefetch', 'autoAck', 'exclusive', 'priority', 'tag'])
    this.#consumers += 1
    const settings = {
      queue,
      tag: checkName('consumer', options.tag ?? `consumer-${this.#consumers}`),
      prefetch: checkInteger('consumer', { prefetch: prefetchDefault, ...given }, 'prefetch', {
        min: 1,
        max: protocolLimits.prefetchMax
      }),
      autoAck: options.autoAck === true,
      exclusive: options.exclusive === true,
      priority: checkInteger('consumer', { priority: 0, ...given }, 'priority', priorityRange)
    }
    return new Consumer(await this.#session.consume(settings))
  }

  /**
   * Sends what was settled, awaits confirms and settlements, and closes. What has no outcome by
   * then rejects. Deliveries that are still held go back to their queues. Further calls do nothing
   * more.
   */
  async close(options: CloseOptions = {}): Promise<void> {
    checkKeys('closing', { ...options }, ['timeoutMs'])
    const { timeoutMs = closeTimeoutMsDefault } = options
    checkInteger('closing', { timeoutMs }, 'timeoutMs', { min: 0, max: closeTimeoutMsMax })
    await this.#session.close(timeoutMs)
  }

  /** Checks as a node would, so that a mistake is refused here, then sends. */
  async #request<Request extends ClientRequest>(
    request: Request
  ): Promise<RequestResults[Request['type']]> {
    const { type, ...args } = request
    const result = await this.#session.request(parseRequest(type, args) as Request)
    // As it was decoded it has no prototype, which applications would stumble over.
    return result === null ? result : { ...result }
  }
}

/** @internal Connects with the dial function of a platform. */
export async function connectWith(
  dial: Dial,
  addresses: readonly string[],
  options: ResolvedOptions,
  platform: Platform = realPlatform
): Promise<Connection> {
  const session = new Session(dial, addresses, options, platform)
  await session.start()
  return new Connection(session)
}

function propertiesOf(options: PublishOptions): Properties | null {
  const { mandatory: _, ttlMs, ...properties } = options
  if (ttlMs !== undefined) {
    checkInteger('message', { ttlMs }, 'ttlMs', ttlRange)
    return { ...properties, expiration: `${ttlMs}` }
  }
  for (const _name in properties) return properties
  return null
}

function bytesOf(body: Uint8Array | string): Uint8Array {
  if (typeof body === 'string') return utf8Encode(body)
  if (body instanceof Uint8Array) return body
  const reason = 'the body must be a Uint8Array or a text'
  throw new HoldfastError('REQUEST_INVALID', { reason })
}

/** A rejection that ends nobody who does not look at it. */
function rejected(error: unknown): Promise<never> {
  const promise = Promise.reject(HoldfastError.from(error))
  promise.catch(() => undefined)
  return promise
}
