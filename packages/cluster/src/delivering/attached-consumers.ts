// The consumers of a queue that are attached here and now, and whose turn it is. Those of a higher
// priority come first for as long as they have credit (RabbitMQ: consumer priorities); among equals
// it goes round. Where one consumer is active at a time, the log says who.
import type { QueueView } from '@holdfast/broker'
import { type Consumer, creditOf, keyText, roomOf } from './consumer.ts'

const least = Number.NEGATIVE_INFINITY

export class AttachedConsumers {
  readonly #queue: Pick<QueueView, 'settings' | 'active'>
  #consumers: readonly Consumer[] = []
  /** The highest priority among them. */
  #highest = 0
  /** Place of the one that was given something last, and of the one that was chosen last. */
  #turn = -1
  #chosen = -1

  constructor(queue: Pick<QueueView, 'settings' | 'active'>) {
    this.#queue = queue
  }

  get all(): readonly Consumer[] {
    return this.#consumers
  }

  has(consumer: Consumer): boolean {
    return this.#consumers.includes(consumer)
  }

  add(consumer: Consumer): void {
    this.#set([...this.#consumers, consumer])
  }

  /** Returns whether it was there. */
  remove(consumer: Consumer): boolean {
    if (!this.has(consumer)) return false
    this.#set(this.#consumers.filter((other) => other !== consumer))
    return true
  }

  #set(consumers: readonly Consumer[]): void {
    this.#consumers = consumers
    this.#highest = consumers.reduce((highest, { priority }) => Math.max(highest, priority), least)
  }

  /** Who gets the next messages; null: nobody may be given any. It is their turn until `served`. */
  next(): Consumer | null {
    const { length } = this.#consumers
    let next: Consumer | null = null
    for (let i = 1; i <= length; i++) {
      const at = (this.#turn + i) % length
      const consumer = this.#consumers[at]
      if (consumer === undefined || creditOf(consumer) <= 0 || !this.#isActive(consumer)) continue
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
    for (const consumer of this.#consumers) {
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
