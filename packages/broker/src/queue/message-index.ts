// The messages of one queue: which offsets are live, and where each record lies in the log. Offsets
// are consecutive from 1 and never given again (architecture, A7). Publishing and settling are O(1)
// a message; a segment without live messages is freed, wherever it is in the queue.
import type { LiveEntries } from '../live-entries.ts'
import { forget } from '../saved-item.ts'
import { DueSegments } from './due-segments.ts'
import { type Leave, type LimitedRows, type MessageRow, readRow } from './message-row.ts'
import { addPair } from './pairs.ts'
import { rowDigest } from './row-digest.ts'
import { Segment, segmentRows } from './segment.ts'

export class MessageIndex {
  readonly #live: LiveEntries
  readonly #due: DueSegments
  readonly #queue: number
  /** Ascending, without overlap; only the last may be without live rows. */
  #segments: Segment[] = []
  /** Position in `#segments` found last. */
  #recent = 0
  /** Highest offset given. */
  tail = 0
  liveCount = 0
  /** Bytes of the live records. */
  bytes = 0
  /** Sum of the digests of the live rows, modulo 2^32. */
  digest = 0
  /** What is ready, where there is a limit: all but what is out, and its bodies. */
  readonly ready: { messages: number; bytes: number } = { messages: 0, bytes: 0 }

  /** `due`: of the shard, where this is the index of `queue`. */
  constructor(live: LiveEntries, due: DueSegments = new DueSegments(), queue = 0) {
    this.#live = live
    this.#due = due
    this.#queue = queue
  }

  get segments(): readonly Segment[] {
    return this.#segments
  }

