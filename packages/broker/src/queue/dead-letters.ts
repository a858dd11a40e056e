// Messages that have left a queue for a reason and are on their way to its dead letter exchange: in
// the order in which they died, under numbers that are never given again. Each is a row of numbers
// that says where its record lies in the log, which keeps it as long as the row is here. Whoever
// brings them to their targets takes them out one by one, in any order.
import { assert } from '@holdfast/errors'
import type { ByteReader, ByteWriter } from '../bytes.ts'
import type { LiveEntries } from '../live-entries.ts'
import { blankSavedItem, forget, type SavedItem } from '../saved-item.ts'
import { mix } from '../state-hash.ts'
import type { Segment } from './segment.ts'

/** Why a message left its queue, in the words of RabbitMQ. */
export type DeathReason = 'rejected' | 'expired' | 'maxlen' | 'delivery_limit'

const reasons: readonly DeathReason[] = ['rejected', 'expired', 'maxlen', 'delivery_limit']

export interface DeadLetter {
  readonly number: number
  /** Index of the entry that carries the record. */
  readonly entry: number
  /** Of the record, in the entry's data. */
  readonly position: number
  /** Of the record's section. */
  readonly section: number
  readonly sizeBytes: number
  readonly reason: DeathReason
  /** Log time at which it died. */
  readonly timeMs: number
}

/** What others may read of them. */
export interface DeadLettersView {
  readonly count: number
  /** Bytes of their records. */
  readonly bytes: number
  /** Highest number given. */
  readonly tail: number
  /** The first with this number or a higher one. */
  next(number: number): DeadLetter | null
}

/** How a message dies. */
export interface Death {
  readonly reason: DeathReason
  /** Log time. */
  readonly timeMs: number
  /** The lowest number that it may get. */
  readonly numberMin: number
}

/**
 * The lowest number that is given in a term of the shard's leaders. Log time is part of it: a shard
 * that lost the end of its log, or all of it, does not give the numbers again that it gave there,
 * and that the targets of its dead letters may know. Else they would take new ones for old.
 */
export function firstNumber(termStartMs: number): number {
  return Math.min(Math.max(1, termStartMs), latestMs) * numbersPerMs
}

/** More than can die in the long run, so that numbers do not overtake time. */
const numbersPerMs = 1024
const latestMs = 2 ** 42

/** Rows of a full segment. */
export const deadSegmentRows = 1024

/** Entry, position, section, size, time, reason; an entry of 0: it is gone. */
const rowNumbers = 6
const smallestCapacity = 16

/** Consecutive numbers, saved together. */
export class DeadSegment {
  readonly first: number
  count = 0
  liveCount = 0
  rows: Float64Array = new Float64Array(smallestCapacity * rowNumbers)
  /** Where the last snapshot has this segment. */
  readonly saved: SavedItem = blankSavedItem()

  constructor(first: number) {
    this.first = first
  }

  /** Number behind the last row. */
  get end(): number {
    return this.first + this.count
  }

  append(...row: readonly number[]): void {
    if (this.count * rowNumbers === this.rows.length) {
      const larger = new Float64Array(this.rows.length * 2)
      larger.set(this.rows)
      this.rows = larger
    }
    this.rows.set(row, this.count * rowNumbers)
    this.count++
    if (row[0] !== 0) this.liveCount++
  }

  at(row: number, field: number): number {
    return this.rows[row * rowNumbers + field] ?? 0
  }

  isLive(row: number): boolean {
    return this.at(row, 0) !== 0
  }

  kill(row: number): void {
    this.rows.fill(0, row * rowNumbers, (row + 1) * rowNumbers)
    this.liveCount--
  }

  letter(row: number): DeadLetter {
    const reason = reasons[this.at(row, 5)]
    assert(reason !== undefined, 'the reason of a dead letter is known')
    return {
      number: this.first + row,
      entry: this.at(row, 0),
      position: this.at(row, 1),
      section: this.at(row, 2),
      sizeBytes: this.at(row, 3),
      timeMs: this.at(row, 4),
      reason
    }
  }

  /** 32 bits that depend on all that is known of a live row. */
  digest(row: number): number {
    let digest = this.first + row
    for (let field = 0; field < rowNumbers; field++) digest = mix(digest, this.at(row, field))
    return digest
  }

