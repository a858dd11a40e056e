// What a consumer names, to settle it, is taken out of its hands as far as it holds that.
import { limits } from '../limits.ts'
import { type Consumer, countMistaken } from './consumer.ts'
import type { QueueDelivery } from './queue-delivery.ts'

interface Released {
  /** What it held: triples. */
  readonly ranges: readonly number[]
  /** Deliveries that it named. */
  readonly named: number
  /** Those of them that it held. */
  readonly taken: number
}

/** Flat triples: first and last offset, attempt. It stops at a consumer that names too much. */
export function release(
  delivery: Pick<QueueDelivery, 'release'>,
  consumer: Consumer,
  triples: readonly number[]
): Released {
  const ranges: number[] = []
  let named = 0
  let taken = 0
  for (let i = 0; i + 2 < triples.length; i += 3) {
    const [first = 0, last = 0, attempt = 0] = triples.slice(i, i + 3)
    const takenBefore = taken
    for (const held of delivery.release(consumer, { first, last, attempt })) {
      ranges.push(held.first, held.last, attempt)
      taken += held.last - held.first + 1
    }
    named += last - first + 1
    countMistaken(consumer, last - first + 1, taken - takenBefore)
    if (consumer.mistaken > limits.mistakenMax) break
  }
  return { ranges, named, taken }
}
