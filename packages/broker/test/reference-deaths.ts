// How messages of the reference leave their queues, for a dead letter exchange or for good.
import type { DeathReason } from '../src/index.ts'
import type { ReferenceMessage, ReferenceQueue } from './reference-types.ts'

export function die(
  queue: ReferenceQueue,
  messages: readonly ReferenceMessage[],
  reason: DeathReason,
  timeMs: number,
  termStartMs: number
): void {
  if (queue.settings.deadLetter === null) return
  for (const message of messages) {
    queue.deadTail = Math.max(queue.deadTail + 1, Math.max(1, termStartMs) * 1024)
    queue.dead.push({ number: queue.deadTail, message, reason, timeMs })
  }
}