  write(writer: ByteWriter): void {
    writer.natural(this.first)
    writer.u16(this.count)
    for (let row = 0; row < this.count; row++) {
      writer.natural(this.at(row, 0))
      if (!this.isLive(row)) continue
      writer.u32(this.at(row, 1))
      writer.u32(this.at(row, 2))
      writer.u32(this.at(row, 3))
      writer.natural(this.at(row, 4))
      writer.u8(this.at(row, 5))
    }
  }

  static read(reader: ByteReader): DeadSegment {
    const segment = new DeadSegment(reader.positive())
    for (let left = reader.u16(); left > 0; left--) {
      const entry = reader.natural()
      if (entry === 0) segment.append(0, 0, 0, 0, 0, 0)
      else {
        const [position, section, sizeBytes] = [reader.u32(), reader.u32(), reader.u32()]
        segment.append(entry, position, section, sizeBytes, reader.natural(), reader.u8())
      }
    }
    assert(segment.count <= deadSegmentRows, 'a segment holds at most 1,024 dead letters')
    return segment
  }
}

export class DeadLetters implements DeadLettersView {
  readonly #live: LiveEntries
  /** Ascending; each with something that lives. */
  #segments: DeadSegment[] = []
  tail = 0
  count = 0
  bytes = 0
  /** Sum of the digests of the rows, modulo 2^32. */
  digest = 0

  constructor(live: LiveEntries) {
    this.#live = live
  }

  get segments(): readonly DeadSegment[] {
    return this.#segments
  }

  /** A message that is about to leave: the entry of its record is kept without a gap. */
  add(from: Segment, row: number, { reason, timeMs, numberMin }: Death): void {
    this.tail = Math.max(this.tail + 1, numberMin)
    let segment = this.#segments.at(-1)
    if (segment === undefined || segment.count === deadSegmentRows || segment.end !== this.tail) {
      segment = new DeadSegment(this.tail)
      this.#segments.push(segment)
    }
    const place = [from.entryAt(row), from.positionAt(row), from.sectionAt(row)]
    forget(segment.saved)
    segment.append(...place, from.sizeAt(row), timeMs, reasons.indexOf(reason))
    this.#counted(segment, segment.count - 1, 1)
    this.#live.add(from.entryAt(row), 1)
  }

  #counted(segment: DeadSegment, row: number, sign: 1 | -1): void {
    this.count += sign
    this.bytes += sign * segment.at(row, 3)
    this.digest = (this.digest + sign * segment.digest(row)) | 0
  }

  /** Position of the first segment that ends behind a number. */
  #locate(number: number): number {
    let low = 0
    let high = this.#segments.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#segments[middle]?.end ?? 0) > number) high = middle
      else low = middle + 1
    }
    return low
  }

  next(number: number): DeadLetter | null {
    for (let at = this.#locate(number); at < this.#segments.length; at++) {
      const segment = this.#segments[at]
      if (segment === undefined) break
      for (let row = Math.max(0, number - segment.first); row < segment.count; row++) {
        if (segment.isLive(row)) return segment.letter(row)
      }
    }
    return null
  }

  /** Takes out what is there of `first` … `last`. Returns how many were. */
  remove(first: number, last: number): number {
    const before = this.count
    let isEmptied = false
    for (let at = this.#locate(first); at < this.#segments.length; at++) {
      const segment = this.#segments[at]
      if (segment === undefined || segment.first > last) break
      const end = Math.min(last + 1, segment.end) - segment.first
      for (let row = Math.max(0, first - segment.first); row < end; row++) {
        if (!segment.isLive(row)) continue
        this.#counted(segment, row, -1)
        this.#live.remove(segment.at(row, 0), 1)
        segment.kill(row)
        forget(segment.saved)
      }
      isEmptied ||= segment.liveCount === 0
    }
    if (isEmptied) {
      this.#segments = this.#segments.filter(({ liveCount }) => liveCount > 0)
    }
    return before - this.count
  }

  clear(): number {
    return this.remove(1, this.tail)
  }

  /** Puts a segment back as it was saved; called in ascending order. */
  restoreSegment(segment: DeadSegment): void {
    this.#segments.push(segment)
    for (let row = 0; row < segment.count; row++) {
      if (!segment.isLive(row)) continue
      this.#counted(segment, row, 1)
      this.#live.add(segment.at(row, 0), 1)
    }
  }
}
