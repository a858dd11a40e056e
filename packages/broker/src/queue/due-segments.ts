// The segments of a shard that hold messages with a deadline, by the earliest of each: a heap, so
// that what is due is found without looking at what is not. Derived from the rows, so not
// replicated: a message leaves by a command of the log, which looks at its row, and a look that
// comes too early finds nothing.
import { assert } from '@holdfast/errors'
import type { QueueRanges } from '../shard-command.ts'
import { addPair } from './pairs.ts'
import { noDeadlineMs, type Segment } from './segment.ts'

/** Whether a message is in somebody's hands, or may be: it expires when it comes back. */
export type IsHeld = (queue: number, offset: number) => boolean

export class DueSegments {
  readonly #heap: Segment[] = []

  /** Log time before which nothing is due; infinite where nothing has a deadline. */
  get nextMs(): number {
    return this.#heap[0]?.due.atMs ?? Number.POSITIVE_INFINITY
  }

  /** A live row of the segment has this deadline; `noDeadlineMs` is none. */
  note(queue: number, segment: Segment, deadlineMs: number): void {
    const { due } = segment
    if (deadlineMs >= due.atMs || deadlineMs === noDeadlineMs) return
    due.queue = queue
    due.atMs = deadlineMs
    if (due.place < 0) due.place = this.#heap.push(segment) - 1
    this.#rise(due.place)
  }

  /** All live rows of the segment are to be told when they are due. */
  noteAll(queue: number, segment: Segment): void {
    if (segment.deadlines === null) return
    let earliestMs = noDeadlineMs
    for (let row = segment.nextLive(0); row >= 0; row = segment.nextLive(row + 1)) {
      earliestMs = Math.min(earliestMs, segment.deadlineAt(row))
    }
    this.note(queue, segment, earliestMs)
  }

  forget(segment: Segment): void {
    const { place } = segment.due
    segment.due.place = -1
    segment.due.atMs = Number.POSITIVE_INFINITY
    if (place < 0) return
    const last = this.#heap.pop()
    if (last === undefined || last === segment) return
    this.#put(last, place)
    this.#sink(place)
    this.#rise(last.due.place)
  }

  /**
   * Messages whose deadline has come at `timeMs`, `countMax` at most. What is told or held here is
   * passed over from now on, until it is noted or another message of its segment is due.
   */
  take(timeMs: number, countMax: number, isHeld: IsHeld): readonly QueueRanges[] {
    const found = new Map<number, number[]>()
    let left = countMax
    for (let top = this.#heap[0]; top !== undefined && left > 0; top = this.#heap[0]) {
      const { queue, atMs } = top.due
      if (atMs > timeMs) break
      const ranges = found.get(queue) ?? []
      left -= this.#takeFrom(top, timeMs, left, isHeld, ranges)
      if (ranges.length > 0) found.set(queue, ranges)
    }
    return [...found].map(([queue, ranges]) => ({ queue, ranges }))
  }

  /** Notes what is left in the segment, and returns how many messages it took. */
  #takeFrom(
    segment: Segment,
    timeMs: number,
    countMax: number,
    isHeld: IsHeld,
    ranges: number[]
  ): number {
    const { queue, place } = segment.due
    const { deadlines, count: rows } = segment
    assert(deadlines !== null, 'where something is due, there are deadlines')
    let count = 0
    let nextMs = noDeadlineMs
    // Most are not due: one look at a number each, which is none where nothing lives.
    for (let row = 0; row < rows; row++) {
      const deadlineMs = deadlines[row] ?? noDeadlineMs
      if (deadlineMs > timeMs) {
        if (deadlineMs < nextMs) nextMs = deadlineMs
      } else if (count === countMax) {
        nextMs = Math.min(nextMs, deadlineMs)
      } else if (!isHeld(queue, segment.first + row)) {
        addPair(ranges, segment.first + row, segment.first + row)
        count++
      }
    }
    if (nextMs === noDeadlineMs) this.forget(segment)
    else {
      segment.due.atMs = nextMs
      this.#sink(place)
    }
    return count
  }

  #put(segment: Segment, place: number): void {
    this.#heap[place] = segment
    segment.due.place = place
  }

  #rise(from: number): void {
    const heap = this.#heap
    const segment = heap[from]
    if (segment === undefined) return
    let place = from
    while (place > 0) {
      const parent = heap[(place - 1) >>> 1]
      if (parent === undefined || parent.due.atMs <= segment.due.atMs) break
      const above = parent.due.place
      this.#put(parent, place)
      place = above
    }
    this.#put(segment, place)
  }

  #sink(from: number): void {
    const heap = this.#heap
    const segment = heap[from]
    if (segment === undefined) return
    let place = from
    for (;;) {
      const [left, right] = [heap[2 * place + 1], heap[2 * place + 2]]
      const isRight = right !== undefined && right.due.atMs < (left?.due.atMs ?? 0)
      const child = isRight ? right : left
      if (child === undefined || child.due.atMs >= segment.due.atMs) break
      const below = child.due.place
      this.#put(child, place)
      place = below
    }
    this.#put(segment, place)
  }
}
