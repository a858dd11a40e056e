// Mutations of routes, of the leases they rest on, and of what consumers hold, written without a
// look at the others (failure modes 18 to 85).
import type { Mutation } from '../mutation.ts'

export const routingMutations: readonly Mutation[] = [
  {
    name: 'lowest-unconfirmed-is-forgotten',
    failureMode: 62,
    file: 'packages/broker/src/queue/sequence-set.ts',
    find: '(runs[kept + 1] ?? 0) < lowest) kept += 2',
    replace: '(runs[kept + 1] ?? 0) <= lowest) kept += 2',
    catches: 'simulator'
  },
  {
    name: 'deleted-queue-is-known-by-its-id',
    failureMode: 55,
    file: 'packages/broker/src/topology.ts',
    find: '    this.#queuesById.delete(queue.id)\n',
    replace: '',
    catches: 'simulator'
  },
  {
    name: 'new-row-leaves-its-chunk-clean',
    failureMode: 85,
    file: 'packages/storage/src/log-index.ts',
    find:
      '    segment.rowCount = Math.max(segment.rowCount, at + 1)\n' +
      '    segment.isDirty = true\n',
    replace: '    segment.rowCount = Math.max(segment.rowCount, at + 1)\n',
    catches: 'simulator'
  },
  {
    name: 'routing-lease-counts-from-its-grant',
    failureMode: 18,
    file: 'packages/cluster/src/metadata/lease.ts',
    find: 'this.#untilMs = Math.max(this.#untilMs, askedMs + times.leaseMs)',
    replace: 'this.#untilMs = Math.max(this.#untilMs, this.#core.clock.nowMs + ' + 'times.leaseMs)',
    catches: 'simulator'
  },
  {
    name: 'lease-of-an-earlier-leader-goes-on',
    failureMode: 18,
    file: 'packages/cluster/src/metadata/lease.ts',
    find: '    this.#term = term\n    this.#untilMs = 0\n',
    replace: '    this.#term = term\n',
    catches: 'simulator'
  },
  {
    name: 'queues-that-are-gone-are-not-counted',
    failureMode: 59,
    file: 'packages/cluster/src/publishing/gateway.ts',
    find: "if (outcome.type === 'missing') publish.queuesLeft -= " + 'outcome.queues.length',
    replace: "if (outcome.type === 'missing') publish.queuesLeft -= 0",
    catches: 'simulator'
  },
  {
    name: 'missing-queues-counted-once',
    failureMode: 59,
    file: 'packages/cluster/src/publishing/gateway.ts',
    find: 'publish.queuesLeft -= outcome.queues.length',
    replace: 'publish.queuesLeft--',
    catches: 'simulator'
  },
  {
    name: 'transaction-overtakes-the-last-publish',
    failureMode: 62,
    file: 'packages/cluster/src/sessions/held-publishes.ts',
    find: 'first.batch.firstSequence > upTo',
    replace: 'first.batch.firstSequence >= upTo',
    catches: 'simulator'
  },
  {
    name: 'topic-branch-goes-with-a-leaf',
    failureMode: 60,
    file: 'packages/broker/src/exchange/topic-trie.ts',
    find:
      'node.bindings === null && node.children === null && node.star === null ' +
      '&& node.hash === null',
    replace: 'node.bindings === null && node.children === null && node.star === null',
    catches: 'simulator'
  },
  {
    name: 'unroutable-refused-though-not-mandatory',
    failureMode: 61,
    file: 'packages/cluster/src/publishing/gateway.ts',
    find: 'if (publish.queuesLeft <= 0 && batch.mandatory) {',
    replace: 'if (publish.queuesLeft <= 0) {',
    catches: 'simulator'
  },
  {
    name: 'consumer-of-a-closed-session-stays',
    failureMode: 70,
    file: 'packages/cluster/src/delivering/consuming.ts',
    find: '    if (session.isClosed) {\n',
    replace: '    if (session.isClosed && session.consumers.size > 0) {\n',
    catches: 'simulator'
  },
  {
    name: 'number-of-a-consumer-given-again',
    failureMode: 67,
    file: 'packages/cluster/src/sessions/native-session.ts',
    find: '    this.#lastConsumer++\n    return this.#lastConsumer\n',
    replace:
      '    this.#lastConsumer = this.consumers.size + 1\n' + '    return this.#lastConsumer\n',
    catches: 'simulator'
  },
  {
    name: 'alternate-exchange-takes-all',
    failureMode: 60,
    file: 'packages/broker/src/router.ts',
    find: 'if (this.#isTaken || alternateExchange === null) return',
    replace: 'if (alternateExchange === null) return',
    catches: 'simulator'
  },
  {
    name: 'last-of-what-nobody-claimed-stays',
    failureMode: 65,
    file: 'packages/broker/src/shard-commands.ts',
    find: '  if (next <= last) visit(next, last)\n',
    replace: '  if (next < last) visit(next, last)\n',
    catches: 'simulator'
  },
  {
    name: 'changes-count-as-done-when-leadership-is-lost',
    failureMode: 56,
    file: 'packages/cluster/src/metadata/metadata.ts',
    find: '    for (const { answer } of waiters) answer(this.#notLeader())\n',
    replace:
      "    for (const { answer, result } of waiters) answer({ type: 'reply', " +
      'reply: result })\n',
    catches: 'simulator'
  },
  {
    name: 'deletion-hits-the-next-of-the-name',
    failureMode: 77,
    file: 'packages/broker/src/topology-changes.ts',
    find: 'if (command.queue !== null && command.queue !== queue.id) {',
    replace: 'if (command.queue !== null && command.queue > queue.id) {',
    catches: 'simulator'
  },
  {
    name: 'new-leader-forgets-what-was-answered',
    failureMode: 18,
    file: 'packages/cluster/src/metadata/lease.ts',
    find: 'this.#answeredIndex = this.#core.metadata.appliedIndex\n',
    replace: 'this.#answeredIndex = 0\n',
    catches: 'simulator'
  },
  {
    name: 'hash-stands-for-a-word-at-least',
    failureMode: 60,
    file: 'packages/broker/src/exchange/topic-trie.ts',
    find: '    this.#nextCount += 1\n    if (node.hash !== null) this.#reach(node.hash)\n',
    replace: '    this.#nextCount += 1\n',
    also: [
      {
        file: 'packages/broker/src/exchange/topic-trie.ts',
        find: '      if (node.star !== null) this.#reach(node.star)\n',
        replace:
          '      if (node.star !== null) this.#reach(node.star)\n' +
          '      if (node.hash !== null) this.#reach(node.hash)\n'
      }
    ],
    catches: 'simulator'
  },
  {
    name: 'calls-are-numbered-as-before',
    failureMode: null,
    file: 'packages/cluster/src/peers/calls.ts',
    find: 'this.#lastId = core.options.processEpoch',
    replace: 'this.#lastId = 0',
    catches: ['packages/cluster/dist/test/peers/calls.test.js']
  },
  {
    name: 'first-of-a-gateway-is-a-gap',
    failureMode: 63,
    file: 'packages/broker/src/shard-publish.ts',
    find: 'isNew || (first && number > row.next)',
    replace: 'isNew',
    catches: ['packages/broker/dist/test/shard-publish.test.js']
  }
]
