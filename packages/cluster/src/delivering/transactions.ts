// Deliveries that end with a transaction, at the leader of their queue: it is in the log before
// this node looks at who holds what.
import type { SettleCommand } from '@holdfast/broker'
import type { Core } from '../core.ts'
import type { GroupId } from '../log-store.ts'

/** What was given back was told with the entry. */
export function settledTogether(
  core: Core,
  group: GroupId,
  settlements: readonly SettleCommand[]
): void {
  for (const { queue, outcome, ranges } of settlements) {
    if (outcome !== 'released') core.deliveries.find(group, queue)?.gone(ranges, 3)
    for (let i = 0; i + 2 < ranges.length; i += 3) {
      core.counters.settledMessages += (ranges[i + 1] ?? 0) - (ranges[i] ?? 0) + 1
    }
  }
}
