// What a consumer of AMQP holds on its channel, by delivery tag, and how much that may be.
import type { KeptDeliveries } from '../checkers/kept.ts'

export interface Given {
  /** Its tag; null: somebody asked for the message, which counts against nobody. */
  readonly consumer: string | null
  readonly queue: string
  readonly body: string
  /** Called when it is settled, or cannot be any more. */
  readonly ended: () => void
}

interface Held extends Given {
  /** The life of the consumer in which it came. */
  readonly life: number
  readonly sinceMs: number
}

export class AmqpHand {
  readonly #kept: Pick<KeptDeliveries, 'isBack'>
  readonly #nowMs: () => number
  readonly #held = new Map<number, Held>()
  /** By tag: how often it was started. */
  readonly #lives = new Map<string, number>()

  constructor(kept: Pick<KeptDeliveries, 'isBack'>, nowMs: () => number) {
    this.#kept = kept
    this.#nowMs = nowMs
  }

  get size(): number {
    return this.#held.size
  }

  has(deliveryTag: number): boolean {
    return this.#held.has(deliveryTag)
  }

  /** A consumer was started: what one of its tag was given before does not count against it. */
  started(consumer: string): void {
    this.#lives.set(consumer, this.#lifeOf(consumer) + 1)
  }

  add(deliveryTag: number, given: Given): void {
    const life = this.#lifeOf(given.consumer ?? '')
    this.#held.set(deliveryTag, { ...given, life, sinceMs: this.#nowMs() })
  }

  /** One, or all up to it. */
  settle(deliveryTag: number, multiple: boolean): void {
    for (const [tag, { ended }] of this.#held) {
      if (multiple ? tag > deliveryTag : tag !== deliveryTag) continue
      ended()
      this.#held.delete(tag)
    }
  }

  clear(): void {
    for (const { ended } of this.#held.values()) ended()
    this.#held.clear()
  }

  /**
   * How many count against a consumer, or against its channel. A consumer has no claim any more to
   * what the log has put back, as nobody could say that it is held; a channel counts by itself.
   */
  countOf(consumer: string, isGlobal: boolean): number {
    let count = 0
    for (const held of this.#held.values()) {
      if (held.consumer === null) continue
      if (isGlobal) count += 1
      else if (held.consumer === consumer && held.life === this.#lifeOf(consumer)) {
        if (!this.#kept.isBack(held, held.sinceMs)) count += 1
      }
    }
    return count
  }

  #lifeOf(consumer: string): number {
    return this.#lives.get(consumer) ?? 0
  }
}
