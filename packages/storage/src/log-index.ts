// Where the entries of one group lie: a row of 29 bytes for each index, in columns of typed arrays,
// 512 rows a segment (`performance.md` 10: an object an entry would cost four times that). A
// segment disappears with its last row. Each knows the chunk of the last checkpoint that equals it,
// so that a checkpoint writes only what has changed.
import { assert } from '@holdfast/errors'
import type { Location } from './section.ts'

export const segmentRows = 512
const rowBytes = 8 + 8 + 4 + 4 + 4 + 1
const presentFlag = 1
const freedFlag = 2

export interface Row extends Location {
  readonly index: number
  readonly term: number
}

/** Told that a row is gone: the record `sequence` holds one live body less. */
export type Release = (sequence: number) => void

export class Segment {
  /** Rows are those of the indexes `number * segmentRows` and following. */
  readonly number: number
  readonly sequences: Float64Array
  readonly terms: Float64Array
  readonly positions: Uint32Array
  readonly lengths: Uint32Array
  readonly checksums: Uint32Array
  readonly flags: Uint8Array
  presentCount = 0
  freedCount = 0
  /** Rows at and above this one were never used. */
  rowCount = 0
  /** Where the checkpoint keeps this segment; null if it does not, or an older state of it. */
  chunk: Location | null = null
  /** True if it was changed since `chunk` was written. */
  isDirty = true

  constructor(number: number) {
    this.number = number
    const buffer = new ArrayBuffer(segmentRows * rowBytes)
    let offset = 0
    const take = (bytes: number): number => {
      offset += segmentRows * bytes
      return offset - segmentRows * bytes
    }
    this.sequences = new Float64Array(buffer, take(8), segmentRows)
    this.terms = new Float64Array(buffer, take(8), segmentRows)
    this.positions = new Uint32Array(buffer, take(4), segmentRows)
    this.lengths = new Uint32Array(buffer, take(4), segmentRows)
    this.checksums = new Uint32Array(buffer, take(4), segmentRows)
    this.flags = new Uint8Array(buffer, take(1), segmentRows)
  }

  #views(): readonly Uint8Array[] {
    const { sequences, terms, positions, lengths, checksums, flags } = this
    return [sequences, terms, positions, lengths, checksums, flags].map(
      (column) => new Uint8Array(column.buffer, column.byteOffset, column.byteLength)
    )
  }

  /**
   * The used rows, column by column, in the byte order of the machine (little-endian, see open).
   */
  toBytes(): Uint8Array {
    const bytes = new Uint8Array(this.rowCount * rowBytes)
    let at = 0
    for (const column of this.#views()) {
      const used = (column.length / segmentRows) * this.rowCount
      bytes.set(column.subarray(0, used), at)
      at += used
    }
    return bytes
  }

  /** Fills a fresh segment. False if the bytes cannot be those of a segment. */
  fill(bytes: Uint8Array): boolean {
    this.rowCount = bytes.length / rowBytes
    if (!Number.isInteger(this.rowCount) || this.rowCount > segmentRows) return false
    let at = 0
    for (const column of this.#views()) {
      const used = (column.length / segmentRows) * this.rowCount
      column.set(bytes.subarray(at, at + used))
      at += used
    }
    for (let row = 0; row < this.rowCount; row += 1) {
      if (this.isPresent(row)) this.presentCount += 1
      if (this.isPresent(row) && this.isFreed(row)) this.freedCount += 1
    }
    return true
  }

  isPresent(row: number): boolean {
    return ((this.flags[row] ?? 0) & presentFlag) !== 0
  }

  isFreed(row: number): boolean {
    return ((this.flags[row] ?? 0) & freedFlag) !== 0
  }

  free(row: number): void {
    if (!this.isPresent(row) || this.isFreed(row)) return
    this.flags[row] = presentFlag | freedFlag
    this.freedCount += 1
    this.isDirty = true
  }

  drop(row: number, release: Release): void {
    if (!this.isPresent(row)) return
    if (this.isFreed(row)) this.freedCount -= 1
    this.flags[row] = 0
    this.presentCount -= 1
    this.isDirty = true
    release(this.sequences[row] ?? 0)
  }

  read(row: number): Row {
    return {
      index: this.number * segmentRows + row,
      term: this.terms[row] ?? 0,
      sequence: this.sequences[row] ?? 0,
      position: this.positions[row] ?? 0,
      length: this.lengths[row] ?? 0,
      checksum: this.checksums[row] ?? 0
    }
  }
}

export class LogIndex {
  /** Ascending by number. */
  readonly #segments: Segment[] = []
  /** Told of a chunk that is not needed any more once a further checkpoint is durable. */
  readonly #retireChunk: Release

