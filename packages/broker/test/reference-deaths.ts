// How messages of the reference leave their queues, for a dead letter exchange or for good, and how
// they come back.
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

export function giveBack(queue: ReferenceQueue, triples: readonly number[]): number[] {
  const stale: number[] = []
  for (let at = 0; at < triples.length; at += 3) {
    for (let offset = triples[at] ?? 0; offset <= (triples[at + 1] ?? 0); offset++) {
      const message = queue.messages.find((item) => item.offset === offset)
      if (message?.attempt === triples[at + 2] && message !== undefined) {
        message.attempt++
        message.deliveryCount++
      } else stale.push(offset)
    }
  }
  return stale
}
