// Mutations of delivery limits: what counts, and what leaves (failure modes 65 and 76).
import type { Mutation } from '../mutation.ts'

const catches = 'simulator'

export const deliveryLimitMutations: readonly Mutation[] = [
  {
    name: 'one-return-too-few',
    failureMode: 76,
    file: 'packages/broker/src/queue/queue.ts',
    find: '(this.row(offset)?.deliveryCount ?? 0) > deliveryLimit',
    replace: '(this.row(offset)?.deliveryCount ?? 0) >= deliveryLimit',
    catches
  },
  {
    name: 'spent-messages-stay',
    failureMode: 76,
    file: 'packages/broker/src/shard-returns.ts',
    find: "  leave(state, queue, spent, 'delivery_limit')\n",
    replace: '  for (const offset of spent) returned.push(offset)\n',
    catches
  },
  {
    name: 'death-of-a-leader-counts',
    failureMode: 65,
    file: 'packages/broker/src/shard-commands.ts',
    find: 'queue.giveBack([first, last], null, false, returned, null)',
    replace: 'queue.giveBack([first, last], null, true, returned, null)',
    catches
  },
  {
    name: 'what-was-never-seen-counts',
    failureMode: 65,
    file: 'packages/broker/src/shard-commands.ts',
    find: 'queue.giveBack([first, last], attempt, false, returned, stale)',
    replace: 'queue.giveBack([first, last], attempt, true, returned, stale)',
    catches
  },
  {
    name: 'snapshot-without-delivery-limits',
    failureMode: 76,
    file: 'packages/broker/src/shard-restore.ts',
    find: '(flags & 64) === 0 ? null : reader.natural()',
    replace: '(flags & 64) === 0 || reader.natural() < 0 ? null : null',
    catches
  },
  {
    name: 'limit-drops-what-is-to-be-dead-lettered',
    failureMode: 71,
    file: 'packages/broker/src/queue/queue.ts',
    find: 'if (this.settings.deadLetter === null) return this.index.settle(',
    replace:
      "if (this.settings.deadLetter === null || death.reason === 'delivery_limit')\n" +
      '      return this.index.settle(',
    catches
  }
]
