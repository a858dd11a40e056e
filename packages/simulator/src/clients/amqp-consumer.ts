// A consumer of the simulated world that speaks AMQP 0-9-1: at any node, wherever its queue is led.
// One that is idle asks for single messages.
import type { MethodOf } from '@holdfast/amqp'
import { utf8Decode } from '@holdfast/record'
import type { World } from '../world/world.ts'
import { AmqpClient } from './amqp-client.ts'
import { AmqpHand } from './amqp-hand.ts'
import type { AmqpSaid } from './amqp-wire.ts'
import type { ConsumerOptions } from './consumer-options.ts'
import { nameOf } from './names.ts'

/** Of its consumers: one, or two that share the prefetch of the channel. */
const tags = ['c', 'd'] as const
/** Who asks for single messages: how often, and how many it has at once. */
const askMsMax = 150
const heldMax = 8
/** Of a settlement that is for all that came before, too. */
const multipleChance = 0.25
/** Of one that closes its channel, and opens it again, where it would ask, or cancel. */
const askerCloseChance = 0.05
const closeChance = 0.25
/** Of one that changes the prefetch of its channel, where it would cancel. */
const changeChance = 0.3
/** Of one that gives back all it holds, where it would settle. */
const recoverChance = 0.03

export class AmqpConsumer extends AmqpClient {
  override readonly role = 'consumer'
  readonly #options: ConsumerOptions
  readonly #hand: AmqpHand
  /** Grows with each channel. */
  #life = 0
  /** The server has not answered: what comes until then is not held any more. */
  #unanswered: 'channel.close' | 'basic.recover' | null = null
  /** What it may hold; and what it has asked for without an answer. */
  #limit = 0
  #limitAsked: number | null = null
  #slowness = 1
  /** At the end everything is accepted, so that the queue empties. */
  isDraining = false

  constructor(world: World, name: string, options: ConsumerOptions) {
    super(world, name)
    this.#hand = new AmqpHand(world.audit.kept, () => world.schedule.nowMs)
    this.#options = options
  }

  get queue(): string {
    return this.#options.queue
  }

  get prefetch(): number {
    return this.#options.prefetch
  }

  get heldCount(): number {
    return this.#hand.size
  }

  override slowDown(factor: number): void {
    this.#slowness = factor
  }

