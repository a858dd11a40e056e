// What of a queue is to be handed out next, at its leader: what came back, lowest first, then what
// was not handed out in this term. What is due to expire is passed over.
import { addPair, type QueueView } from '@holdfast/broker'
import { DueJudge } from './due-judge.ts'
import type { HeldDeliveries } from './held-deliveries.ts'
import type { NextMessages } from './next-messages.ts'
import { OffsetHeap } from './offset-heap.ts'

export class NextOffsets implements NextMessages {
  readonly judge: DueJudge = new DueJudge()
  readonly #queue: QueueView
  readonly #held: HeldDeliveries
  readonly #returned = new OffsetHeap()
  /** With a length limit: what came back and is not reserved. */
  readonly #unreserved = new OffsetHeap()
  /** Whether the log decides on some of what came back. */
  #isUndecided = false
  #cursor = 1

  constructor(queue: QueueView, held: HeldDeliveries) {
    this.#queue = queue
    this.#held = held
  }

  get cursor(): number {
    return this.#cursor
  }

  get isEmpty(): boolean {
    const isBack = this.#returned.size > 0 || this.#unreserved.size > 0
    return !isBack && !this.#isUndecided && this.#nextAlive(this.#cursor) === null
  }

  /** What came back and may be handed out, at most. */
  get returnedCount(): number {
    return this.#returned.size
  }

  /** They come when all before them is handed out. */
  arrived(first: number): void {
    this.judge.arrived(first)
  }

  rewind(): void {
    if (this.#queue.settings.lengthLimit !== null) return this.#collect()
    this.#held.claimedEnd = Math.max(this.#held.claimedEnd, this.#cursor)
    this.#cursor = 1
  }

  /** With a limit, what is below the cursor is known to have come back, or is held. */
  #collect(): void {
    this.#returned.clear()
    this.#unreserved.clear()
    let offset = this.#queue.nextLive(1)
    for (; offset !== null && offset < this.#cursor; offset = this.#queue.nextLive(offset + 1)) {
      if (!this.#held.has(offset)) this.giveBack(offset)
    }
  }

  passed(offset: number): void {
    this.#cursor = offset
  }

  giveBack(offset: number): void {
    if (this.#queue.isOut(offset)) this.#returned.push(offset)
    else this.#unreserved.push(offset)
  }

  /** The log has decided on all that was taken: pairs. */
  decided(pairs: readonly number[]): void {
    this.#isUndecided = false
    for (let at = 0; at < pairs.length; at += 2) {
      const last = pairs[at + 1] ?? 0
      for (let offset = pairs[at] ?? 0; offset <= last; offset++) this.giveBack(offset)
    }
  }

  returned(first: number, last: number): void {
    // With a limit what is reserved is not all that lies below the mark: what came back is known by
    // that. It comes from an earlier term, and so does all below it, which somebody holds or which
    // comes back as well.
    const isLimited = this.#queue.settings.lengthLimit !== null
    if (isLimited) this.#cursor = Math.max(this.#cursor, last + 1)
    const end = Math.min(last, this.#cursor - 1)
    for (let offset = first; offset <= end; offset++) this.giveBack(offset)
  }

  /** Takes up to `count` of what came back and is not reserved, as pairs. */
  takeUnreserved(count: number): number[] {
    return this.#take(() => this.#unreserved.pop(), count, false)
  }

  /**
   * Takes up to `count` of what came back and is reserved, as pairs: the highest, for what stays
   * reserved is handed out first.
   */
  takeReserved(count: number): number[] {
    return this.#take(() => this.#returned.popHighest(), count, true)
  }

  #take(pop: () => number | undefined, count: number, isOut: boolean): number[] {
    const taken: number[] = []
    while (taken.length < count) {
      const offset = pop()
      if (offset === undefined) break
      const isThere = this.#queue.row(offset) !== null && !this.#held.has(offset)
      // It may be there twice.
      if (!isThere || this.#queue.isOut(offset) !== isOut || taken.at(-1) === offset) continue
      taken.push(offset)
    }
    this.#isUndecided ||= taken.length > 0
    const pairs: number[] = []
    for (const offset of taken.sort((a, b) => a - b)) addPair(pairs, offset, offset)
    return pairs
  }

  takeReturned(): number | null {
    for (;;) {
      const offset = this.#returned.pop()
      if (offset === undefined) return null
      const row = this.#queue.row(offset)
      if (row === null || row.deadlineMs <= this.judge.byMs || this.#held.has(offset)) continue
      if (this.#queue.isOut(offset)) return offset
      this.#unreserved.push(offset)
    }
  }

  nextFresh(): number | null {
    let offset = this.#nextAlive(this.#cursor)
    while (offset !== null && offset < this.#held.claimedEnd && this.#held.has(offset)) {
      offset = this.#nextAlive(offset + 1)
    }
    this.#cursor = offset ?? Math.max(this.#cursor, this.#queue.tail + 1)
    return offset
  }

  #nextAlive(from: number): number | null {
    const { byMs, arrivedFrom } = this.judge
    const old = this.#queue.nextLive(from, byMs)
    if (arrivedFrom > this.#queue.tail) return old
    const fresh = this.#queue.nextLive(Math.max(from, arrivedFrom))
    return old === null || fresh === null ? (old ?? fresh) : Math.min(old, fresh)
  }
}
