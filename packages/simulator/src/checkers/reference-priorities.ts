// Queues of the plain model with priorities: whoever is next is looked for among all that is ready.
import type { ShardCommand } from '@holdfast/broker'
import { forEachOffset } from './reference-replies.ts'
import type { ReferenceMessage, ReferenceQueue } from './reference-types.ts'

/** Of what is ready: the oldest of the highest priority, or of the lowest. */
export function extreme(
  { messages }: ReferenceQueue,
  which: 'highest' | 'lowest'
): [offset: number, message: ReferenceMessage] | null {
  let found: [number, ReferenceMessage] | null = null
  for (const [offset, message] of messages) {
    if (message.isOut) continue
    const ahead = found === null ? 1 : message.priority - found[1].priority
    const isMore = which === 'highest' ? ahead > 0 : ahead < 0
    if (found === null || isMore || (ahead === 0 && offset < found[0])) found = [offset, message]
  }
  return found
}

/** What is ready takes the room that was kept for what comes. */
export function fillRoom(queue: ReferenceQueue): void {
  while (queue.settings.maxPriority > 0 && queue.mark > queue.tail) {
    const [, message] = extreme(queue, 'highest') ?? []
    if (message === undefined) return
    message.isOut = true
    queue.mark -= 1
  }
}

export function reserveByPriority(
  queue: ReferenceQueue | undefined,
  { free, room }: Extract<ShardCommand, { readonly type: 'reserve-by-priority' }>
): void {
  if (queue === undefined || queue.settings.maxPriority === 0) return
  forEachOffset(free, 2, (offset) => {
    const message = queue.messages.get(offset)
    if (message !== undefined) message.isOut = false
  })
  queue.mark = queue.tail + room
  fillRoom(queue)
}