  constructor(retireChunk: Release) {
    this.#retireChunk = retireChunk
  }

  get segments(): readonly Segment[] {
    return this.#segments
  }

  /** Place of the first segment whose number is at least `number`. */
  #search(number: number): number {
    let low = 0
    let high = this.#segments.length
    const last = this.#segments[high - 1]
    if (last !== undefined && last.number < number) return high
    while (low < high) {
      const middle = (low + high) >>> 1
      const segment = this.#segments[middle]
      if (segment !== undefined && segment.number < number) low = middle + 1
      else high = middle
    }
    return low
  }

  #segment(number: number): Segment | undefined {
    const segment = this.#segments[this.#search(number)]
    return segment?.number === number ? segment : undefined
  }

  /** For the recovery: a segment as the checkpoint has it. */
  addSegment(segment: Segment): void {
    const last = this.#segments.at(-1)
    assert(last === undefined || last.number < segment.number, 'segments come in order')
    this.#segments.push(segment)
  }

  /** Adds or replaces the row of an index. */
  set(row: Row, release: Release): void {
    const number = Math.floor(row.index / segmentRows)
    const place = this.#search(number)
    let segment = this.#segments[place]
    if (segment?.number !== number) {
      segment = new Segment(number)
      this.#segments.splice(place, 0, segment)
    }
    const at = row.index % segmentRows
    segment.drop(at, release)
    segment.sequences[at] = row.sequence
    segment.terms[at] = row.term
    segment.positions[at] = row.position
    segment.lengths[at] = row.length
    segment.checksums[at] = row.checksum
    segment.flags[at] = presentFlag
    segment.presentCount += 1
    segment.rowCount = Math.max(segment.rowCount, at + 1)
    segment.isDirty = true
  }

  get(index: number): Row | null {
    const segment = this.#segment(Math.floor(index / segmentRows))
    const at = index % segmentRows
    return segment?.isPresent(at) ? segment.read(at) : null
  }

  has(index: number): boolean {
    const segment = this.#segment(Math.floor(index / segmentRows))
    return segment?.isPresent(index % segmentRows) ?? false
  }

  isFreed(index: number): boolean {
    const segment = this.#segment(Math.floor(index / segmentRows))
    return segment?.isFreed(index % segmentRows) ?? false
  }

  /** Calls `visit` for the rows of [first, last] that exist, ascending, until it returns false. */
  forEach(first: number, last: number, visit: (segment: Segment, at: number) => unknown): void {
    const lastNumber = Math.floor(last / segmentRows)
    for (let place = this.#search(Math.floor(first / segmentRows)); ; place += 1) {
      const segment = this.#segments[place]
      if (segment === undefined || segment.number > lastNumber) return
      const base = segment.number * segmentRows
      const end = Math.min(last - base + 1, segment.rowCount)
      for (let at = Math.max(0, first - base); at < end; at += 1) {
        if (segment.isPresent(at) && visit(segment, at) === false) return
      }
    }
  }

  markFreed(first: number, last: number): void {
    this.forEach(first, last, (segment, at) => segment.free(at))
  }

  /** Drops what is freed below `end`; segments without such a row are not looked into. */
  dropFreedBelow(end: number, release: Release): void {
    for (const segment of this.#segments) {
      const base = segment.number * segmentRows
      if (base >= end) break
      if (segment.freedCount === 0) continue
      const rows = Math.min(segment.rowCount, end - base)
      for (let at = 0; at < rows; at += 1) if (segment.isFreed(at)) segment.drop(at, release)
    }
    this.#sweep()
  }

  /** Drops everything from `index` on. */
  dropFrom(index: number, release: Release): void {
    this.forEach(index, Number.MAX_SAFE_INTEGER, (segment, at) => segment.drop(at, release))
    this.#sweep()
  }

  #sweep(): void {
    let kept = 0
    for (const segment of this.#segments) {
      if (segment.presentCount > 0) {
        this.#segments[kept] = segment
        kept += 1
      } else if (segment.chunk !== null) {
        this.#retireChunk(segment.chunk.sequence)
      }
    }
    this.#segments.length = kept
  }

  /**
   * Lowest index from which on every row up to `last` exists; `last + 1` if there is none at
   * `last`.
   */
  contiguousFrom(last: number): number {
    let index = last
    while (index > 0) {
      const segment = this.#segment(Math.floor(index / segmentRows))
      if (segment === undefined) return index + 1
      const base = segment.number * segmentRows
      let at = index - base
      while (at >= 0 && segment.isPresent(at)) at -= 1
      if (at >= 0) return base + at + 1
      index = base - 1
    }
    return index + 1
  }
}
