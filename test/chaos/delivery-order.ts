// The order of first deliveries: those of one publisher in one queue come in the order of their
// sequences.
import type { HistoryEvent } from './history.ts'

type Deliver = Extract<HistoryEvent, { type: 'deliver' }>
type Connecting = Extract<HistoryEvent, { type: 'connecting' }>

export class DeliveryOrder {
  readonly #isStrict: boolean
  /** Highest sequence first delivered, by publisher, queue and, unless strict, consumer. */
  readonly #highest = new Map<string, number>()
  /** The first consumer of each queue. */
  readonly #consumers = new Map<string, number>()
  /** Clients of single nodes, and whether they have begun anew. */
  readonly #hasBegunAnew = new Map<string, boolean>()

  /**
   * `isStrict`: each queue has one consumer at a time. Then even a flagged first delivery is in
   * order, as long as nobody takes the queue over. With competing consumers, and after a takeover,
   * a message may come first to one that died with it unseen; so it may to a consumer of AMQP,
   * which begins anew when it has lost its node.
   */
  constructor(isStrict: boolean) {
    this.#isStrict = isStrict
  }

  connecting({ process }: Connecting): void {
    this.#hasBegunAnew.set(process, this.#hasBegunAnew.has(process))
  }

  /** For a first delivery: the later message that came before it against the order, or null. */
  laterOne({ publisher, sequence, queue, consumer, redelivered }: Deliver): number | null {
    const first = this.#consumers.get(queue) ?? consumer
    this.#consumers.set(queue, first)
    const isStrict = this.#isStrict && first === consumer
    const key = isStrict ? `${publisher} ${queue}` : `${publisher} ${queue} ${consumer}`
    const highest = this.#highest.get(key) ?? 0
    if (sequence > highest) this.#highest.set(key, sequence)
    else if (!redelivered) return highest
    else if (isStrict && this.#hasBegunAnew.get(`consumer ${consumer}`) !== true) return highest
    return null
  }
}
