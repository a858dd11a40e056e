// How messages leave their queue without being consumed. Whatever the reason, they leave here.
import type { IndexRange } from './machine.ts'
import type { DeathReason } from './queue/dead-letters.ts'
import { addPair } from './queue/pairs.ts'
import type { ShardQueue } from './queue/queue.ts'
import { noDeadlineMs } from './queue/segment.ts'
import type { QueueRanges, ShardCommand } from './shard-command.ts'
import { die } from './shard-dead-letters.ts'
import type { SectionReply } from './shard-reply.ts'
import type { ShardState } from './shard-state.ts'

/** Takes the live messages of these pairs out of the queue. Returns how many there were. */
export function leave(
  state: ShardState,
  queue: ShardQueue,
  ranges: readonly number[],
  reason: DeathReason
): number {
  if (ranges.length === 0) return 0
  let messages = 0
  for (let at = 0; at < ranges.length; at += 2) {
    const [first = 0, last = 0] = [ranges[at], ranges[at + 1]]
    messages += die(state, queue, [first, last], null, null, reason)
  }
  state.effects.push({ type: 'left', queue: queue.id, reason, ranges })
  return messages
}

/** Adds the live offsets of a range to those that are due, or to those that are not yet. */
function sortByDeadline(
  state: ShardState,
  { index, id }: ShardQueue,
  { first, last }: IndexRange,
  due: number[],
  notYet: number[]
): void {
  let offset = index.nextLive(first)
  while (offset !== null && offset <= last) {
    const segment = index.segmentOf(offset)
    const deadlineMs = segment?.deadlineAt(offset - segment.first) ?? noDeadlineMs
    addPair(deadlineMs <= state.timeMs ? due : notYet, offset, offset)
    // Whoever named it is to be told again.
    if (segment !== null && deadlineMs > state.timeMs) state.due.note(id, segment, deadlineMs)
    offset = offset < last ? index.nextLive(offset + 1) : null
  }
}

/**
 * The leader names what it thinks is due, since it alone knows what nobody holds; whether it is
 * due is decided by log time, which all replicas have.
 */
export function expireMessages(
  state: ShardState,
  command: Extract<ShardCommand, { readonly type: 'expire-messages' }>
): SectionReply {
  const early: QueueRanges[] = []
  let messages = 0
  for (const { queue: id, ranges } of command.queues) {
    const queue = state.queues.get(id)
    if (queue === undefined) continue
    const due: number[] = []
    const notYet: number[] = []
    for (let at = 0; at < ranges.length; at += 2) {
      const [first = 0, last = 0] = [ranges[at], ranges[at + 1]]
      sortByDeadline(state, queue, { first, last }, due, notYet)
    }
    messages += leave(state, queue, due, 'expired')
    if (notYet.length > 0) early.push({ queue: id, ranges: notYet })
  }
  return { type: 'expired', messages, early }
}
