// The deliveries of one channel that are not settled: by delivery tag, which counts from 1 over
// deliver and get-ok together (AMQP 0-9-1 basic.deliver).
import { AmqpError } from './replies.ts'
import type { Outcome, Settlement } from './requests.ts'

/** One delivery, as the queue knows it. */
export interface UnsettledDelivery {
  readonly tag: number
  readonly consumer: number
  readonly offset: number
  readonly attempt: number
}

export class UnsettledDeliveries {
  /** In the order of their tags. */
  #byTag = new Map<number, UnsettledDelivery>()
  #lastTag = 0

  get size(): number {
    return this.#byTag.size
  }

  /** The tag of a delivery that is settled as it goes out. */
  nextTag(): number {
    this.#lastTag++
    return this.#lastTag
  }

  /** The tag of a delivery that waits to be settled. */
  add(consumer: number, offset: number, attempt: number): number {
    const tag = this.nextTag()
    this.#byTag.set(tag, { tag, consumer, offset, attempt })
    return tag
  }

  /**
   * Takes out what an ack, nack or reject names: one delivery, or with `multiple` all up to it, 0
   * meaning all there are (AMQP 0-9-1 basic.ack).
   * @throws 406 for a tag that was not delivered, or is settled already
   */
  take(tag: number, multiple: boolean): UnsettledDelivery[] {
    if (multiple && tag === 0) return this.takeAll()
    const delivery = this.#byTag.get(tag)
    if (delivery === undefined) {
      throw new AmqpError('PRECONDITION_FAILED', `unknown delivery tag ${tag}`)
    }
    if (!multiple) {
      this.#byTag.delete(tag)
      return [delivery]
    }
    const taken: UnsettledDelivery[] = []
    for (const [each, candidate] of this.#byTag) {
      if (each > tag) break
      taken.push(candidate)
      this.#byTag.delete(each)
    }
    return taken
  }

  takeAll(): UnsettledDelivery[] {
    const taken = [...this.#byTag.values()]
    this.#byTag.clear()
    return taken
  }

  /** Puts back what was taken: its settlement was rolled back. */
  restore(deliveries: readonly UnsettledDelivery[]): void {
    const all = [...this.#byTag.values(), ...deliveries].sort((a, b) => a.tag - b.tag)
    this.#byTag = new Map(all.map((delivery) => [delivery.tag, delivery]))
  }
}

/** Deliveries by consumer, as ranges. */
export function settlementsOf(
  deliveries: readonly UnsettledDelivery[],
  outcome: Outcome
): Settlement[] {
  const byConsumer = new Map<number, number[]>()
  for (const { consumer, offset, attempt } of deliveries) {
    const ranges = byConsumer.get(consumer)
    if (ranges === undefined) byConsumer.set(consumer, [offset, offset, attempt])
    else addToRanges(ranges, offset, attempt)
  }
  return [...byConsumer].map(([consumer, ranges]) => ({ consumer, outcome, ranges }))
}

/** Adds one delivery to `[first, last, attempt, …]`, into the last range where it continues it. */
export function addToRanges(ranges: number[], offset: number, attempt: number): void {
  const { length } = ranges
  const isNext = ranges[length - 2] === offset - 1 && ranges[length - 1] === attempt
  if (isNext) ranges[length - 2] = offset
  else ranges.push(offset, offset, attempt)
}
