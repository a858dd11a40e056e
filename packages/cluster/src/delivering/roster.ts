// Who takes messages of one queue, at its leader: consumers in turn; those who ask for one message;
// and those who get no more, and hold deliveries until these are settled.
import { type Consumer, type ConsumerKey, creditOf, keyText } from './consumer.ts'

/** One message is asked for (AMQP 0-9-1 basic.get). */
export interface Get {
  /** Holds what it gets. */
  readonly consumer: Consumer
  /** Called once. False: there is none. */
  readonly answered: (isFound: boolean) => void
}

export class Roster {
  #consumers: Consumer[] = []
  #turn = 0
  readonly #holders = new Set<Consumer>()
  #gets: Get[] = []

  get consumers(): readonly Consumer[] {
    return this.#consumers
  }

  /** Whoever may be given something. */
  get takers(): readonly Consumer[] {
    if (this.#gets.length === 0) return this.#consumers
    return [...this.#consumers, ...this.#gets.map(({ consumer }) => consumer)]
  }

  /** Whoever may hold something. */
  get all(): readonly Consumer[] {
    return [...this.#consumers, ...this.#holders]
  }

  find(key: ConsumerKey): Consumer | null {
    const text = keyText(key)
    return this.all.find((consumer) => keyText(consumer.key) === text) ?? null
  }

  has(consumer: Consumer): boolean {
    return this.#consumers.includes(consumer)
  }

  add(consumer: Consumer): void {
    this.#consumers.push(consumer)
  }

  /** It gets nothing but what it asks for. */
  hold(consumer: Consumer): void {
    this.#consumers = this.#consumers.filter((other) => other !== consumer)
    this.#holders.add(consumer)
  }

  /** Whether it was there. */
  remove(consumer: Consumer): boolean {
    const isThere = this.has(consumer) || this.#holders.has(consumer)
    this.#consumers = this.#consumers.filter((other) => other !== consumer)
    this.#holders.delete(consumer)
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

  /** The next in turn that takes something; null if none does. */
  next(): Consumer | null {
    const count = this.#consumers.length
    for (let i = 0; i < count; i++) {
      this.#turn = (this.#turn + 1) % count
      const consumer = this.#consumers[this.#turn]
      if (consumer !== undefined && creditOf(consumer) > 0) return consumer
    }
    return null
  }
}
