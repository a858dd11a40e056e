// What of a queue is to be handed out next, at its leader: what came back, lowest first, then what
// was not handed out in this term. What is due to expire is passed over.
import type { QueueView } from '@holdfast/broker'
import type { HeldDeliveries } from './held-deliveries.ts'
import { OffsetHeap } from './offset-heap.ts'

export class NextOffsets {
  readonly #queue: QueueView
  readonly #held: HeldDeliveries
  readonly #returned = new OffsetHeap()
  /** No offset from here on was handed out in this term, but for those that are held. */
  #cursor = 1
  /** What has its deadline by then is due. */
  #judgeMs = Number.NEGATIVE_INFINITY
  /** From here on messages have just arrived, and none is due yet. */
  #arrivedFrom = Number.POSITIVE_INFINITY

  constructor(queue: QueueView, held: HeldDeliveries) {
    this.#queue = queue
    this.#held = held
  }

  get cursor(): number {
    return this.#cursor
  }

  get isEmpty(): boolean {
    return this.#returned.size === 0 && this.#nextAlive(this.#cursor) === null
  }

  /** A message may be handed out once when it arrives, even with no time to live (RabbitMQ). */
  arrived(first: number): void {
    this.#arrivedFrom = Math.min(this.#arrivedFrom, first)
  }

  /** From here to `judged`, what is due by `timeMs` is passed over. */
  judgeBy(timeMs: number): void {
    this.#judgeMs = timeMs
  }

  judged(): void {
    this.#arrivedFrom = Number.POSITIVE_INFINITY
  }

  /** Deadlines up to it are due; of a run that begins at `offset`, which are all alike in this. */
  judgeMsAt(offset: number): number {
    return offset >= this.#arrivedFrom ? Number.NEGATIVE_INFINITY : this.#judgeMs
  }

  /** All that nobody holds is to be handed out, whether it was passed over or is returned. */
  rewind(): void {
    this.#held.claimedEnd = Math.max(this.#held.claimedEnd, this.#cursor)
    this.#cursor = 1
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
      const row = this.#queue.row(offset)
      if (row !== null && row.deadlineMs > this.#judgeMs && !this.#held.has(offset)) return offset
    }
  }

  /** The next offset that was not handed out in this term. */
  nextFresh(): number | null {
    let offset = this.#nextAlive(this.#cursor)
    while (offset !== null && offset < this.#held.claimedEnd && this.#held.has(offset)) {
      offset = this.#nextAlive(offset + 1)
    }
    this.#cursor = offset ?? Math.max(this.#cursor, this.#queue.tail + 1)
    return offset
  }

  #nextAlive(from: number): number | null {
    const old = this.#queue.nextLive(from, this.#judgeMs)
    if (this.#arrivedFrom > this.#queue.tail) return old
    const fresh = this.#queue.nextLive(Math.max(from, this.#arrivedFrom))
    return old === null || fresh === null ? (old ?? fresh) : Math.min(old, fresh)
  }
}
