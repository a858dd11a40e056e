// A publisher of the simulated world that speaks AMQP 0-9-1, with confirms. What has none when its
// connection breaks it gives up: AMQP has no identity by which it could be sent again, and keeps
// the order of one connection only.
import { tableOf } from '@holdfast/amqp'
import { utf8Decode, utf8Encode } from '@holdfast/record'
import type { World } from '../world/world.ts'
import { AmqpClient } from './amqp-client.ts'
import type { AmqpSaid } from './amqp-wire.ts'
import { bodyOf } from './names.ts'
import { type PublisherOptions, type Route, type Variant, variantOf } from './publisher.ts'

const openMax = 30

/** What a nack stands for: a node that takes nothing for want of disk. */
const nacked = 'DISK_LOW'

export class AmqpPublisher extends AmqpClient {
  override readonly role = 'publisher'
  readonly #options: PublisherOptions
  #routes: readonly Route[]
  /** Sequences without an outcome, by their tag on this connection. */
  readonly #open = new Map<number, number>()
  readonly #returned = new Set<number>()
  /** Grows with each connection. */
  #life = 1
  #lastSequence = 0
  #lastTag = 0
  #isReady = false
  left: number

  constructor(world: World, name: string, options: PublisherOptions) {
    super(world, name)
    this.#options = options
    this.#routes = options.routes
    this.left = options.messages
    this.#go()
  }

  get isDone(): boolean {
    return this.left === 0 && this.#open.size === 0
  }

  /** So many new messages, by these routes. */
  begin(routes: readonly Route[], messages: number): void {
    this.#routes = routes
    this.left = messages
  }

  /** No new messages; what was sent is still seen to. */
  finish(): void {
    this.left = 0
  }

  /** As the history knows it. */
  get #publisher(): string {
    return `${this.name}.${this.#life}`
  }

  protected opened(): void {
    this.send({ type: 'confirm.select', nowait: false })
  }

  protected lost(): void {
    const { history } = this.#options
    for (const sequence of this.#open.values()) history.abandoned(this.#publisher, sequence)
    this.#life += 1
    this.#lastSequence = 0
    this.#open.clear()
    this.#returned.clear()
    this.#lastTag = 0
    this.#isReady = false
  }

  protected said({ method, content }: AmqpSaid): void {
    switch (method.type) {
      case 'confirm.select-ok':
        this.#isReady = true
        return
      case 'basic.return': {
        const [message = ''] = utf8Decode(content?.body ?? new Uint8Array(0)).split('|')
        this.#returned.add(Number(message.split(':')[1]))
        return
      }
      case 'basic.ack':
      case 'basic.nack':
        return this.#confirmed(method.deliveryTag, method.multiple, method.type === 'basic.ack')
      default:
    }
  }

  #confirmed(tag: number, multiple: boolean, isTaken: boolean): void {
    const { history } = this.#options
    const tags = multiple ? [...this.#open.keys()].filter((open) => open <= tag) : [tag]
    for (const one of tags) {
      const sequence = this.#open.get(one)
      if (sequence === undefined) {
        this.world.fail(`${this.name}: an outcome for ${one}, which waits for none`)
        continue
      }
      this.#open.delete(one)
      if (!isTaken) history.failed(this.#publisher, sequence, nacked)
      else if (this.#returned.delete(sequence)) {
        history.failed(this.#publisher, sequence, 'MESSAGE_UNROUTABLE')
      } else history.confirmed(this.#publisher, sequence)
    }
  }

  #go(): void {
    this.world.schedule.after(this.random.integer(2, this.#options.gapMsMax ?? 120), () => {
      if (this.isStopped) return
      const count = Math.min(this.left, this.random.integer(1, this.#options.batchMax ?? 6))
      const route = this.random.pickAny(this.#routes)
      const mayPublish = this.#isReady && this.#open.size < openMax
      if (mayPublish && route !== undefined) this.#publish(route, count)
      this.#go()
    })
  }

  #publish(route: Route, count: number): void {
    const { exchange, routingKey, mandatory } = route
    for (let i = 0; i < count; i += 1) {
      const sequence = ++this.#lastSequence
      this.left -= 1
      const variant = variantOf(route, sequence)
      const { queues } = variant ?? route
      this.#options.history.published(
        this.#publisher,
        sequence,
        queues,
        mandatory ? route.refusal : null
      )
      this.#open.set(++this.#lastTag, sequence)
      const headers = headersOf(route, variant)
      const message = `${this.#publisher}:${sequence}`
      const properties = { headers, messageId: message }
      this.#options.history.labels.published(message, { exchange, routingKey, properties })
      const raw = { headers: tableOf(headers), messageId: message }
      this.wire?.publish(exchange, routingKey, mandatory, raw, utf8Encode(bodyOf(message)))
    }
    this.pump()
  }
}

function headersOf({ copies = [] }: Route, variant: Variant | null) {
  return { ...variant?.headers, ...(copies.length === 0 ? {} : { CC: copies }) }
}
