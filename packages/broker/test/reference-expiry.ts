// How messages of the reference expire: when they are named, and their time has come.
import { recordProperties } from '@holdfast/record'
import type { QueueRanges, SectionReply } from '../src/index.ts'
import { die } from './reference-deaths.ts'
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
