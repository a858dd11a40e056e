// The consumers of a queue as all replicas know them, and which of them is the active one where one
// is active at a time.
import type { ConsumerKey } from '../shard-command.ts'
import { type Consumer, consumerId } from './consumer.ts'

export class QueueConsumers {
  readonly #all: Map<string, Consumer> = new Map()
  /** How many of them are exclusive. */
  #exclusive = 0
  #active: string | null = null
  #activation = 0

  get all(): ReadonlyMap<string, Consumer> {
    return this.#all
  }

  get active(): string | null {
    return this.#active
  }

  /** How often one became active. */
  get activation(): number {
    return this.#activation
  }

  add(consumer: Consumer): void {
    const id = consumerId(consumer)
    if (this.#all.get(id)?.exclusive === true) this.#exclusive--
    if (consumer.exclusive) this.#exclusive++
    this.#all.set(id, consumer)
  }

  remove(key: ConsumerKey): Consumer | null {
    const id = consumerId(key)
    const consumer = this.#all.get(id)
    if (consumer === undefined) return null
    this.#all.delete(id)
    if (consumer.exclusive) this.#exclusive--
    if (this.#active === id) this.#active = null
    return consumer
  }

  /**
   * If none is active the next one becomes it: of the highest priority, and of those who came
   * first. Null if nothing changes.
   */
  activateNext(): Consumer | null {
    if (this.#active !== null) return null
    let next: Consumer | null = null
    for (const consumer of this.#all.values()) {
      if (next === null || consumer.priority > next.priority) next = consumer
    }
    if (next === null) return null
    this.#active = consumerId(next)
    this.#activation++
    return next
  }

  /** Whether another than `key` keeps a consumer of this kind away. */
  isTaken(key: ConsumerKey, exclusive: boolean): boolean {
    const own = this.#all.get(consumerId(key))
    if (exclusive) return this.#all.size > (own === undefined ? 0 : 1)
    return this.#exclusive > (own?.exclusive === true ? 1 : 0)
  }

  /** Puts back who was active; the consumers themselves are added. */
  restore(active: string | null, activation: number): void {
    this.#active = active
    this.#activation = activation
  }
}
