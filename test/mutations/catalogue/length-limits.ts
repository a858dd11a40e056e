// Mutations of length limits: what counts, what leaves, what a refusal is (failure mode 76).
import type { Mutation } from '../mutation.ts'

const length = 'packages/broker/src/shard-length.ts'
const publish = 'packages/broker/src/shard-publish.ts'
const queue = 'packages/broker/src/queue/queue.ts'
const reserving = 'packages/cluster/src/delivering/reserving.ts'
const inTheMachine = ['packages/broker/dist/test/shard-length.test.js']
const atALeader = ['packages/cluster/dist/test/delivering/reserving.test.js']
const catches = 'simulator'

export const lengthLimitMutations: readonly Mutation[] = [
  {
    name: 'one-message-too-many',
    failureMode: 76,
    file: 'packages/broker/src/queue/length-limit.ts',
    find: 'messages > limit.messages',
    replace: 'messages > limit.messages + 1',
    catches
  },
  {
    name: 'held-messages-are-dropped',
    failureMode: 76,
    file: 'packages/broker/src/queue/segment.ts',
    find: '[this, isReady ? this.out : null]',
    replace: '[this, null]',
    catches
  },
  {
    name: 'refusal-becomes-a-confirm-when-repeated',
    failureMode: 76,
    file: publish,
    find: '    if (refusing !== null) refusedSequences.add(runFirst, runLast)\n',
    replace: '',
    catches
  },
  {
    name: 'refused-message-is-put-into-its-queue',
    failureMode: 76,
    file: publish,
    find: 'if (!full.has(queue)) append(',
    replace: 'if (queue.tail >= 0) append(',
    catches
  },
  {
    name: 'returned-messages-exceed-the-limit',
    failureMode: 76,
    file: 'packages/broker/src/shard-returns.ts',
    find: '  dropHead(state, queue)\n',
    replace: '',
    catches
  },
  {
    name: 'returned-messages-stay-reserved',
    failureMode: 76,
    file: queue,
    find: 'this.index.setOut(offset, isReserved)',
    replace: 'this.index.setOut(offset, true)',
    catches
  },
  {
    name: 'what-is-given-up-is-handed-out-meanwhile',
    failureMode: 76,
    file: reserving,
    find: 'return Math.min(this.#of.queue.mark, this.#ceiling)',
    replace: 'return this.#of.queue.mark',
    catches: atALeader
  },
  {
    name: 'reserved-for-who-is-gone',
    failureMode: 76,
    file: reserving,
    find: 'if (reserved > credit) this.#giveUp(reserved - credit, ahead)',
    replace: 'if (reserved > credit) return',
    catches: atALeader
  },
  {
    name: 'room-of-consumers-is-known-too-late',
    failureMode: 76,
    file: reserving,
    find: ' || credit - reserved > fits)',
    replace: ')',
    catches: atALeader
  },
  {
    name: 'first-of-what-came-back-is-given-up',
    failureMode: 76,
    file: 'packages/cluster/src/delivering/next-offsets.ts',
    find: 'this.#returned.popHighest()',
    replace: 'this.#returned.pop()',
    catches: ['packages/cluster/dist/test/delivering/next-offsets.test.js']
  },
  {
    name: 'properties-count-as-bodies',
    failureMode: 76,
    file: length,
    find: 'recordBody(data, starts[at] ?? 0).length',
    replace: '(starts[at + 1] ?? 0) - (starts[at] ?? 0)',
    catches: inTheMachine
  },
  {
    name: 'each-part-of-a-transaction-fits',
    failureMode: 76,
    file: 'packages/broker/src/shard-transaction.ts',
    find: 'const all = sizes.get(queue) ?? []',
    replace: 'const all: number[] = []',
    catches
  },
  {
    name: 'snapshot-without-what-is-out',
    failureMode: 76,
    file: 'packages/broker/src/queue/saved-segment.ts',
    find: '  if (out !== null) reader.words(out, 0, Math.ceil(count / 32))\n',
    replace: '  if (out !== null) reader.words(new Uint32Array(32), 0, Math.ceil(count / 32))\n',
    catches: ['packages/broker/dist/test/shard-machine.property.test.js']
  }
]
