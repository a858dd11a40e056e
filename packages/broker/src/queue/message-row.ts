// One message of a queue's index, for those who ask singly.
import type { Segment } from './segment.ts'

export interface MessageRow {
  /** Index of the entry that carries the record. */
  readonly entry: number
  /** Of the record, in the entry's data. */
  readonly position: number
  /** Of the record's section. */
  readonly section: number
  readonly sizeBytes: number
  /** Grows each time the message goes back; above zero, a delivery is flagged redelivered. */
  readonly attempt: number
  /** How often it went back for a reason that counts towards a delivery limit. */
  readonly deliveryCount: number
  /** Log time at which it expires; `noDeadlineMs` if it does not. */
  readonly deadlineMs: number
  /** 0 where the queue has none. */
  readonly priority: number
}

/** Null if it does not live. */
export function readRow(segment: Segment, row: number): MessageRow | null {
  if (!segment.isLive(row)) return null
  return {
    entry: segment.entryAt(row),
    position: segment.positionAt(row),
    section: segment.sectionAt(row),
    sizeBytes: segment.sizeAt(row),
    attempt: segment.attemptAt(row),
    deliveryCount: segment.deliveryCountAt(row),
    deadlineMs: segment.deadlineAt(row),
    priority: segment.priorityAt(row)
  }
}

/** What is told of records in a queue that reserves them for consumers (`isReserving`). */
export interface ReservedRows {
  /** With a length limit: sizes of their bodies. */
  readonly bodies: Uint32Array | null
  /** With priorities: theirs, none above the highest of the queue. */
  readonly priorities: Uint8Array | null
  /** Offsets up to it are reserved before they are given. */
  readonly outUpTo: number
}

/** Told of a row that is about to be settled. */
export type Leave = (segment: Segment, row: number) => void
