// In each queue, the messages of a publisher lie in the order in which it sent them.
import type { Delivered, Published } from './messages.ts'
import { nameOf } from './names.ts'

/**
 * What lies before something that its publisher sent earlier, given what was handed out of each
 * queue, by offset. `mayRefuse`: a shard may have refused a message for want of disk.
 */
export function disorders(
  rows: Iterable<readonly [queue: string, rows: ReadonlyMap<number, Delivered>]>,
  publishes: ReadonlyMap<string, Published>,
  mayRefuse: boolean
): string[] {
  const found: string[] = []
  for (const [queue, delivered] of rows) {
    // What a node that has not heard of it sends to the queue before is routed again, and may
    // come behind later messages (docs/concepts/publishing-and-confirms.md).
    if (queue !== nameOf(queue)) continue
    const last = new Map<string, number>()
    for (const [offset, { message }] of [...delivered].sort(([a], [b]) => a - b)) {
      const published = publishes.get(message)
      if (published === undefined) continue
      const { publisher, sequence, isRepeated } = published
      // One of its shards may have refused it for want of disk, and the refusal was lost: then it
      // comes behind what was sent after it (docs/concepts/publishing-and-confirms.md).
      if (isRepeated && mayRefuse) continue
      if (sequence < (last.get(publisher) ?? 0)) found.push(`${message} at ${queue}/${offset}`)
      last.set(publisher, sequence)
    }
  }
  return found
}
