// How messages come back: a consumer lets go of them, or is gone. What comes back too often, or is
// more than may wait, leaves in the same entry.
import type { ShardQueue } from './queue/queue.ts'
import type { Release } from './shard-command.ts'
import { leave } from './shard-leaving.ts'
import { dropHead } from './shard-length.ts'
import type { ShardState } from './shard-state.ts'

/** A consumer lets go of messages, which counts: what exceeds the delivery limit leaves. */
export function giveBack(
  state: ShardState,
  queue: ShardQueue,
  range: readonly [number, number],
  attempt: number,
  returned: number[],
  stale: number[] | null
): void {
  const spent = queue.giveBack(range, attempt, true, returned, stale)
  leave(state, queue, spent, 'delivery_limit')
}

/**
 * Deliveries end without an outcome: they are due again, and count (AMQP: basic.recover, close).
 */
export function release(state: ShardState, { queue: id, ranges }: Release): number {
  const queue = state.queues.get(id)
  if (queue === undefined) return 0
  const returned: number[] = []
  for (let at = 0; at < ranges.length; at += 3) {
    const attempt = ranges[at + 2] ?? 0
    giveBack(state, queue, [ranges[at] ?? 0, ranges[at + 1] ?? 0], attempt, returned, null)
  }
  return noteReturned(state, queue, returned)
}

/** Returns how many came back; what makes their queue too long leaves it. */
export function noteReturned(
  state: ShardState,
  queue: ShardQueue,
  ranges: readonly number[]
): number {
  if (ranges.length === 0) return 0
  queue.fillRoom()
  state.effects.push({ type: 'returned', queue: queue.id, ranges })
  dropHead(state, queue)
  let messages = 0
  for (let at = 0; at < ranges.length; at += 2) {
    messages += (ranges[at + 1] ?? 0) - (ranges[at] ?? 0) + 1
  }
  return messages
}
