// Mutations of priorities: what comes first, what leaves first, what is remembered of both (failure
// mode 76).
import type { Mutation } from '../mutation.ts'

const queue = 'packages/broker/src/queue/queue.ts'
const next = 'packages/cluster/src/delivering/next-by-priority.ts'
const reserving = 'packages/cluster/src/delivering/priority-reserving.ts'
const atALeader = ['packages/cluster/dist/test/delivering/priority-reserving.test.js']
const catches = 'simulator'

export const priorityMutations: readonly Mutation[] = [
  {
    name: 'lowest-priority-first',
    failureMode: 76,
    file: 'packages/broker/src/queue/ready-order.ts',
    find: 'for (let priority = this.#counts.length - 1; priority >= 0; priority--) {',
    replace: 'for (let priority = 0; priority < this.#counts.length; priority++) {',
    catches
  },
  {
    name: 'returned-message-goes-behind-its-priority',
    failureMode: 76,
    file: 'packages/broker/src/queue/ready-order.ts',
    find: 'Math.min(this.from(priority), segment.first + row)',
    replace: 'count === 1 ? segment.first + row : this.from(priority)',
    catches
  },
  {
    name: 'drop-head-takes-the-highest-priority',
    failureMode: 76,
    file: 'packages/broker/src/shard-length.ts',
    find: 'for (let priority = 0; priority <= maxPriority; priority++) {',
    replace: 'for (let priority = maxPriority; priority >= 0; priority--) {',
    catches
  },
  {
    name: 'snapshot-without-priorities',
    failureMode: 76,
    file: 'packages/broker/src/queue/saved-segment.ts',
    find: 'priorities?.set(reader.raw(to - from), from)',
    replace: 'if (priorities !== null) reader.skip(to - from)',
    catches
  },
  {
    name: 'priority-above-the-highest-is-its-own',
    failureMode: 76,
    file: 'packages/broker/src/message-priority.ts',
    find: 'Math.min(asked[at] ?? 0, max)',
    replace: '(asked[at] ?? 0) % (max + 1)',
    catches
  },
  {
    name: 'room-is-kept-while-something-is-ready',
    failureMode: 76,
    file: queue,
    find: '    return this.fillRoom()\n',
    replace: '    return []\n',
    catches
  },
  {
    name: 'what-was-never-out-comes-back-flagged',
    failureMode: 76,
    file: 'packages/broker/src/queue/message-index.ts',
    find: 'this.#order === null || segment.isOut(row)',
    replace: 'this.tail > 0',
    catches
  },
  {
    name: 'leader-hands-out-reserved-messages-as-they-lie',
    failureMode: 76,
    file: next,
    find: 'below * priorityStep + offset',
    replace: 'offset',
    catches
  },
  {
    name: 'what-is-reserved-is-not-taken-up',
    failureMode: 76,
    file: 'packages/cluster/src/delivering/deliveries.ts',
    find: 'deliveries.get(effect.queue)?.reserved(effect.ranges)\n',
    replace: 'deliveries.get(effect.queue)?.wake()\n',
    catches
  },
  {
    name: 'reserved-by-priority-for-who-is-gone',
    failureMode: 76,
    file: reserving,
    find: 'if (ahead + next.reservedCount > credit && this.#giveUp(credit, ahead)) return',
    replace: 'if (ahead + next.reservedCount > credit) return',
    catches: atALeader
  },
  {
    name: 'highest-priorities-are-given-up',
    failureMode: 76,
    file: next,
    find: 'if (kept.length < count) kept.push(offset)',
    replace: 'if (this.#reserved.size < count) kept.push(offset)',
    catches: ['packages/cluster/dist/test/delivering/next-by-priority.test.js']
  }
]
