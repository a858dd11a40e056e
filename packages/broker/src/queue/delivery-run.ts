// Runs for deliveries: messages that lie side by side in one section of one entry and are handed
// out for the same time, so that one slice of the entry is the blob of one deliver frame
// (architecture, A4).
import type { MessageIndex } from './message-index.ts'

export interface DeliveryRun {
  /** Index of the entry whose data holds the run. */
  readonly entry: number
  /** Position of the section in that data; `readSectionHeader` tells exchange and routing key. */
  readonly section: number
  readonly firstOffset: number
  /** Consecutive offsets, at least one. */
  readonly count: number
  readonly attempt: number
  readonly deliveryCount: number
  /** Of the first record in the entry's data. */
  readonly position: number
  /** Of all records together. */
  readonly lengthBytes: number
}

/**
 * The longest run that starts at `offset`, of at most `countMax` messages, `bytesMax` bytes unless
 * the first alone is larger, offsets up to `last`, and deadlines after `afterMs`. Null if `offset`
 * is not live, or not within these bounds.
 */
export function findDeliveryRun(
  index: MessageIndex,
  offset: number,
  countMax: number,
  bytesMax: number,
  last: number,
  afterMs: number = Number.NEGATIVE_INFINITY
): DeliveryRun | null {
  if (offset > last || countMax < 1) return null
  let segment = index.segmentOf(offset)
  if (segment === null) return null
  let row = offset - segment.first
  if (!segment.isLive(row) || segment.deadlineAt(row) <= afterMs) return null
  const entry = segment.entryAt(row)
  const section = segment.sectionAt(row)
  const attempt = segment.attemptAt(row)
  const deliveryCount = segment.deliveryCountAt(row)
  const position = segment.positionAt(row)
  let lengthBytes = segment.sizeAt(row)
  let count = 1
  const limit = Math.min(countMax, last - offset + 1)
  while (count < limit) {
    row++
    if (row >= segment.count) {
      segment = index.segmentOf(offset + count)
      if (segment === null) break
      row = offset + count - segment.first
    }
    const isNext =
      segment.isLive(row) &&
      segment.positionAt(row) === position + lengthBytes &&
      segment.entryAt(row) === entry &&
      segment.sectionAt(row) === section &&
      segment.attemptAt(row) === attempt &&
      segment.deliveryCountAt(row) === deliveryCount &&
      segment.deadlineAt(row) > afterMs
    if (!isNext) break
    const size = segment.sizeAt(row)
    if (lengthBytes + size > bytesMax) break
    lengthBytes += size
    count++
  }
  const first = offset
  return {
    entry,
    section,
    firstOffset: first,
    count,
    attempt,
    deliveryCount,
    position,
    lengthBytes
  }
}
