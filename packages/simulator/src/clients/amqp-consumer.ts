// A consumer of the simulated world that speaks AMQP 0-9-1: at any node, wherever its queue is led.
// One that is idle asks for single messages.
import type { MethodOf } from '@holdfast/amqp'
import { utf8Decode } from '@holdfast/record'
import type { World } from '../world/world.ts'
import { AmqpClient } from './amqp-client.ts'
import type { AmqpSaid } from './amqp-wire.ts'
import type { ConsumerOptions } from './consumer-options.ts'
import { nameOf } from './names.ts'

const tag = 'c'
/** Who asks for single messages: how often, and how many it has at once. */
const askMsMax = 150
const heldMax = 8
/** Of a settlement that is for all that came before, too. */
const multipleChance = 0.25

export class AmqpConsumer extends AmqpClient {
  override readonly role = 'consumer'
  readonly #options: ConsumerOptions
  /** By delivery tag, not settled: what is called when it is, or cannot be any more. */
  readonly #held = new Map<number, () => void>()
  /** Grows with each connection. */
  #life = 0
  #slowness = 1
  /** At the end everything is accepted, so that the queue empties. */
  isDraining = false

  constructor(world: World, name: string, options: ConsumerOptions) {
    super(world, name)
    this.#options = options
  }

  get queue(): string {
    return this.#options.queue
  }

  get prefetch(): number {
    return this.#options.prefetch
  }

  get heldCount(): number {
    return this.#held.size
  }

  override slowDown(factor: number): void {
    this.#slowness = factor
  }

  protected opened(): void {
    if (this.#options.isIdle === true) return this.#askLater()
    const { prefetch } = this
    this.send({ type: 'basic.qos', prefetchSize: 0, prefetchCount: prefetch, global: false })
    this.#consume()
  }

  /** What it holds it keeps while it asks for more. */
  #askLater(): void {
    const life = this.#life
    this.world.schedule.after(this.random.integer(1, askMsMax), () => {
      if (life !== this.#life || this.isStopped) return
      if (this.#held.size >= heldMax) return this.#askLater()
      this.send({ type: 'basic.get', ticket: 0, queue: nameOf(this.queue), noAck: false })
    })
  }

  #consume(): void {
    const { priority: value = 0 } = this.#options
    this.send({
      type: 'basic.consume',
      ticket: 0,
      queue: nameOf(this.queue),
      consumerTag: tag,
      noLocal: false,
      noAck: false,
      exclusive: false,
      nowait: false,
      arguments: new Map([['x-priority', { type: 'I', value }]])
    })
  }

  protected lost(): void {
    this.#life += 1
    for (const ended of this.#held.values()) ended()
    this.#held.clear()
  }

  protected said({ method, content }: AmqpSaid): void {
    switch (method.type) {
      case 'basic.deliver':
        return this.#delivered(method, content)
      case 'basic.cancel':
        return this.world.fail(`${this.name} was cancelled`)
      case 'basic.cancel-ok':
        return this.#consume()
      case 'basic.get-ok':
        this.#delivered(method, content)
        return this.#askLater()
      case 'basic.get-empty':
        return this.#askLater()
      case 'basic.consume-ok':
        if (this.#options.isRestless === true && !this.isDraining) this.#tire()
        return
      default:
    }
  }

  /** What it holds it keeps, and settles while it does not consume. */
  #tire(): void {
    const life = this.#life
    this.world.schedule.after(this.random.integer(200, 3_000), () => {
      if (life !== this.#life || this.isDraining) return
      this.send({ type: 'basic.cancel', consumerTag: tag, nowait: false })
    })
  }

  #delivered(
    { deliveryTag, redelivered }: MethodOf<'basic.deliver'> | MethodOf<'basic.get-ok'>,
    content: AmqpSaid['content']
  ): void {
    const { history, workMsMax = 60 } = this.#options
    const body = utf8Decode(content?.body ?? new Uint8Array(0))
    history.seen(this.queue, body, redelivered, this.name)
    const { name: client, node, queue } = this
    this.#held.set(deliveryTag, this.world.audit.kept.got({ client, node, queue, body }))
    const life = this.#life
    const longestMs = this.isDraining ? 2 : workMsMax * this.#slowness
    this.world.schedule.after(this.random.integer(0, longestMs), () => {
      if (life === this.#life && this.#held.has(deliveryTag)) this.#settle(deliveryTag)
    })
  }

  #settle(deliveryTag: number): void {
    const multiple = this.random.chance(multipleChance)
    for (const [tag, ended] of this.#held) {
      if (multiple ? tag > deliveryTag : tag !== deliveryTag) continue
      ended()
      this.#held.delete(tag)
    }
    const draw = this.isDraining ? 1 : this.random.fraction()
    const { releaseChance = 0.1, rejectChance = 0.05 } = this.#options
    const requeue = draw < releaseChance
    if (draw >= releaseChance + rejectChance) {
      this.send({ type: 'basic.ack', deliveryTag, multiple })
    } else this.send({ type: 'basic.nack', deliveryTag, multiple, requeue })
  }
}
