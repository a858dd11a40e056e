// How messages of the reference expire: when they are named, and their time has come.
import { recordProperties } from '@holdfast/record'
import type { QueueRanges, SectionReply } from '../src/index.ts'
import { die } from './reference-deaths.ts'
import { isIn, pairs } from './reference-pairs.ts'
import type { ReferenceMessage, ReferenceQueue } from './reference-types.ts'

export function deadlineOf(
  record: Uint8Array,
  { settings }: ReferenceQueue,
  nowMs: number
): number {
  const { expiration } = recordProperties(record, 0) ?? {}
  const own = expiration === undefined ? Number.POSITIVE_INFINITY : Number(expiration)
  return nowMs + Math.min(own, settings.messageTtlMs ?? Number.POSITIVE_INFINITY)
}

export function expireNamed(
  queues: ReadonlyMap<number, ReferenceQueue>,
  named: readonly QueueRanges[],
  timeMs: number,
  termStartMs: number
): SectionReply {
  const early: QueueRanges[] = []
  let count = 0
  for (const { queue: id, ranges } of named) {
    const queue = queues.get(id)
    if (queue === undefined) continue
    const isNamed = ({ offset }: ReferenceMessage): boolean => isIn(ranges, offset)
    const alive = queue.messages.filter((item) => isNamed(item) && item.deadlineMs > timeMs)
    const due = queue.messages.filter((item) => isNamed(item) && item.deadlineMs <= timeMs)
    queue.messages = queue.messages.filter((item) => !due.includes(item))
    die(queue, due, 'expired', timeMs, termStartMs)
    count += due.length
    const offsets = alive.map(({ offset }) => offset)
    if (offsets.length > 0) early.push({ queue: id, ranges: pairs(offsets) })
  }
  return { type: 'expired', messages: count, early }
}
