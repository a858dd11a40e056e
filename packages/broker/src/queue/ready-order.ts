// What is ready in a queue with priorities: how many messages of each, in its segments too, so that
// the next of a priority is found without a look at the others. Derived from the rows.
import type { Segment } from './segment.ts'

export class ReadyOrder {
  readonly #counts: Uint32Array
  /** By priority: nothing that is ready lies below. */
  readonly #from: Float64Array

  constructor(maxPriority: number) {
    this.#counts = new Uint32Array(maxPriority + 1)
    this.#from = new Float64Array(maxPriority + 1).fill(Number.POSITIVE_INFINITY)
  }

  /** A row is ready from now on, or no longer. */
  note(segment: Segment, row: number, sign: 1 | -1): void {
    const priority = segment.priorityAt(row)
    const count = (this.#counts[priority] ?? 0) + sign
    this.#counts[priority] = count
    segment.readyOf ??= new Uint16Array(this.#counts.length)
    segment.readyOf[priority] = (segment.readyOf[priority] ?? 0) + sign
    if (count === 0) this.#from[priority] = Number.POSITIVE_INFINITY
    else if (sign > 0) {
      this.#from[priority] = Math.min(this.from(priority), segment.first + row)
    }
  }

  /** No offset of this priority below it is ready; infinite if none is. */
  from(priority: number): number {
    return this.#from[priority] ?? Number.POSITIVE_INFINITY
  }

  /** Nothing between `from` and this offset is ready. */
  passed(priority: number, offset: number): void {
    this.#from[priority] = offset
  }

  /** The highest priority of which something is ready; null: nothing is. */
  get highest(): number | null {
    for (let priority = this.#counts.length - 1; priority >= 0; priority--) {
      if ((this.#counts[priority] ?? 0) > 0) return priority
    }
    return null
  }
}
