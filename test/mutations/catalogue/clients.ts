// Mutations of the client library, of the protocol, and of how much clients are given at once
// (failure modes 59 to 69).
import type { Mutation } from '../mutation.ts'

export const clientMutations: readonly Mutation[] = [
  {
    name: 'lowest-unconfirmed-one-too-high',
    failureMode: 62,
    file: 'packages/client/src/publish-batch.ts',
    find: 'return this.firstSequence + Math.max(0, position)',
    replace: 'return this.firstSequence + Math.max(0, position) + 1',
    catches: 'simulator'
  },
  {
    name: 'every-repeat-is-fresh',
    failureMode: 62,
    file: 'packages/client/src/publish-batch.ts',
    find: 'return ageMs < clientLimits.producerFreshMs',
    replace: 'return ageMs < Number.POSITIVE_INFINITY',
    catches: ['packages/client/dist/test/late-repeats.test.js']
  },
  {
    name: 'nothing-is-sent-again',
    failureMode: 59,
    file: 'packages/client/src/batch-list.ts',
    find: '    for (const batch of this.#batches) batch.isInFlight = false\n    this.#cursor = 0\n',
    replace:
      '    for (const batch of this.#batches) batch.isInFlight = false\n' +
      '    this.#cursor = this.#batches.length\n',
    catches: 'simulator'
  },
  {
    name: 'one-more-answered-than-was-said',
    failureMode: 59,
    file: 'packages/client/src/publisher.ts',
    find: 'const to = Math.min(batch.count - 1, last - batch.firstSequence)',
    replace: 'const to = Math.min(batch.count - 1, last - batch.firstSequence + 1)',
    catches: 'simulator'
  },
  {
    name: 'confirms-joined-across-a-gap',
    failureMode: 59,
    file: 'packages/protocol/src/range-list.ts',
    find: '    if (end !== undefined && first === end + 1) {',
    replace: '    if (end !== undefined && first > end && first <= end + 2) {',
    catches: 'simulator'
  },
  {
    name: 'credit-not-given-back',
    failureMode: 69,
    file: 'packages/protocol/src/publish-credit.ts',
    find: '    this.#availableBytes += given\n    return given\n',
    replace: '    this.#availableBytes += given\n    return 0\n',
    catches: 'simulator'
  },
  {
    name: 'ranges-joined-across-a-gap',
    failureMode: 67,
    file: 'packages/protocol/src/range-list.ts',
    find: 'if (end !== undefined && first === end + 1 && flat[length - 1] === attempt) {',
    replace:
      'if (end !== undefined && first > end && first <= end + 2 && flat[length - 1] === ' +
      'attempt) {',
    catches: 'simulator'
  },
  {
    name: 'who-waits-for-others-of-its-client-sleeps-on',
    failureMode: 69,
    file: 'packages/cluster/src/relaying/relayed-client.ts',
    find: '    for (const waiter of waiting) waiter.wake()\n',
    replace: '',
    catches: ['packages/cluster/dist/test/relaying/leader-relay.test.js']
  },
  {
    name: 'credit-wanted-on-a-broken-link-is-waited-for',
    failureMode: 69,
    file: 'packages/client/src/publisher.ts',
    find: '    this.#wantedBytes = 0\n',
    replace: '',
    catches: ['packages/client/dist/test/publish-credit.test.js']
  },
  {
    name: 'deadline-of-the-first-attachment-stays',
    failureMode: null,
    file: 'packages/cluster/src/relaying/client-consumer.ts',
    find: '    else this.#deadlineMs = Number.POSITIVE_INFINITY\n',
    replace: '',
    catches: ['packages/cluster/dist/test/relaying/client-consumer.test.js']
  },
  {
    name: 'credit-of-who-left-is-lent-to-nobody',
    failureMode: 69,
    file: 'packages/cluster/src/sessions/credit-pool.ts',
    find:
      '    this.#wants = this.#wants.filter((want) => want.session !== session)\n' +
      '    this.returned()\n',
    replace: '    this.#wants = this.#wants.filter((want) => want.session !== session)\n',
    catches: ['packages/cluster/dist/test/sessions/credit-pool.test.js']
  },
  {
    name: 'settled-with-whom-led-before',
    failureMode: 67,
    file: 'packages/cluster/src/delivering/deliveries.ts',
    find:
      '    if (deliveries === undefined) return\n' +
      '    const delivery = deliveries.get(queueId)\n',
    replace: '    const delivery = deliveries?.get(queueId)\n',
    catches: ['packages/cluster/dist/test/delivering/losing-leadership.test.js']
  },
  {
    name: 'what-who-goes-has-settled-ends-with-its-leader',
    failureMode: 67,
    file: 'packages/cluster/src/relaying/client-consumer.ts',
    find: '      if (attachment !== this.#attachment) return done()\n',
    replace: '',
    catches: ['packages/cluster/dist/test/relaying/leaving.test.js']
  },
  {
    name: 'end-of-a-consumer-ends-with-its-leader',
    failureMode: 67,
    file: 'packages/cluster/src/delivering/deliveries.ts',
    find:
      '    if (delivery !== undefined) delivery.detach(consumer, done)\n' +
      '    else if (this.#shards.has(group)) done?.()\n',
    replace:
      '    if (delivery !== undefined) delivery.detach(consumer, done)\n' + '    else done?.()\n',
    catches: ['packages/cluster/dist/test/delivering/losing-leadership.test.js']
  },
  {
    name: 'who-comes-back-counts-as-one-more',
    failureMode: null,
    file: 'packages/broker/src/shard-commands.ts',
    find: 'const isNew = !queue.consumers.has(consumerId(command.consumer))',
    replace: "const isNew = consumerId(command.consumer) !== ''",
    catches: ['packages/broker/dist/test/shard-commands.test.js']
  }
]
