// What an entry says something about.
import type { ShardEffect } from '@holdfast/broker'

/** Queues of an entry, and the offsets in each of which it said something. */
export function touched(effects: readonly ShardEffect[]): Map<number, Set<number>> {
  const queues = new Map<number, Set<number>>()
  const note = (queue: number, ranges: readonly number[], width: number): void => {
    const offsets = queues.get(queue) ?? new Set()
    queues.set(queue, offsets)
    for (let at = 0; at < ranges.length; at += width) {
      const [first = 0, last = 0] = ranges.slice(at, at + 2)
      for (let offset = first; offset <= last; offset += 1) offsets.add(offset)
    }
  }
  for (const effect of effects) {
    switch (effect.type) {
      case 'published':
        note(effect.queue, [effect.first, effect.last], 2)
        break
      case 'settled':
        note(effect.queue, effect.ranges, 3)
        break
      case 'left':
      case 'reserved':
      case 'returned':
        note(effect.queue, effect.ranges, 2)
        break
      case 'marks-advanced':
        for (const { queue } of effect.marks) note(queue, [], 2)
        break
      default:
        note(effect.queue, [], 2)
    }
  }
  return queues
}
