// A client of the simulated world that has a queue of its own, by AMQP 0-9-1: it declares it
// exclusive, binds it and consumes from it. The queue is gone with its connection, and so is it.
import { utf8Decode } from '@holdfast/record'
import type { World } from '../world/world.ts'
import { AmqpClient, type AmqpEnd } from './amqp-client.ts'
import type { AmqpSaid } from './amqp-wire.ts'
import type { History } from './history.ts'

export class AmqpOwner extends AmqpClient {
  override readonly role = 'consumer'
  readonly #history: History
  readonly #queue: string
  /** It goes while its queue is being declared, at most so long after it has asked; null: not. */
  readonly #hasteMsMax: number | null
  #isReady = false

  constructor(world: World, queue: string, history: History, hasteMsMax: number | null) {
    super(world, `${queue}o`)
    this.#hasteMsMax = hasteMsMax
    this.#queue = queue
    this.#history = history
  }

  /** It consumes from its queue, or has lost it. */
  get hasBegun(): boolean {
    return this.#isReady || this.isStopped
  }

  /** Says that it goes, or just goes. */
  leave(isPolite: boolean): void {
    if (this.isStopped) return
    if (!isPolite) return this.stop()
    this.wire?.close()
    this.pump()
  }

  protected opened(): void {
    this.send({
      type: 'queue.declare',
      ticket: 0,
      queue: this.#queue,
      passive: false,
      durable: this.random.chance(0.5),
      exclusive: true,
      autoDelete: this.random.chance(0.5),
      nowait: false,
      arguments: new Map()
    })
    if (this.#hasteMsMax === null) return
    this.world.schedule.after(this.random.integer(0, this.#hasteMsMax), () => this.leave(false))
  }

  protected lost(): void {
    if (!this.isStopped) this.stop()
  }

  /** Its node was silent for so long that the queue is gone before it is bound or consumed from. */
  protected override isExpected(end: AmqpEnd): boolean {
    return end.replyCode === 404 || super.isExpected(end)
  }

  protected said({ method, content }: AmqpSaid): void {
    const [queue, ticket, nowait] = [this.#queue, 0, false]
    switch (method.type) {
      case 'queue.declare-ok': {
        const to = { queue, exchange: 'amq.topic', routingKey: queue, arguments: new Map() }
        return this.send({ type: 'queue.bind', ticket, ...to, nowait })
      }
      case 'queue.bind-ok': {
        const ways = { consumerTag: 'c', noLocal: false, noAck: false, exclusive: false }
        const rest = { nowait, arguments: new Map() }
        return this.send({ type: 'basic.consume', ticket, queue, ...ways, ...rest })
      }
      case 'basic.consume-ok':
        this.#isReady = true
        return
      case 'basic.deliver': {
        const body = utf8Decode(content?.body ?? new Uint8Array(0))
        this.#history.seen(queue, body, this.told(method, content), this.name)
        return this.send({ type: 'basic.ack', deliveryTag: method.deliveryTag, multiple: false })
      }
      // Its node was silent for so long that the cluster took it for dead.
      case 'basic.cancel':
      case 'connection.close-ok':
        return this.stop()
      default:
    }
  }
}
