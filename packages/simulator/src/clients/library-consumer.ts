// A consumer that is the client library: it iterates over deliveries, and settles each in one way
// or another.
import { type Connection, type Consumer, type Delivery, HoldfastError } from '@holdfast/client'
import type { Outcome } from '@holdfast/protocol'
import type { World } from '../world/world.ts'
import type { ConsumerOptions } from './consumer-options.ts'
import type { History } from './history.ts'
import { LibraryClient } from './library-client.ts'
import { nameOf } from './names.ts'

/** Of a consumer to have others beside it, and their tags. */
const visitChance = 0.15
const visitors = ['d', 'e'] as const

/**
 * What a consumer that comes back may meet, because its former self is still seen, or because no
 * node that leads was found in the time that a first attachment has.
 */
const passing: ReadonlySet<string> = new Set([
  'CONSUMER_TAG_IN_USE',
  'QUEUE_EXCLUSIVE',
  'UNAVAILABLE',
  'CONNECTION_CLOSED',
  'NODE_UNREACHABLE',
  'HANDSHAKE_TIMEOUT',
  'NODE_CUT_OFF',
  'NOT_LEADER'
])

export class LibraryConsumer extends LibraryClient {
  override readonly role = 'consumer'
  readonly #options: ConsumerOptions
  readonly #history: History
  readonly #held = new Set<Delivery>()
  #slowness = 1
  #lives = 0
  isDraining = false

  constructor(world: World, name: string, options: ConsumerOptions) {
    super(world, name)
    this.#options = options
    this.#history = options.history
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

  protected died(): void {
    this.#held.clear()
    this.#lives += 1
  }

  protected opened(connection: Connection): void {
    void this.#consume(connection, this.#lives)
    if (this.random.chance(visitChance)) {
      for (const tag of visitors) void this.#visit(connection, this.#lives, tag)
    }
  }

  async #consume(connection: Connection, life: number): Promise<void> {
    const { queue, prefetch } = this.#options
    while (life === this.#lives && !this.isStopped) {
      try {
        const consumer = await connection.consume(nameOf(queue), { prefetch, tag: 'c' })
        await this.#iterate(consumer, life, this.name)
        return
      } catch (error) {
        const { code } = HoldfastError.from(error)
        if (life !== this.#lives) return
        if (!passing.has(code)) return this.world.fail(`${this.name}: consuming ended: ${code}`)
        await this.#pause()
      }
    }
  }

  /** Beside the one that stays, on its connection, others come, take a few, and go. */
  async #visit(connection: Connection, life: number, tag: string): Promise<void> {
    while (life === this.#lives && !this.isStopped && !this.isDraining) {
      try {
        const consumer = await connection.consume(nameOf(this.queue), { prefetch: 2, tag })
        const stayMs = this.random.integer(50, 1000 * this.world.leisure)
        this.world.schedule.after(stayMs, () => {
          if (life === this.#lives) this.act(() => void consumer.cancel().catch(() => undefined))
        })
        await this.#iterate(consumer, life, `${this.name}${tag}`)
      } catch (error) {
        const { code } = HoldfastError.from(error)
        if (life !== this.#lives) return
        if (!passing.has(code)) return this.world.fail(`${this.name}: a visit ended: ${code}`)
      }
      await this.#pause()
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      this.world.schedule.after(200, () => this.act(resolve))
    })
  }

  async #iterate(consumer: Consumer, life: number, to: string): Promise<void> {
    for await (const delivery of consumer) {
      if (life !== this.#lives) return
      this.#delivered(delivery, life, to)
    }
  }

  #delivered(delivery: Delivery, life: number, to: string): void {
    const { queue, workMsMax = 60 } = this.#options
    const { offset } = delivery
    this.#history.delivered(queue, offset, delivery, delivery.text(), to)
    this.#held.add(delivery)
    const longestMs = this.isDraining ? 2 : workMsMax * this.#slowness
    this.world.schedule.after(this.random.integer(0, longestMs), () => {
      if (life === this.#lives && this.#held.delete(delivery)) {
        this.act(() => this.#settle(delivery))
      }
    })
  }

  #settle(delivery: Delivery): void {
    const { releaseChance = 0.1, rejectChance = 0.05 } = this.#options
    const draw = this.isDraining ? 1 : this.random.fraction()
    const { queue } = this.#options
    const { offset, attempt } = delivery
    const decide = (outcome: Outcome): void => {
      this.#history.decided(queue, offset, attempt, outcome)
    }
    if (draw < releaseChance) delivery.nack()
    else if (draw < releaseChance + rejectChance) {
      decide('rejected')
      delivery.reject()
    } else {
      decide('accepted')
      delivery.ack()
    }
  }
}
