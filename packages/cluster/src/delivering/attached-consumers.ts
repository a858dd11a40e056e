// The consumers of a queue that are attached here and now, and whose turn it is. Those of a higher
// priority come first for as long as they have credit (RabbitMQ: consumer priorities); among equals
// it goes round. Where one consumer is active at a time, the log says who.
import type { QueueView } from '@holdfast/broker'
import { type Consumer, creditOf, keyText, roomOf } from './consumer.ts'

const least = Number.NEGATIVE_INFINITY

export class AttachedConsumers {
  readonly #queue: Pick<QueueView, 'settings' | 'active'>
  /** In the order they came; `null` where one has gone, until the next look at all. */
  #consumers: (Consumer | null)[] = []
  readonly #places = new Map<Consumer, number>()
  /** The highest priority among them, or one of somebody who has gone since the last look. */
  #highest = least
  /** Place of the one that was given something last, and of the one that was chosen last. */
  #turn = -1
  #chosen = -1

  constructor(queue: Pick<QueueView, 'settings' | 'active'>) {
    this.#queue = queue
  }

  get size(): number {
    return this.#places.size
  }

  get all(): readonly Consumer[] {
    return [...this.#places.keys()]
  }

  has(consumer: Consumer): boolean {
    return this.#places.has(consumer)
  }

  add(consumer: Consumer): void {
    this.#places.set(consumer, this.#consumers.length)
    this.#consumers.push(consumer)
    this.#highest = Math.max(this.#highest, consumer.priority)
  }

  /** Returns whether it was there. */
  remove(consumer: Consumer): boolean {
    const place = this.#places.get(consumer)
    if (place === undefined) return false
    this.#places.delete(consumer)
    this.#consumers[place] = null
    return true
  }

  /** Once for all that have gone, not for each; the turn goes on behind the same one. */
  #compact(): void {
    if (this.#consumers.length === this.#places.size) return
    let [turn, chosen] = [this.#turn, this.#chosen]
    const left: Consumer[] = []
    this.#highest = least
    for (const [place, consumer] of this.#consumers.entries()) {
      if (consumer === null) {
        if (place <= this.#turn) turn--
        if (place <= this.#chosen) chosen--
        continue
      }
      this.#places.set(consumer, left.length)
      left.push(consumer)
      this.#highest = Math.max(this.#highest, consumer.priority)
    }
    this.#consumers = left
    this.#turn = turn
    this.#chosen = chosen
  }

  /** Who gets the next messages; null: nobody may be given any. It is their turn until `served`. */
  next(): Consumer | null {
    this.#compact()
    const { length } = this.#consumers
    let next: Consumer | null = null
    for (let i = 1; i <= length; i++) {
      const at = (this.#turn + i) % length
      const consumer = this.#consumers[at] ?? null
      if (consumer === null || creditOf(consumer) <= 0 || !this.#isActive(consumer)) continue
      if (next !== null && consumer.priority <= next.priority) continue
      next = consumer
      this.#chosen = at
      if (consumer.priority === this.#highest) break
    }
    return next
  }

  /** How many more messages those would take who may be given some. */
  get credit(): number {
    let credit = 0
    for (const consumer of this.#places.keys()) {
      if (this.#isActive(consumer)) credit += Math.max(0, roomOf(consumer))
    }
    return credit
  }

  /**
   * The one that was chosen last was given something: others are next. To be asked takes no turn,
   * as there may be nothing.
   */
  served(): void {
    this.#turn = this.#chosen
  }

  #isActive({ key }: Consumer): boolean {
    return !this.#queue.settings.singleActive || this.#queue.active === keyText(key)
  }
}
