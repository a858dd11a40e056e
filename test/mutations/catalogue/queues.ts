// Mutations of what queues promise (failure modes 59 to 78).
import type { Mutation } from '../mutation.ts'

const shards = 'packages/cluster/src/publishing/shards.ts'
const gateway = 'packages/cluster/src/publishing/gateway.ts'
const delivery = 'packages/cluster/src/delivering/queue-delivery.ts'
const settling = 'packages/cluster/src/delivering/settling.ts'
const opening = 'packages/cluster/src/delivering/opening.ts'
const next = 'packages/cluster/src/delivering/next-offsets.ts'
const held = 'packages/cluster/src/delivering/held-deliveries.ts'
const deliveries = 'packages/cluster/src/delivering/deliveries.ts'
const publish = 'packages/broker/src/shard-publish.ts'
const index = 'packages/broker/src/queue/message-index.ts'
const machine = 'packages/broker/src/shard-machine.ts'
const catches = 'simulator'

export const queueMutations: readonly Mutation[] = [
  {
    name: 'confirm-before-commit',
    failureMode: 59,
    file: shards,
    find: 'if (isTaken) cursor.pending.add(number)',
    replace:
      'if (isTaken) cursor.pending.add(number)\n' +
      "    if (isTaken) this.#result(from, group, epoch, { type: 'accepted', " +
      'first: number, last: number })',
    catches
  },
  {
    name: 'confirm-twice',
    failureMode: 59,
    file: gateway,
    find: '    origin.confirmed(batch)\n',
    replace:
      '    origin.confirmed(batch)\n' +
      '    this.#core.timers.after(50, () => origin.confirmed(batch))\n',
    catches
  },
  {
    name: 'confirm-of-one-too-many',
    failureMode: 59,
    file: gateway,
    find: '    origin.confirmed(batch)\n',
    replace: '    origin.confirmed({ ...batch, count: batch.count + 1 })\n',
    catches
  },
  {
    name: 'confirm-when-some-shards-have-it',
    failureMode: 60,
    file: gateway,
    find: '    if (publish.shardsWaiting > 0) return\n',
    replace: '    if (publish.returns < 0) return\n    publish.returns = -1\n',
    catches
  },
  {
    name: 'confirm-of-the-unroutable',
    failureMode: 61,
    file: gateway,
    find: 'if (publish.queuesLeft <= 0 && batch.mandatory) {',
    replace: 'if (publish.queuesLeft < 0 && batch.mandatory) {',
    catches
  },
  {
    name: 'sequence-accepted-twice',
    failureMode: 62,
    file: publish,
    find: 'const runs = sequences.missing(first, last)',
    replace: 'const runs = [first, last]',
    catches
  },
  {
    name: 'refusal-becomes-success',
    failureMode: 59,
    file: 'packages/broker/src/gateways.ts',
    find: '    if (!isPlain) {\n',
    replace: '    if (false) {\n',
    catches
  },
  {
    name: 'requeue-loses-the-attempt',
    failureMode: 65,
    file: index,
    find: '          segment.countAttempt(row, isCounted)\n',
    replace: '',
    catches
  },
  {
    name: 'redelivered-flag-lost',
    failureMode: 65,
    file: 'packages/cluster/src/delivering/handing-out.ts',
    find: '    count,\n    attempt,\n    deliveryCount,\n    blob\n',
    replace: '    count,\n    attempt: 0,\n    deliveryCount,\n    blob\n',
    catches
  },
  {
    name: 'unclaimed-delivered-without-return',
    failureMode: 65,
    file: opening,
    find: 'if (head === null || head > queue.mark) return this.#open()',
    replace: 'if (head !== Number.MAX_SAFE_INTEGER) return this.#open()',
    catches
  },
  {
    name: 'delivered-to-two-consumers',
    failureMode: 66,
    file: next,
    find: 'this.#held.has(offset)) {\n      offset',
    replace: 'false) {\n      offset',
    catches
  },
  {
    name: 'mark-not-honoured',
    failureMode: 66,
    file: delivery,
    find: 'return this.#reserving?.limit ?? this.queue.mark',
    replace: 'return Number.MAX_SAFE_INTEGER',
    catches
  },
  {
    name: 'deposed-leader-delivers',
    failureMode: 66,
    file: delivery,
    find: 'if (this.#core.groups.shard(this.group)?.hasLease !== true) return this.#retryLater()',
    replace: '',
    catches
  },
  {
    name: 'stale-settlement-accepted',
    failureMode: 67,
    file: index,
    find: 'if (!segment.isLive(row) || (attempt !== null && segment.attemptAt(row) !== attempt)) {',
    replace: 'if (!segment.isLive(row)) {',
    also: [
      {
        file: held,
        find: '      if (row?.attempt !== attempt) continue\n',
        replace: '      if (row === null) continue\n'
      }
    ],
    catches
  },
  {
    name: 'settlement-answered-before-commit',
    failureMode: 67,
    file: deliveries,
    find: '    // Without an answer the client settles again where it attaches next.\n',
    replace: '    recipient.settleAnswered(settleSequence, true)\n',
    catches
  },
  {
    name: 'claim-of-an-old-delivery-honoured',
    failureMode: 67,
    file: held,
    find: 'if (isFree && isOut && this.#queue.row(offset)?.attempt === range.attempt) {',
    replace: 'if (isFree && isOut) {',
    catches
  },
  {
    name: 'offset-given-again',
    failureMode: 68,
    file: 'packages/broker/src/queue/queue.ts',
    find: '    this.index.tail = saved.tail\n',
    replace: '    this.index.tail = Math.max(0, saved.tail - 1)\n',
    catches
  },
  {
    name: 'credit-lost',
    failureMode: 69,
    file: held,
    find: '      consumer.unsettled--\n',
    replace: '',
    catches
  },
  {
    name: 'credit-kept-for-what-a-purge-took',
    failureMode: 69,
    file: held,
    find: '      if (row === null) this.#drop(offset)\n',
    replace: '',
    catches
  },
  {
    name: 'credit-not-honoured',
    failureMode: 69,
    file: 'packages/cluster/src/delivering/consumer.ts',
    find: 'prefetch : prefetch - unsettled',
    replace: 'prefetch : 1 + prefetch - unsettled',
    catches
  },
  {
    name: 'cancelled-consumer-keeps-its-messages',
    failureMode: 70,
    file: settling,
    find: "{ type: 'detach-consumer', queue, consumer, release }",
    replace: "{ type: 'detach-consumer', queue, consumer, release: [] }",
    catches
  },
  {
    name: 'clock-in-a-machine',
    failureMode: 73,
    file: machine,
    find: 'state.timeMs = Math.max(state.timeMs, batch.timeMs)',
    replace: 'state.timeMs = Math.max(state.timeMs, batch.timeMs) + (Date.now() % 2)',
    catches
  },
  {
    name: 'log-time-is-the-leaders-clock',
    failureMode: 74,
    file: 'packages/cluster/src/consensus/group.ts',
    find: 'const wallMs = this.#core.clock.medianWallMs(voters, this.#core.identity?.node ?? 0)',
    replace: 'const wallMs = voters.length > 0 ? this.#core.clock.wallMs : 0',
    catches
  },
  {
    name: 'chance-in-a-machine',
    failureMode: 75,
    file: 'packages/broker/src/shard-commands.ts',
    find: 'queue.close(state.timeMs + state.limits.closingMs)',
    replace: 'queue.close(state.timeMs + state.limits.closingMs + Math.floor(Math.random() * 9))',
    catches
  },
  {
    name: 'exclusive-for-two',
    failureMode: 77,
    file: 'packages/broker/src/queue/queue-consumers.ts',
    find: 'return this.#exclusive > (own?.exclusive === true ? 1 : 0)',
    replace: 'return this.#exclusive > this.#all.size',
    catches
  },
  {
    name: 'exclusive-consumer-counted-again',
    failureMode: 77,
    file: 'packages/broker/src/queue/queue-consumers.ts',
    find: '    if (this.#all.get(id)?.exclusive === true) this.#exclusive--\n',
    replace: '',
    catches
  },
  {
    name: 'bad-records-halt-the-shard',
    failureMode: 78,
    file: publish,
    find:
      '    const refusal = refusalOf(error)\n' + '    return knownReply(state, header) ?? refusal',
    replace: '    throw error',
    catches
  },
  {
    name: 'fence-of-producers-gone',
    failureMode: 62,
    file: publish,
    find:
      '  if (row !== undefined && producer.epoch < row.epoch) ' +
      "return refused('PRODUCER_FENCED')\n",
    replace: '',
    catches
  },
  {
    name: 'what-comes-back-goes-behind-the-fresh',
    failureMode: 68,
    file: 'packages/cluster/src/delivering/queue-delivery.ts',
    find:
      '    const back = this.next.takeReturned()\n' +
      '    const first = back ?? this.#nextFresh()\n',
    replace:
      '    const fresh = this.#nextFresh()\n' +
      '    const back = fresh === null ? this.next.takeReturned() : null\n' +
      '    const first = fresh ?? back\n',
    catches
  },
  {
    name: 'who-asks-for-a-message-and-goes-is-given-one',
    failureMode: 70,
    file: 'packages/cluster/src/delivering/roster.ts',
    find: '    for (const get of this.#gets) if (get.consumer === consumer) this.end(get, false)\n',
    replace: '',
    catches: [
      'packages/cluster/dist/test/delivering/roster.test.js',
      'packages/cluster/dist/test/delivering/queue-delivery.test.js'
    ]
  }
]
