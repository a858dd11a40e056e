// How messages of the plain model expire: when their leader names them, and not before their time.
import type { QueueRanges, SectionReply } from '@holdfast/broker'
import { die } from './reference-lifetimes.ts'
import type { ReferenceQueue } from './reference-types.ts'

/** How long a queue lets its messages live; infinite if it does not mind. */
export function ownTtlMs({ settings }: ReferenceQueue): number {
  return settings.messageTtlMs ?? Number.POSITIVE_INFINITY
}

export function expireNamed(
  queues: ReadonlyMap<number, ReferenceQueue>,
  named: readonly QueueRanges[],
  timeMs: number,
  termStartMs: number
): SectionReply {
  let count = 0
  const early: QueueRanges[] = []
  for (const { queue, ranges } of named) {
    const row = queues.get(queue)
    if (row === undefined) continue
    const alive: number[] = []
    for (let at = 0; at < ranges.length; at += 2) {
      for (let offset = ranges[at] ?? 0; offset <= (ranges[at + 1] ?? 0); offset += 1) {
        const message = row.messages.get(offset)
        if (message === undefined) continue
        if (message.deadlineMs > timeMs) alive.push(offset)
        else {
          die(row, offset, termStartMs)
          count += 1
        }
      }
    }
    if (alive.length > 0) early.push({ queue, ranges: pairsOf(alive) })
  }
  return { type: 'expired', messages: count, early }
}

function pairsOf(offsets: readonly number[]): number[] {
  const pairs: number[] = []
  for (const offset of offsets) {
    if (pairs.at(-1) === offset - 1) pairs[pairs.length - 1] = offset
    else pairs.push(offset, offset)
  }
  return pairs
}
