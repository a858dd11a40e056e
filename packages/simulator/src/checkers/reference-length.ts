// Length limits of queues in the plain model: what is ready is counted anew each time.
import { isReserving, type ShardCommand } from '@holdfast/broker'
import { die } from './reference-lifetimes.ts'
import { extreme } from './reference-priorities.ts'
import type { ReferenceMessage, ReferenceQueue, ReferenceRecord } from './reference-types.ts'

/** Bodies are kept as text with a character for each byte. */
function isTooLong(
  { settings: { lengthLimit }, messages, bodies }: ReferenceQueue,
  more: readonly ReferenceRecord[] = []
): boolean {
  if (lengthLimit === null) return false
  const sizes = more.map(({ body }) => body.length)
  for (const [offset, { isOut }] of messages) {
    if (!isOut) sizes.push(bodies.get(offset)?.length ?? 0)
  }
  const bytes = sizes.reduce((sum, size) => sum + size, 0)
  if (sizes.length > (lengthLimit.messages ?? Number.POSITIVE_INFINITY)) return true
  return bytes > (lengthLimit.bytes ?? Number.POSITIVE_INFINITY)
}

export function refusesMore(queue: ReferenceQueue | undefined): boolean {
  return (queue?.settings.lengthLimit?.overflow ?? 'drop-head') !== 'drop-head'
}

/** The oldest that are ready leave, those of the lowest priority first. */
export function dropHead(queue: ReferenceQueue, termStartMs: number): void {
  if (refusesMore(queue)) return
  while (isTooLong(queue)) {
    const [offset] = extreme(queue, 'lowest') ?? [0]
    die(queue, offset, termStartMs)
  }
}

/** Whether it takes all of this, as one that refuses. */
export function hasRoom(queue: ReferenceQueue, records: readonly ReferenceRecord[]): boolean {
  if (!refusesMore(queue)) return true
  const more = records.filter((_, at) => queue.tail + 1 + at > queue.mark)
  return more.length === 0 || !isTooLong(queue, more)
}

/** What was handed out is back: for a consumer that still has room, or ready. */
export function comeBack(queue: ReferenceQueue, message: ReferenceMessage): void {
  if (!isReserving(queue.settings)) return
  // With priorities it is decided when all are back.
  message.isOut = queue.settings.maxPriority === 0 && queue.mark > queue.tail
  if (message.isOut) queue.mark -= 1
}

export function moveMark(queue: ReferenceQueue, mark: number): void {
  if (queue.settings.maxPriority > 0) return
  const isLimited = queue.settings.lengthLimit !== null
  for (const [offset, message] of queue.messages) {
    if (isLimited && offset > queue.mark && offset <= mark) message.isOut = true
    if (isLimited && offset > mark && offset <= queue.mark) message.isOut = false
  }
  queue.mark = mark
}

export function reserve(
  queue: ReferenceQueue | undefined,
  { mark, take, free }: Extract<ShardCommand, { readonly type: 'reserve-messages' }>,
  termStartMs: number
): void {
  if (queue === undefined || queue.settings.lengthLimit === null) return
  if (queue.settings.maxPriority > 0) return
  moveMark(queue, mark)
  for (const [ranges, isOut] of [[take, true] as const, [free, false] as const]) {
    for (let at = 0; at < ranges.length; at += 2) {
      for (let offset = ranges[at] ?? 0; offset <= (ranges[at + 1] ?? 0); offset += 1) {
        const message = queue.messages.get(offset)
        if (message !== undefined) message.isOut = isOut
      }
    }
  }
  dropHead(queue, termStartMs)
}
