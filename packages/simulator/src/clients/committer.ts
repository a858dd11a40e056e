// A client of AMQP that has a channel for each purpose, as some libraries do: it binds a queue, and
// without waiting for that publishes by the new binding on another channel, and on a third one, in
// a transaction, straight to the queue. What is published on one connection comes in its order: not
// the transaction first, though it is the first of which it is known where it goes.
import { utf8Encode } from '@holdfast/record'
import type { World } from '../world/world.ts'
import { AmqpClient, type AmqpEnd } from './amqp-client.ts'
import type { AmqpSaid } from './amqp-wire.ts'
import type { History } from './history.ts'
import { bodyOf } from './names.ts'

const channels = { publishes: 1, transactions: 2, bindings: 3 } as const
const channelCount = Object.keys(channels).length

/** A queue, and a binding of it that nobody else makes. */
export interface Errand {
  readonly queue: string
  readonly exchange: string
  readonly bindingKey: string
  /** Called at the end of it, also where nobody will know how that was. */
  readonly done: () => void
}

export class Committer extends AmqpClient {
  override readonly role = 'publisher'
  readonly #history: History
  #openChannels = 0
  #errand: Errand | null = null
  /** Of the two messages of the errand, those that have no outcome. */
  readonly #open = new Set<number>()
  /** Grows with each errand. */
  #count = 0

  constructor(world: World, name: string, history: History) {
    super(world, name)
    this.#history = history
  }

  get isIdle(): boolean {
    return this.#errand === null
  }

  /** False: it has no connection. */
  run(errand: Errand): boolean {
    if (this.#openChannels < channelCount) return false
    this.#errand = errand
    this.#count += 1
    const { queue, exchange, bindingKey } = errand
    const binding = { queue, exchange, routingKey: bindingKey, arguments: new Map() }
    this.wire?.send({ type: 'queue.bind', ticket: 0, ...binding, nowait: true }, channels.bindings)
    this.#publish(1, exchange, bindingKey, channels.publishes)
    this.#publish(2, '', queue, channels.transactions)
    this.wire?.send({ type: 'tx.commit' }, channels.transactions)
    this.pump()
    return true
  }

  /** As the history knows it. */
  get #publisher(): string {
    return `${this.name}.${this.#count}`
  }

  #publish(sequence: number, exchange: string, routingKey: string, channel: number): void {
    const { queue = '' } = this.#errand ?? {}
    this.#open.add(sequence)
    this.#history.published(this.#publisher, sequence, [queue])
    const body = utf8Encode(bodyOf(`${this.#publisher}:${sequence}`))
    this.wire?.publish(exchange, routingKey, false, {}, body, channel)
  }

  /** The disk of a leader is full. */
  protected override isExpected(end: AmqpEnd): boolean {
    return end.replyCode === 506 || super.isExpected(end)
  }

  /** A channel more. */
  protected opened(): void {
    this.#openChannels += 1
    if (this.#openChannels === channels.publishes) {
      this.wire?.send({ type: 'confirm.select', nowait: true })
      this.wire?.send({ type: 'channel.open', outOfBand: '' }, channels.transactions)
    } else if (this.#openChannels === channels.transactions) {
      this.wire?.send({ type: 'tx.select' }, channels.transactions)
      this.wire?.send({ type: 'channel.open', outOfBand: '' }, channels.bindings)
    }
  }

  protected lost(): void {
    this.#openChannels = 0
    for (const sequence of this.#open) this.#history.abandoned(this.#publisher, sequence)
    this.#open.clear()
    this.#done()
  }

  #done(): void {
    const errand = this.#errand
    this.#errand = null
    errand?.done()
  }

  protected said({ method }: AmqpSaid): void {
    switch (method.type) {
      case 'basic.ack':
        return this.#decided(1)
      case 'basic.nack':
        this.#history.failed(this.#publisher, 1, 'DISK_LOW')
        return this.#decided(1, true)
      case 'tx.commit-ok':
        return this.#decided(2)
      case 'queue.unbind-ok':
        return this.#done()
      default:
    }
  }

  #decided(sequence: number, isRefused = false): void {
    this.#open.delete(sequence)
    if (!isRefused) this.#history.confirmed(this.#publisher, sequence)
    if (this.#errand === null || this.#open.size > 0) return
    const { queue, exchange, bindingKey } = this.#errand
    const binding = { queue, exchange, routingKey: bindingKey, arguments: new Map() }
    this.wire?.send({ type: 'queue.unbind', ticket: 0, ...binding }, channels.bindings)
  }
}