  get #isGlobal(): boolean {
    return this.#options.isGlobal === true
  }

  get #noAck(): boolean {
    return this.#options.autoAck === true
  }

  protected opened(): void {
    if (this.#options.isIdle === true) return this.#askLater()
    this.#limitTo(this.prefetch)
    for (const tag of this.#isGlobal ? tags : tags.slice(0, 1)) this.#consume(tag)
  }

  #limitTo(prefetchCount: number): void {
    this.#limitAsked = prefetchCount
    this.send({ type: 'basic.qos', prefetchSize: 0, prefetchCount, global: this.#isGlobal })
  }

  /** What it holds it keeps while it asks for more. */
  #askLater(): void {
    const life = this.#life
    const longestMs = this.isDraining ? askMsMax : askMsMax * this.world.leisure
    this.world.schedule.after(this.random.integer(1, longestMs), () => {
      if (life !== this.#life || this.isStopped) return
      if (!this.isDraining && this.random.chance(askerCloseChance)) return this.#close()
      if (this.#hand.size >= heldMax) return this.#askLater()
      const queue = nameOf(this.queue)
      this.send({ type: 'basic.get', ticket: 0, queue, noAck: this.#noAck })
    })
  }

  #consume(consumerTag: string): void {
    const { priority: value = 0 } = this.#options
    this.send({
      type: 'basic.consume',
      ticket: 0,
      queue: nameOf(this.queue),
      consumerTag,
      noLocal: false,
      noAck: this.#noAck,
      exclusive: false,
      nowait: false,
      arguments: new Map([['x-priority', { type: 'I', value }]])
    })
  }

  protected lost(): void {
    this.#life += 1
    this.#unanswered = null
    this.#limitAsked = null
    this.#hand.clear()
  }

  /** What it holds is back in the queue when that is answered. */
  #close(): void {
    this.lost()
    this.#unanswered = 'channel.close'
    const fields = { replyCode: 200, replyText: '', classId: 0, methodId: 0 }
    this.send({ type: 'channel.close', ...fields })
  }

  protected said({ method, content }: AmqpSaid): void {
    if (this.#unanswered === 'channel.close' && method.type !== 'channel.close-ok') return
    switch (method.type) {
      case 'channel.close-ok':
        this.#unanswered = null
        this.world.reached('amqp client: closed its channel')
        return this.send({ type: 'channel.open', outOfBand: '' })
      case 'basic.qos-ok':
        this.#limit = this.#limitAsked ?? this.#limit
        this.#limitAsked = null
        return
      case 'basic.deliver':
        this.#delivered(method, method.consumerTag, content)
        return this.#checkLimit(method.consumerTag)
      case 'basic.cancel':
        return this.world.fail(`${this.name} was cancelled`)
      case 'basic.cancel-ok':
        return this.#consume(method.consumerTag)
      case 'basic.get-ok':
        this.#delivered(method, null, content)
        return this.#askLater()
      case 'basic.get-empty':
        return this.#askLater()
      case 'basic.recover-ok':
        this.#unanswered = null
        return
      case 'basic.consume-ok':
        return this.#started(method.consumerTag)
      default:
    }
  }

  #started(tag: string): void {
    this.#hand.started(tag)
    if (this.#options.isRestless === true && tag === tags[0]) this.#tire()
  }

  /** What it holds it keeps, and settles while it does not consume. */
  #tire(): void {
    const life = this.#life
    this.world.schedule.after(this.random.integer(200, 3_000 * this.world.leisure), () => {
      if (life !== this.#life || this.isDraining) return
      if (this.random.chance(closeChance)) return this.#close()
      const mayChange = this.#isGlobal && this.#limitAsked === null
      if (!mayChange || !this.random.chance(changeChance)) {
        return this.send({ type: 'basic.cancel', consumerTag: tags[0], nowait: false })
      }
      this.#limitTo(this.random.integer(1, this.prefetch))
      this.#tire()
    })
  }

  #delivered(
    method: MethodOf<'basic.deliver'> | MethodOf<'basic.get-ok'>,
    consumer: string | null,
    content: AmqpSaid['content']
  ): void {
    const { history, workMsMax = 60 } = this.#options
    const { deliveryTag } = method
    const body = utf8Decode(content?.body ?? new Uint8Array(0))
    history.seen(this.queue, body, this.told(method, content), this.name)
    if (this.#noAck || this.#unanswered !== null) return
    const { name: client, node, queue } = this
    const ended = this.world.audit.kept.got({ client, node, queue, body })
    this.#hand.add(deliveryTag, { consumer, queue, body, ended })
    const life = this.#life
    const longestMs = this.isDraining ? 2 : workMsMax * this.#slowness
    this.world.schedule.after(this.random.integer(0, longestMs), () => {
      if (life === this.#life && this.#hand.has(deliveryTag)) this.#settle(deliveryTag)
    })
  }

  /** What it has settled the server may count yet, and never the other way round. */
  #checkLimit(tag: string): void {
    if (this.#noAck || this.#hand.size <= this.#limit) return
    const count = this.#hand.countOf(tag, this.#isGlobal)
    if (count > this.#limit) this.world.fail(`${this.name} got ${count} of ${this.#limit}`)
  }

  #settle(deliveryTag: number): void {
    const draw = this.isDraining ? 1 : this.random.fraction()
    // Where the channel has a limit, what waited for that may come before the answer, and is held.
    if (!this.#isGlobal && draw < recoverChance) return this.#recover()
    const multiple = this.random.chance(multipleChance)
    this.#hand.settle(deliveryTag, multiple)
    const { releaseChance = 0.1, rejectChance = 0.05 } = this.#options
    const requeue = draw < releaseChance
    if (draw >= releaseChance + rejectChance) {
      this.send({ type: 'basic.ack', deliveryTag, multiple })
    } else if (!multiple && this.random.chance(0.5)) {
      this.send({ type: 'basic.reject', deliveryTag, requeue })
    } else this.send({ type: 'basic.nack', deliveryTag, multiple, requeue })
  }

  #recover(): void {
    this.#hand.clear()
    this.#unanswered = 'basic.recover'
    this.send({ type: 'basic.recover', requeue: true })
  }
}
