// A client of the simulated world that moves messages in transactions (AMQP 0-9-1 tx): it takes
// some, and in one commit puts others of the same kind in their place. Whatever fails meanwhile,
// each is there once: either the old one, or the new one.
import { utf8Decode, utf8Encode } from '@holdfast/record'
import type { World } from '../world/world.ts'
import { AmqpClient, type AmqpEnd } from './amqp-client.ts'
import type { AmqpSaid } from './amqp-wire.ts'

const prefetchCount = 3
/** Of a transaction that is rolled back, and done again; of a message in one that is given back. */
const rollbackChance = 0.15
const returnChance = 0.15
const restMsMax = 60

/** Which of the messages it is, whoever has put it there. */
export function kindOf(body: string): string {
  return body.split('|')[0] ?? ''
}

export class Mover extends AmqpClient {
  override readonly role = 'consumer'
  readonly #queue: string
  readonly #check: () => void
  /** By delivery tag, not settled. */
  readonly #held = new Map<number, string>()
  /** It rests, or has not heard how its transaction ended. */
  #isBusy = false
  /** Grows with each connection. */
  #life = 0
  #version = 0

  /** `check` is called when something may have changed. */
  constructor(world: World, name: string, queue: string, check: () => void) {
    super(world, name)
    this.#queue = queue
    this.#check = check
  }

  protected opened(): void {
    this.send({ type: 'tx.select' })
    this.send({ type: 'basic.qos', prefetchSize: 0, prefetchCount, global: false })
    const flags = { noLocal: false, noAck: false, exclusive: false, nowait: false }
    const from = { ticket: 0, queue: this.#queue, consumerTag: 'm' }
    this.send({ type: 'basic.consume', ...from, ...flags, arguments: new Map() })
  }

  protected lost(): void {
    this.#life += 1
    this.#held.clear()
    this.#isBusy = false
  }

  /** What it held went back while it had no leader to tell; or the disk of the leader is full. */
  protected override isExpected({ replyCode, replyText }: AmqpEnd): boolean {
    if (replyCode === 406) return replyText.includes('no longer held')
    return replyCode === 506 || super.isExpected({ replyCode, replyText })
  }

  protected said({ method, content }: AmqpSaid): void {
    this.#check()
    switch (method.type) {
      case 'basic.deliver':
        this.#held.set(method.deliveryTag, utf8Decode(content?.body ?? new Uint8Array(0)))
        return this.#rest()
      case 'tx.commit-ok':
        this.world.reached('amqp client: a transaction committed')
        this.#isBusy = false
        return this.#rest()
      case 'tx.rollback-ok':
        return this.#commit([...this.#held].slice(0, prefetchCount))
      case 'basic.cancel':
        return this.world.fail(`${this.name} was cancelled`)
      default:
    }
  }

  /** Or those who move on at each delivery would be ever more. */
  #rest(): void {
    if (this.#isBusy || this.#held.size === 0) return
    const life = this.#life
    this.#isBusy = true
    this.world.schedule.after(this.random.integer(0, restMsMax * this.world.leisure), () => {
      if (life !== this.#life) return
      const some = [...this.#held].slice(0, this.random.integer(1, prefetchCount))
      if (!this.random.chance(rollbackChance)) return this.#commit(some)
      this.#replace(some)
      this.send({ type: 'tx.rollback' })
    })
  }

  #commit(some: readonly (readonly [number, string])[]): void {
    this.#replace(some)
    for (const [tag] of some) this.#held.delete(tag)
    this.send({ type: 'tx.commit' })
  }

  #replace(some: readonly (readonly [number, string])[]): void {
    for (const [deliveryTag, body] of some) {
      if (this.random.chance(returnChance)) {
        this.wire?.send({ type: 'basic.nack', deliveryTag, multiple: false, requeue: true })
        continue
      }
      this.#version += 1
      const other = utf8Encode(`${kindOf(body)}|${this.name} ${this.#version}`)
      this.wire?.publish('', this.#queue, false, {}, other)
      this.wire?.send({ type: 'basic.ack', deliveryTag, multiple: false })
    }
    this.pump()
  }
}
