// What of a queue is to be handed out next, at its leader: what came back, lowest first, then what
// was not handed out in this term.
import type { QueueView } from '@holdfast/broker'
import type { HeldDeliveries } from './held-deliveries.ts'
import { OffsetHeap } from './offset-heap.ts'

export class NextOffsets {
  readonly #queue: QueueView
  readonly #held: HeldDeliveries
  readonly #returned = new OffsetHeap()
  /** No offset from here on was handed out in this term. */
  #cursor = 1

  constructor(queue: QueueView, held: HeldDeliveries) {
    this.#queue = queue
    this.#held = held
  }

  get cursor(): number {
    return this.#cursor
  }

  get isEmpty(): boolean {
    return this.#returned.size === 0 && this.#queue.nextLive(this.#cursor) === null
  }

  /** Everything below `offset` is handed out, or passed over. */
  passed(offset: number): void {
    this.#cursor = offset
  }

  /** Handed out before, or passed over, and due again. */
  giveBack(offset: number): void {
    this.#returned.push(offset)
  }

  /** The log put these offsets back. */
  returned(first: number, last: number): void {
    const end = Math.min(last, this.#cursor - 1)
    for (let offset = first; offset <= end; offset++) this.#returned.push(offset)
  }

  takeReturned(): number | null {
    for (;;) {
      const offset = this.#returned.pop()
      if (offset === undefined) return null
      if (this.#queue.row(offset) !== null && !this.#held.has(offset)) return offset
    }
  }

  /** The next offset that was not handed out in this term. */
  nextFresh(): number | null {
    let offset = this.#queue.nextLive(this.#cursor)
    while (offset !== null && offset < this.#held.claimedEnd && this.#held.has(offset)) {
      offset = this.#queue.nextLive(offset + 1)
    }
    this.#cursor = offset ?? Math.max(this.#cursor, this.#queue.tail + 1)
    return offset
  }
}
