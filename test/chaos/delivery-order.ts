// The order of first deliveries: those of one publisher in one queue come in the order of their
// sequences.
import type { HistoryEvent } from './history.ts'

type Deliver = Extract<HistoryEvent, { type: 'deliver' }>

export class DeliveryOrder {
  readonly #isStrict: boolean
  /** Highest sequence first delivered, by publisher, queue and, unless strict, consumer. */
  readonly #highest = new Map<string, number>()
  /** The first consumer of each queue. */
  readonly #consumers = new Map<string, number>()

  /**
   * `isStrict`: each queue has one consumer at a time, of the SDK. Then even a flagged first
   * delivery is in order, as long as nobody takes the queue over. With competing consumers, and
   * after a takeover, a message may come first to one that died with it unseen.
   */
  constructor(isStrict: boolean) {
    this.#isStrict = isStrict
  }

  /** For a first delivery: the later message that came before it against the order, or null. */
  laterOne({ publisher, sequence, queue, consumer, redelivered }: Deliver): number | null {
    const first = this.#consumers.get(queue) ?? consumer
    this.#consumers.set(queue, first)
    const isStrict = this.#isStrict && first === consumer
    const key = isStrict ? `${publisher} ${queue}` : `${publisher} ${queue} ${consumer}`
    const highest = this.#highest.get(key) ?? 0
    if (sequence > highest) this.#highest.set(key, sequence)
    else if (isStrict || !redelivered) return highest
    return null
  }
}
