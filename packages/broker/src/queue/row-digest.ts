// The digest of one message in a queue's index. A queue sums them up as messages come, go back and
// are settled, so that two replicas can be compared whatever their backlog.
import { mix } from '../state-hash.ts'
import { noDeadlineMs, type Segment } from './segment.ts'

/** 32 bits, signed, that depend on all that is known of a live row. */
export function rowDigest(segment: Segment, row: number): number {
  const place = mix(mix(segment.first + row, segment.entryAt(row)), segment.positionAt(row))
  const record = mix(mix(place, segment.sectionAt(row)), segment.sizeAt(row))
  const attempt = segment.attemptAt(row)
  const tried = attempt === 0 ? record : mix(mix(record, attempt), segment.deliveryCountAt(row))
  const counted = segment.isOut(row) ? mix(tried, segment.bodyAt(row) + 1) : tried
  const priority = segment.priorityAt(row)
  const ranked = priority === 0 ? counted : mix(counted, priority)
  const deadlineMs = segment.deadlineAt(row)
  if (deadlineMs === noDeadlineMs) return ranked
  return mix(mix(ranked, deadlineMs % 0x100000000), Math.floor(deadlineMs / 0x100000000))
}
