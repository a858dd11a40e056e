// A run of index rows: up to 1,024 consecutive offsets of one queue, in one typed array, so that a
// message costs 16 bytes and no object (performance 10).
//
//   words := live bitmap, 32 words · row*
//   row   := entry delta · position of the record · position of its section · size of the record
//
// Positions count in the entry's data, whose size is below 2^32. Attempts and delivery counts are
// made when the first message of the segment is returned; deadlines, 8 bytes a row, when the first
// message comes that has one. In a queue with a length limit, sizes of bodies; in one with
// priorities, these; in both a second bitmap of what is out: reserved for consumers, or in their
// hands.
import { assert } from '@holdfast/errors'
import { blankSavedItem, type SavedItem } from '../saved-item.ts'
import type { ReservedRows } from './message-row.ts'

/** Rows of a full segment. */
export const segmentRows = 1024

const bitmapWords = segmentRows / 32
const rowWords = 4
const smallestCapacity = 16

/** Deadline of a message that has none. */
export const noDeadlineMs: number = Number.MAX_SAFE_INTEGER

/** Arrays up to this capacity are kept when a segment has become empty. */
const reusedCapacity = 64

/** How the words lie. Exported apart: constants that are exported are not folded into the code. */
export const segmentLayout: { readonly bitmapWords: number; readonly rowWords: number } = {
  bitmapWords,
  rowWords
}

export class Segment {
  /** Offset of the first row. */
  first: number
  /** Entry indexes of rows are stored as the difference from this one. */
  firstEntry: number
  /** Rows, live or not: offsets `first` … `first + count - 1`. */
  count = 0
  liveCount = 0
  words: Uint32Array = new Uint32Array(bitmapWords + smallestCapacity * rowWords)
  attempts: Uint32Array | null = null
  deliveryCounts: Uint32Array | null = null
  /** Log time at which each live row expires. */
  deadlines: Float64Array | null = null
  bodies: Uint32Array | null = null
  out: Uint32Array | null = null
  priorities: Uint8Array | null = null
  /** How many rows of each priority are ready: `ReadyOrder`, which derives them, counts here. */
  readyOf: Uint16Array | null = null
  /** Where the segment stands among those with deadlines (`DueSegments`); -1: nowhere. */
  readonly due: { queue: number; atMs: number; place: number } = {
    queue: 0,
    atMs: Number.POSITIVE_INFINITY,
    place: -1
  }
  /** Where the last snapshot has this segment. */
  readonly saved: SavedItem = blankSavedItem()

  constructor(first: number, firstEntry: number) {
    this.first = first
    this.firstEntry = firstEntry
  }

  get capacity(): number {
    return (this.words.length - bitmapWords) / rowWords
  }

  /** Offset behind the last row. */
  get end(): number {
    return this.first + this.count
  }

  canTake(entry: number): boolean {
    return this.count < segmentRows && entry - this.firstEntry <= 0xffffffff
  }

  /** Whether an empty segment is worth keeping for the next messages. */
  get isSmall(): boolean {
    return this.capacity <= reusedCapacity
  }

  /** Starts again, empty, behind the rows it had. */
  restart(firstEntry: number): void {
    this.first = this.end
    this.firstEntry = firstEntry
    this.count = 0
    this.attempts = null
    this.deliveryCounts = null
    this.deadlines = null
    this.bodies = null
    this.out = null
    this.priorities = null
    this.words.fill(0, 0, bitmapWords)
  }

  reserve(rows: number): void {
    let capacity = this.capacity
    if (rows <= capacity) return
    while (capacity < rows) capacity *= 2
    assert(capacity <= segmentRows, 'a segment holds at most 1,024 rows')
    const words = new Uint32Array(bitmapWords + capacity * rowWords)
    words.set(this.words)
    this.words = words
    this.attempts &&= grown(this.attempts, capacity)
    this.deliveryCounts &&= grown(this.deliveryCounts, capacity)
    this.bodies &&= grown(this.bodies, capacity)
    if (this.priorities !== null) {
      const priorities = new Uint8Array(capacity)
      priorities.set(this.priorities)
      this.priorities = priorities
    }
    if (this.deadlines !== null) {
      const deadlines = blankDeadlines(capacity)
      deadlines.set(this.deadlines)
      this.deadlines = deadlines
    }
  }

  /**
   * Adds live rows for the records `from` … `from + rows - 1` of a section; `starts` holds the
   * position of each record and, behind the last, the end.
   */
  append(entry: number, section: number, starts: Uint32Array, from: number, rows: number): void {
    this.reserve(this.count + rows)
    const { words } = this
    const delta = entry - this.firstEntry
    let at = bitmapWords + this.count * rowWords
    let position = starts[from] ?? 0
    for (let record = from + 1; record <= from + rows; record++) {
      const next = starts[record] ?? 0
      words[at] = delta
      words[at + 1] = position
      words[at + 2] = section
      words[at + 3] = next - position
      position = next
      at += rowWords
    }
    for (let row = this.count; row < this.count + rows; row++) {
      words[row >>> 5] = (words[row >>> 5] ?? 0) | (1 << (row & 31))
    }
    this.count += rows
    this.liveCount += rows
  }

  /** Calls `visit` for each run of live rows `from` … `to - 1`. */
  forEachRun(visit: (from: number, to: number) => void): void {
    let from = this.nextLive(0)
    while (from >= 0) {
      let to = from + 1
      while (to < this.count && this.isLive(to)) to++
      visit(from, to)
      from = this.nextLive(to)
    }
  }

