// Queues of the reference with priorities: who is next is found by sorting all that is ready.
import { recordProperties } from '@holdfast/record'
import { isReserving, type ShardCommand } from '../src/index.ts'
import { isIn } from './reference-pairs.ts'
import type { ReferenceMessage, ReferenceQueue } from './reference-types.ts'

export function priorityIn({ settings }: ReferenceQueue, record: Uint8Array): number {
  return Math.min(recordProperties(record, 0)?.priority ?? 0, settings.maxPriority)
}

/** Whether the next message is for a consumer that waits. */
export function arrivesOut(queue: ReferenceQueue, offset: number): boolean {
  const isOut = isReserving(queue.settings) && offset <= queue.mark
  if (queue.settings.maxPriority > 0) queue.mark = Math.max(queue.mark, offset)
  return isOut
}

function ready({ messages }: ReferenceQueue): ReferenceMessage[] {
  return messages.filter(({ isOut }) => !isOut).sort((a, b) => a.offset - b.offset)
}

/** In the order in which they leave a queue that is too long. */
export function weakestFirst(queue: ReferenceQueue): ReferenceMessage[] {
  return ready(queue).sort((a, b) => a.priority - b.priority)
}

/** In the order in which consumers get them. */
export function strongestFirst(queue: ReferenceQueue): ReferenceMessage[] {
  return ready(queue).sort((a, b) => b.priority - a.priority)
}

/** What is ready is reserved, as far as there is room; the rest of the room is for what comes. */
export function makeRoom(queue: ReferenceQueue, room: number): void {
  if (queue.settings.maxPriority === 0) return
  const taken = strongestFirst(queue).slice(0, room)
  for (const message of taken) message.isOut = true
  queue.mark = queue.tail + room - taken.length
}

export function reserveByPriority(
  queue: ReferenceQueue | undefined,
  { free, room }: Extract<ShardCommand, { readonly type: 'reserve-by-priority' }>
): void {
  if (queue === undefined || queue.settings.maxPriority === 0) return
  for (const message of queue.messages) if (isIn(free, message.offset)) message.isOut = false
  makeRoom(queue, room)
}
