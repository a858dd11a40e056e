// How deliveries end at the leader of their queue: a client settles them by themselves, or within a
// transaction, which is in the log before this node looks at who holds what.
import type { SettleCommand, ShardCommand } from '@holdfast/broker'
import type { SettleEvent } from '@holdfast/protocol'
import type { Core } from '../core.ts'
import type { GroupId } from '../log-store.ts'
import { type Consumer, checkCredible, countMistaken } from './consumer.ts'

/**
 * A client settles deliveries: what it holds goes into the log, the rest is refused as stale.
 * @throws FRAME_INVALID for one that does nothing but name what it does not hold
 */
export function settle(
  core: Core,
  group: GroupId,
  queue: number,
  consumer: Consumer,
  event: Omit<SettleEvent, 'type' | 'consumer'>
): void {
  const { settleSequence, outcome } = event
  const { key, recipient } = consumer
  const delivery = core.deliveries.find(group, queue)
  if (delivery === null) return recipient.settleAnswered(settleSequence, false)
  checkCredible(consumer)
  const ranges: number[] = []
  let named = 0
  let taken = 0
  for (let i = 0; i + 2 < event.ranges.length; i += 3) {
    const [first = 0, last = 0, attempt = 0] = event.ranges.slice(i, i + 3)
    named += last - first + 1
    for (const held of delivery.release(consumer, { first, last, attempt })) {
      ranges.push(held.first, held.last, attempt)
      taken += held.last - held.first + 1
    }
  }
  countMistaken(consumer, named, taken)
  delivery.wake()
  if (ranges.length === 0) return recipient.settleAnswered(settleSequence, false)
  const command: ShardCommand = { type: 'settle', queue, consumer: key, outcome, ranges }
  // Without an answer the client settles again where it attaches next.
  core.deliveries.commit(delivery, command, (reply) => {
    const stale = reply.type === 'settled' ? reply.stale : []
    delivery.decided(ranges)
    core.counters.settledMessages += countOf(ranges)
    recipient.settleAnswered(settleSequence, taken === named && stale.length === 0)
  })
}

/** A transaction is in the log: what it gave back was told with the entry. */
export function settledTogether(
  core: Core,
  group: GroupId,
  settlements: readonly SettleCommand[]
): void {
  for (const { queue, outcome, ranges } of settlements) {
    if (outcome !== 'released') core.deliveries.find(group, queue)?.settled(ranges)
    core.counters.settledMessages += countOf(ranges)
  }
}

function countOf(ranges: readonly number[]): number {
  let count = 0
  for (let i = 0; i + 2 < ranges.length; i += 3)
    count += (ranges[i + 1] ?? 0) - (ranges[i] ?? 0) + 1
  return count
}
