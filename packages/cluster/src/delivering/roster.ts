// Who takes messages of one queue, at its leader: consumers in turn; those who ask for one message;
// and those who get no more, and hold deliveries until these are settled.
import type { QueueView } from '@holdfast/broker'
import { AttachedConsumers } from './attached-consumers.ts'
import { type Consumer, type ConsumerKey, keyText } from './consumer.ts'

/** One message is asked for (AMQP 0-9-1 basic.get). */
export interface Get {
  /** Holds what it gets. */
  readonly consumer: Consumer
  /** Called once. False: there is none. */
  readonly answered: (isFound: boolean) => void
}

/** Messages handed to one consumer before the next one gets some, where there are several. */
const shareMax = 32

/** As long as no more are ready than this, each consumer gets one at a time. */
const evenMax = 128

export class Roster {
  readonly #attached: AttachedConsumers
  readonly #isShared: boolean
  readonly #holders = new Set<Consumer>()
  /** Attached or holding, by `keyText`. */
  readonly #byKey = new Map<string, Consumer>()
  #gets: Get[] = []

  constructor(queue: Pick<QueueView, 'settings' | 'active'>) {
    this.#attached = new AttachedConsumers(queue)
    this.#isShared = !queue.settings.singleActive
  }

  get consumers(): readonly Consumer[] {
    return this.#attached.all
  }

  /** Whoever may be given something. */
  get takers(): readonly Consumer[] {
    if (this.#gets.length === 0) return this.consumers
    return [...this.consumers, ...this.#gets.map(({ consumer }) => consumer)]
  }

  /** How many more messages they would take, those who ask for one included. */
  get credit(): number {
    return this.#attached.credit + this.#gets.length
  }

  /** Whoever may hold something. */
  get all(): readonly Consumer[] {
    return [...this.consumers, ...this.#holders]
  }

  find(key: ConsumerKey): Consumer | null {
    return this.#byKey.get(keyText(key)) ?? null
  }

  has(consumer: Consumer): boolean {
    return this.#attached.has(consumer)
  }

  add(consumer: Consumer): void {
    this.#attached.add(consumer)
    this.#byKey.set(keyText(consumer.key), consumer)
  }

  /** It gets nothing but what it asks for. */
  hold(consumer: Consumer): void {
    this.#attached.remove(consumer)
    this.#holders.add(consumer)
    this.#byKey.set(keyText(consumer.key), consumer)
  }

  /** Whether it was there. */
  remove(consumer: Consumer): boolean {
    const wasAttached = this.#attached.remove(consumer)
    const isThere = this.#holders.delete(consumer) || wasAttached
    const text = keyText(consumer.key)
    if (this.#byKey.get(text) === consumer) this.#byKey.delete(text)
    for (const get of this.#gets) if (get.consumer === consumer) this.end(get, false)
    return isThere
  }

  ask(get: Get): void {
    this.#gets.push(get)
  }

  /** The one that has asked first. */
  get firstGet(): Get | null {
    return this.#gets[0] ?? null
  }

  end(get: Get, isFound: boolean): void {
    this.#gets = this.#gets.filter((other) => other !== get)
    get.answered(isFound)
  }

  /** There are no messages any more. */
  endAll(): void {
    for (const get of this.#gets.splice(0)) get.answered(false)
  }

  /**
   * How many of the messages that are ready the next consumer gets in a row: a few go round one by
   * one, as clients of RabbitMQ are used to.
   */
  shareOf(ready: number): number {
    const length = this.#attached.size
    if (length < 2 || !this.#isShared) return Number.MAX_SAFE_INTEGER
    if (ready <= evenMax) return 1
    return Math.max(1, Math.min(shareMax, Math.floor(ready / (4 * length))))
  }

  /** Who gets the next messages; null: nobody may be given any. */
  next(): Consumer | null {
    return this.#attached.next()
  }

  /** Whoever was next has been given some. */
  served(): void {
    this.#attached.served()
  }
}
