// A message in a queue of the machine, beside the same message of the reference queue.
import { isReserving, noDeadlineMs, type QueueView } from '@holdfast/broker'
import type { ReferenceMessage, ReferenceQueue } from './reference-types.ts'

type Counts = Pick<
  ReferenceMessage,
  'attempt' | 'deliveryCount' | 'entry' | 'sizeBytes' | 'priority' | 'deadlineMs'
>

function textOf(counts: Counts): string {
  const { attempt, deliveryCount, entry, sizeBytes, priority, deadlineMs } = counts
  const due = deadlineMs < noDeadlineMs ? `, due at ${deadlineMs}` : ''
  const place = `entry ${entry}, ${sizeBytes} bytes, priority ${priority}`
  return `attempt ${attempt}, count ${deliveryCount}, ${place}${due}`
}

/** What the message at an offset is, and what it should be; null if both are the same. */
export function rowDifference(
  queue: QueueView,
  offset: number,
  { messages, settings }: ReferenceQueue
): string | null {
  const row = queue.row(offset)
  const wanted = messages.get(offset)
  if (isReserving(settings) && wanted !== undefined && queue.isOut(offset) !== wanted.isOut) {
    return wanted.isOut ? 'not reserved' : 'reserved'
  }
  const is = row === null ? 'gone' : textOf(row)
  const should = wanted === undefined ? 'gone' : textOf(wanted)
  return is === should ? null : `${is}, not ${should}`
}