  deadlineAt(row: number): number {
    return this.deadlines === null ? noDeadlineMs : (this.deadlines[row] ?? noDeadlineMs)
  }

  /** Gives rows `row` … their deadlines, `deadlines[from, to)`. Returns the earliest. */
  setDeadlines(row: number, deadlines: Float64Array, from: number, to: number): number {
    this.deadlines ??= blankDeadlines(this.capacity)
    let earliest = noDeadlineMs
    for (let at = from; at < to; at++) {
      const deadlineMs = deadlines[at] ?? noDeadlineMs
      this.deadlines[row + at - from] = deadlineMs
      if (deadlineMs < earliest) earliest = deadlineMs
    }
    return earliest
  }

  isLive(row: number): boolean {
    return ((this.words[row >>> 5] ?? 0) & (1 << (row & 31))) !== 0
  }

  isOut(row: number): boolean {
    return this.out !== null && ((this.out[row >>> 5] ?? 0) & (1 << (row & 31))) !== 0
  }

  setOut(row: number, isOut: boolean): void {
    this.out ??= new Uint32Array(bitmapWords)
    const [word, bit] = [this.out[row >>> 5] ?? 0, 1 << (row & 31)]
    this.out[row >>> 5] = isOut ? word | bit : word & ~bit
  }

  bodyAt(row: number): number {
    return this.bodies === null ? 0 : (this.bodies[row] ?? 0)
  }

  /** Gives rows `row` … the sizes of their bodies, `bodies[from, to)`. */
  setBodies(row: number, bodies: Uint32Array, from: number, to: number): void {
    this.bodies ??= new Uint32Array(this.capacity)
    this.bodies.set(bodies.subarray(from, to), row)
  }

  priorityAt(row: number): number {
    return this.priorities === null ? 0 : (this.priorities[row] ?? 0)
  }

  /** Gives rows `row` … their priorities, `priorities[from, to)`. */
  setPriorities(row: number, priorities: Uint8Array, from: number, to: number): void {
    this.priorities ??= new Uint8Array(this.capacity)
    this.priorities.set(priorities.subarray(from, to), row)
  }

  /** Tells of rows `row` … what is told of the records `from` … `to - 1`. */
  setReserved(
    row: number,
    { bodies, priorities, outUpTo }: ReservedRows,
    from: number,
    to: number
  ): void {
    if (bodies !== null) this.setBodies(row, bodies, from, to)
    if (priorities !== null) this.setPriorities(row, priorities, from, to)
    const end = Math.min(outUpTo - this.first + 1, row + to - from)
    for (let at = row; at < end; at++) this.setOut(at, true)
  }

  /** First live row at or above `row`, or first that is not out; -1 if there is none. */
  nextLive(row: number, isReady = false): number {
    const [{ words, count }, out] = [this, isReady ? this.out : null]
    if (row >= count) return -1
    let word = row >>> 5
    let bits = (words[word] ?? 0) & ~(out?.[word] ?? 0) & (0xffffffff << (row & 31))
    while (bits === 0) {
      word++
      if (word * 32 >= count) return -1
      bits = (words[word] ?? 0) & ~(out?.[word] ?? 0)
    }
    return word * 32 + 31 - Math.clz32(bits & -bits)
  }

  kill(row: number): void {
    this.words[row >>> 5] = (this.words[row >>> 5] ?? 0) & ~(1 << (row & 31))
    if (this.out !== null) this.setOut(row, false)
    if (this.deadlines !== null) this.deadlines[row] = noDeadlineMs
    this.liveCount--
  }

  entryAt(row: number): number {
    return this.firstEntry + (this.words[bitmapWords + row * rowWords] ?? 0)
  }

  entryDeltaAt(row: number): number {
    return this.words[bitmapWords + row * rowWords] ?? 0
  }

  positionAt(row: number): number {
    return this.words[bitmapWords + row * rowWords + 1] ?? 0
  }

  sectionAt(row: number): number {
    return this.words[bitmapWords + row * rowWords + 2] ?? 0
  }

  sizeAt(row: number): number {
    return this.words[bitmapWords + row * rowWords + 3] ?? 0
  }

  attemptAt(row: number): number {
    return this.attempts === null ? 0 : (this.attempts[row] ?? 0)
  }

  deliveryCountAt(row: number): number {
    return this.deliveryCounts === null ? 0 : (this.deliveryCounts[row] ?? 0)
  }

  /** A message goes back: the next delivery is another attempt, and counted if `isCounted`. */
  countAttempt(row: number, isCounted: boolean): void {
    this.attempts ??= new Uint32Array(this.capacity)
    const attempt = (this.attempts[row] ?? 0) + 1
    assert(attempt <= 0xffffffff, 'attempts stay below 2^32')
    this.attempts[row] = attempt
    if (!isCounted) return
    this.deliveryCounts ??= new Uint32Array(this.capacity)
    this.deliveryCounts[row] = (this.deliveryCounts[row] ?? 0) + 1
  }
}

export function blankDeadlines(capacity: number): Float64Array {
  return new Float64Array(capacity).fill(noDeadlineMs)
}

function grown(array: Uint32Array, capacity: number): Uint32Array {
  const larger = new Uint32Array(capacity)
  larger.set(array)
  return larger
}
