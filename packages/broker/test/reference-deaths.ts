// How messages of the reference leave their queues, for a dead letter exchange or for good, and how
// they come back.
import { recordProperties } from '@holdfast/record'
import type { DeathReason, QueueRanges, SectionReply } from '../src/index.ts'
import type { ReferenceMessage, ReferenceQueue } from './reference-types.ts'

export function pairs(offsets: readonly number[]): number[] {
  const flat: number[] = []
  for (const offset of offsets) {
    if (flat.at(-1) === offset - 1) flat[flat.length - 1] = offset
    else flat.push(offset, offset)
  }
  return flat
}

export function isIn(flat: readonly number[], offset: number): boolean {
  for (let at = 0; at < flat.length; at += 2) {
    if (offset >= (flat[at] ?? 0) && offset <= (flat[at + 1] ?? 0)) return true
  }
  return false
}

export function die(
  queue: ReferenceQueue,
  messages: readonly ReferenceMessage[],
  reason: DeathReason,
  timeMs: number
): void {
  if (queue.settings.deadLetter === null) return
  for (const message of messages) {
    queue.deadTail++
    queue.dead.push({ number: queue.deadTail, message, reason, timeMs })
  }
}

export function expireNamed(
  queues: ReadonlyMap<number, ReferenceQueue>,
  named: readonly QueueRanges[],
  timeMs: number
): SectionReply {
  const early: QueueRanges[] = []
  let messages = 0
  for (const { queue: id, ranges } of named) {
    const queue = queues.get(id)
    if (queue === undefined) continue
    const sorted = [...queue.messages].sort((a, b) => a.offset - b.offset)
    const found = sorted.filter(({ offset }) => isIn(ranges, offset))
    const due = found.filter(({ deadlineMs }) => deadlineMs <= timeMs)
    queue.messages = queue.messages.filter((message) => !due.includes(message))
    die(queue, due, 'expired', timeMs)
    messages += due.length
    const alive = found.filter((message) => !due.includes(message))
    if (alive.length > 0) early.push({ queue: id, ranges: pairs(alive.map((item) => item.offset)) })
  }
  return { type: 'expired', messages, early }
}

export function ttlMsOf(record: Uint8Array): number {
  const { expiration } = recordProperties(record, 0) ?? {}
  return expiration === undefined ? Number.POSITIVE_INFINITY : Number(expiration)
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
