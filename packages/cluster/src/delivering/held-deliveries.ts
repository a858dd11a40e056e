// Who holds which message of a queue, at the leader only. A message whose settlement or return is
// on its way through the log is held by nobody and still not to be handed out.
import type { QueueView } from '@holdfast/broker'
import { DeliveryRangeList } from '@holdfast/protocol'
import { limits } from '../limits.ts'
import type { Consumer } from './consumer.ts'

export interface ClaimedRange {
  readonly first: number
  readonly last: number
  /** Which delivery of these messages the consumer holds. */
  readonly attempt: number
}

export class HeldDeliveries {
  readonly #queue: QueueView
  /** By offset; null while the log decides. */
  readonly #holders = new Map<number, Consumer | null>()
  #waiting: { readonly ranges: readonly number[]; readonly done: () => void }[] = []
  /** Offsets below may be held though they come next, and must be looked up one by one. */
  claimedEnd = 0

  constructor(queue: QueueView) {
    this.#queue = queue
  }

  get size(): number {
    return this.#holders.size
  }

  /** By offset; null while the log decides. */
  get holders(): ReadonlyMap<number, Consumer | null> {
    return this.#holders
  }

  /** How many wait for the log to decide. */
  get waitingCount(): number {
    return this.#waiting.length
  }

  has(offset: number): boolean {
    return this.#holders.has(offset)
  }

  /** Handed out just now; `holder` is null where the settlement follows at once. */
  add(firstOffset: number, count: number, holder: Consumer | null): void {
    for (let i = 0; i < count; i++) this.#holders.set(firstOffset + i, holder)
    if (holder !== null) holder.unsettled += count
  }

  /**
   * What a consumer held on its last connection or with the last leader it holds again, unless it
   * was returned meanwhile. `former` is the same consumer on a connection that is not closed yet.
   */
  claim(consumer: Consumer, former: Consumer | null, range: ClaimedRange): void {
    const end = Math.min(range.last, this.#queue.mark)
    let offset = this.#queue.nextLive(range.first)
    while (offset !== null && offset <= end) {
      const holder = this.#holders.get(offset)
      const isFree = holder === undefined || (former !== null && holder === former)
      const isOut = this.#queue.isOut(offset)
      if (isFree && isOut && this.#queue.row(offset)?.attempt === range.attempt) {
        if (holder === former && former !== null) former.unsettled--
        this.add(offset, 1, consumer)
        this.claimedEnd = Math.max(this.claimedEnd, offset + 1)
      }
      offset = this.#queue.nextLive(offset + 1)
    }
  }

  /** Takes all of a consumer's messages from it: flat triples of first, last, attempt. */
  takeAll(consumer: Consumer): number[] {
    const taken = new DeliveryRangeList()
    for (const [offset, holder] of this.#holders) {
      if (holder !== consumer) continue
      this.#holders.set(offset, null)
      taken.add(offset, this.#queue.row(offset)?.attempt ?? 0)
    }
    consumer.unsettled = 0
    return taken.take()
  }

  /**
   * Takes deliveries out of the consumer's hands, as far as it holds them: the ranges that it held.
   */
  take(consumer: Consumer, { first, last, attempt }: ClaimedRange): ClaimedRange[] {
    const taken: { first: number; last: number; readonly attempt: number }[] = []
    for (const offset of this.#heldOf(consumer, first, last)) {
      const row = this.#queue.row(offset)
      // Handed out while a purge was on its way, which took it: to let go of it is all there is.
      if (row === null) this.#drop(offset)
      // It may have come back and been handed to the same consumer again.
      if (row?.attempt !== attempt) continue
      this.#holders.set(offset, null)
      consumer.unsettled--
      const run = taken.at(-1)
      if (run?.last === offset - 1) run.last = offset
      else taken.push({ first: offset, last: offset, attempt })
    }
    return taken
  }

  /** In ascending order. A range that is wider than what one consumer may hold is not walked. */
  #heldOf(consumer: Consumer, first: number, last: number): readonly number[] {
    const offsets: number[] = []
    if (last - first >= limits.prefetchMax) {
      for (const [offset, holder] of this.#holders) {
        if (holder === consumer && offset >= first && offset <= last) offsets.push(offset)
      }
      return offsets.sort((a, b) => a - b)
    }
    for (let offset = first; offset <= last; offset++) {
      if (this.#holders.get(offset) === consumer) offsets.push(offset)
    }
    return offsets
  }

  /** The log has settled or returned these offsets: pairs, or triples. */
  gone(ranges: readonly number[], length: 2 | 3): void {
    for (let i = 0; i + 1 < ranges.length; i += length) {
      this.#gone(ranges[i] ?? 0, ranges[i + 1] ?? 0)
    }
    this.#tellWaiting()
  }

  #gone(first: number, last: number): void {
    if (last - first > this.#holders.size) {
      for (const offset of this.#holders.keys()) {
        if (offset >= first && offset <= last) this.#drop(offset)
      }
      return
    }
    for (let offset = first; offset <= last; offset++) this.#drop(offset)
  }

  /** The log has decided on what was taken; what was handed out anew meanwhile stays. */
  decided(first: number, last: number): void {
    for (let offset = first; offset <= last; offset++) {
      if (this.#holders.get(offset) === null) this.#holders.delete(offset)
    }
    this.#tellWaiting()
  }

  /** Calls `done` when the log decides on none of these any more: triples. */
  whenDecided(ranges: readonly number[], done: () => void): void {
    if (this.#isDecidedOn(ranges)) done()
    else this.#waiting.push({ ranges, done })
  }

  #isDecidedOn(ranges: readonly number[]): boolean {
    for (let i = 0; i + 2 < ranges.length; i += 3) {
      const [first = 0, last = 0] = ranges.slice(i, i + 2)
      if (last - first > this.#holders.size) {
        for (const [offset, holder] of this.#holders) {
          if (holder === null && offset >= first && offset <= last) return false
        }
        continue
      }
      for (let offset = first; offset <= last; offset++) {
        if (this.#holders.get(offset) === null) return false
      }
    }
    return true
  }

  #tellWaiting(): void {
    if (this.#waiting.length === 0) return
    const told = this.#waiting.filter(({ ranges }) => this.#isDecidedOn(ranges))
    if (told.length === 0) return
    this.#waiting = this.#waiting.filter((waiting) => !told.includes(waiting))
    for (const { done } of told) done()
  }

  #drop(offset: number): void {
    const holder = this.#holders.get(offset)
    if (holder != null) holder.unsettled--
    this.#holders.delete(offset)
  }

  /** All that is held, as flat pairs `[first, last, …]`. */
  ranges(): number[] {
    const ranges: number[] = []
    for (const offset of [...this.#holders.keys()].sort((a, b) => a - b)) {
      if (ranges.at(-1) === offset - 1) ranges[ranges.length - 1] = offset
      else ranges.push(offset, offset)
    }
    return ranges
  }
}