  /**
   * Position of the first segment that ends above `offset`; the number of segments if none does.
   */
  #locate(offset: number): number {
    const segments = this.#segments
    const recent = segments[this.#recent]
    if (recent !== undefined && offset >= recent.first && offset < recent.end) return this.#recent
    let low = 0
    let high = segments.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((segments[middle]?.end ?? 0) > offset) high = middle
      else low = middle + 1
    }
    this.#recent = low
    return low
  }

  #segmentFor(entry: number): Segment {
    const last = this.#segments.at(-1)
    if (last !== undefined) {
      if (last.count > 0 && last.liveCount === 0) last.restart(entry)
      if (last.canTake(entry)) return last
    }
    const segment = new Segment(this.tail + 1, entry)
    this.#segments.push(segment)
    return segment
  }

  /**
   * Gives the next offsets to records `from` … `to - 1` of a section (see `Segment.append`);
   * `deadlines` are those of the records, null where none has one; `limited`: null without a limit.
   */
  append(
    entry: number,
    section: number,
    starts: Uint32Array,
    from: number,
    to: number,
    deadlines: Float64Array | null = null,
    limited: LimitedRows | null = null
  ): void {
    let at = from
    while (at < to) {
      const segment = this.#segmentFor(entry)
      const rows = Math.min(to - at, segmentRows - segment.count)
      forget(segment.saved)
      segment.append(entry, section, starts, at, rows)
      if (deadlines !== null) {
        const earliestMs = segment.setDeadlines(segment.count - rows, deadlines, at, at + rows)
        this.#due.note(this.#queue, segment, earliestMs)
      }
      if (limited !== null) segment.setBodies(segment.count - rows, limited.bodies, at, at + rows)
      for (let row = segment.count - rows; row < segment.count; row++) {
        if (limited !== null && segment.first + row <= limited.outUpTo) segment.setOut(row, true)
        this.#sum(segment, row, 1)
      }
      this.tail += rows
      at += rows
    }
    this.liveCount += to - from
    this.bytes += (starts[to] ?? 0) - (starts[from] ?? 0)
    this.#live.add(entry, to - from)
  }

  /** Counts a row in, or out. */
  #sum(segment: Segment, row: number, sign: 1 | -1): void {
    this.digest = (this.digest + sign * rowDigest(segment, row)) | 0
    if (segment.bodies === null || segment.isOut(row)) return
    this.ready.messages += sign
    this.ready.bytes += sign * segment.bodyAt(row)
  }

  /** A live message is reserved for consumers, or is not any longer. */
  setOut(offset: number, isOut: boolean): void {
    const segment = this.segmentOf(offset)
    const row = offset - (segment?.first ?? 0)
    if (segment === null || !segment.isLive(row) || segment.isOut(row) === isOut) return
    forget(segment.saved)
    this.#sum(segment, row, -1)
    segment.setOut(row, isOut)
    this.#sum(segment, row, 1)
  }

  /** Smallest offset at or above `offset` that is ready. */
  nextReady(offset: number): number | null {
    for (let position = this.#locate(offset); position < this.#segments.length; position++) {
      const segment = this.#segments[position]
      const row = segment?.nextLive(Math.max(0, offset - segment.first), true) ?? -1
      if (segment !== undefined && row >= 0) return segment.first + row
    }
    return null
  }

  bodyBytes(offset: number): number {
    const segment = this.segmentOf(offset)
    return segment?.bodyAt(offset - segment.first) ?? 0
  }

  /** Puts a segment back as it was saved; called in ascending order. */
  restoreSegment(segment: Segment): void {
    this.#segments.push(segment)
    for (let row = segment.nextLive(0); row >= 0; row = segment.nextLive(row + 1)) {
      this.liveCount++
      this.bytes += segment.sizeAt(row)
      this.#live.add(segment.entryAt(row), 1)
      this.#sum(segment, row, 1)
    }
    this.#due.noteAll(this.#queue, segment)
  }

  /** Removes the segment at `position` if nothing in it lives. Returns whether it is gone. */
  #dropIfEmpty(position: number, segment: Segment): boolean {
    if (segment.liveCount > 0) return false
    forget(segment.saved)
    this.#due.forget(segment)
    const isLast = position === this.#segments.length - 1
    if (isLast && segment.isSmall) return false
    this.#segments.splice(position, 1)
    return true
  }

  /**
   * Settles the live offsets of `first` … `last` whose attempt is `attempt`; all of them where that
   * is null. Offsets that are not settled are added to `stale`, if given. Each row is shown to
   * `leave` while it is still there. Returns how many were settled.
   */
  settle(
    first: number,
    last: number,
    attempt: number | null,
    stale: number[] | null,
    leave?: Leave
  ): number {
    const before = this.liveCount
    let next = first
    let position = this.#locate(first)
    for (;;) {
      const segment = this.#segments[position]
      if (segment === undefined || segment.first > last) break
      if (segment.first > next) {
        if (stale !== null) addPair(stale, next, segment.first - 1)
        next = segment.first
      }
      const end = Math.min(last + 1, segment.end)
      this.#settleIn(segment, [next, end], attempt, stale, leave)
      next = end
      if (!this.#dropIfEmpty(position, segment)) position++
    }
    if (next <= last && stale !== null) addPair(stale, next, last)
    return before - this.liveCount
  }

  #settleIn(
    segment: Segment,
    [first, end]: readonly [number, number],
    attempt: number | null,
    stale: number[] | null,
    leave: Leave | undefined
  ): void {
    const rowEnd = end - segment.first
    let entry = 0
    let ofEntry = 0
    for (let row = first - segment.first; row < rowEnd; row++) {
      if (!segment.isLive(row) || (attempt !== null && segment.attemptAt(row) !== attempt)) {
        if (stale !== null) addPair(stale, segment.first + row, segment.first + row)
        continue
      }
      const rowEntry = segment.entryAt(row)
      if (rowEntry !== entry) {
        if (ofEntry > 0) this.#live.remove(entry, ofEntry)
        entry = rowEntry
        ofEntry = 0
      }
      ofEntry++
      leave?.(segment, row)
      this.liveCount--
      this.bytes -= segment.sizeAt(row)
      this.#sum(segment, row, -1)
      segment.kill(row)
    }
    if (ofEntry > 0) {
      this.#live.remove(entry, ofEntry)
      forget(segment.saved)
    }
  }

  /**
   * Returns the live offsets of `first` … `last` whose attempt is `attempt` (all where that is
   * null): they keep their place and get another attempt. Adds them to `returned`, the others to
   * `stale`.
   */
  giveBack(
    first: number,
    last: number,
    attempt: number | null,
    isCounted: boolean,
    returned: number[],
    stale: number[] | null
  ): void {
    let next = first
    for (let position = this.#locate(first); position < this.#segments.length; position++) {
      const segment = this.#segments[position]
      if (segment === undefined || segment.first > last) break
      const rowEnd = Math.min(last + 1, segment.end) - segment.first
      const rowStart = Math.max(next, segment.first) - segment.first
      for (let row = segment.nextLive(rowStart); row >= 0 && row < rowEnd; ) {
        const offset = segment.first + row
        if (attempt === null || segment.attemptAt(row) === attempt) {
          forget(segment.saved)
          this.#sum(segment, row, -1)
          segment.countAttempt(row, isCounted)
          this.#sum(segment, row, 1)
          this.#due.note(this.#queue, segment, segment.deadlineAt(row))
          addPair(returned, offset, offset)
          if (stale !== null && offset > next) addPair(stale, next, offset - 1)
          next = offset + 1
        }
        row = segment.nextLive(row + 1)
      }
    }
    if (stale !== null && next <= last) addPair(stale, next, last)
  }

  /**
   * Smallest live offset at or above `offset` whose deadline is after `afterMs`; null if there is
   * none.
   */
  nextLive(offset: number, afterMs: number = Number.NEGATIVE_INFINITY): number | null {
    for (let position = this.#locate(offset); position < this.#segments.length; position++) {
      const segment = this.#segments[position]
      if (segment === undefined) break
      let row = segment.nextLive(Math.max(0, offset - segment.first))
      while (row >= 0 && segment.deadlineAt(row) <= afterMs) row = segment.nextLive(row + 1)
      if (row >= 0) return segment.first + row
    }
    return null
  }

  /** Smallest live offset at or above `offset` whose deadline has come by `byMs`; null: none. */
  nextDue(offset: number, byMs: number): number | null {
    for (let position = this.#locate(offset); position < this.#segments.length; position++) {
      const segment = this.#segments[position]
      if (segment === undefined) break
      if (segment.deadlines === null) continue
      let row = segment.nextLive(Math.max(0, offset - segment.first))
      while (row >= 0 && segment.deadlineAt(row) > byMs) row = segment.nextLive(row + 1)
      if (row >= 0) return segment.first + row
    }
    return null
  }

  /** The segment that has a row for `offset`, live or not. */
  segmentOf(offset: number): Segment | null {
    const segment = this.#segments[this.#locate(offset)]
    return segment === undefined || offset < segment.first ? null : segment
  }

  row(offset: number): MessageRow | null {
    const segment = this.segmentOf(offset)
    if (segment === null) return null
    return readRow(segment, offset - segment.first)
  }

  /** Forgets everything; offsets go on. */
  clear(): number {
    const messages = this.liveCount
    if (messages > 0) this.settle(1, this.tail, null, null)
    for (const segment of this.#segments) {
      forget(segment.saved)
      this.#due.forget(segment)
    }
    this.#segments = []
    return messages
  }
}
