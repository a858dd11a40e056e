// Mutations of how queues end by themselves, and of who among their consumers is given messages
// (failure modes 66, 73 and 77).
import type { Mutation } from '../mutation.ts'

const queue = 'packages/broker/src/queue/queue.ts'
const consumers = 'packages/broker/src/queue/queue-consumers.ts'
const commands = 'packages/broker/src/shard-commands.ts'
const restore = 'packages/broker/src/shard-restore.ts'
const deadlines = 'packages/broker/src/queue/deadlines.ts'
const attached = 'packages/cluster/src/delivering/attached-consumers.ts'
const lifetimes = 'packages/cluster/src/delivering/lifetimes.ts'
const opening = 'packages/cluster/src/delivering/opening.ts'
const declaring = 'packages/cluster/src/sessions/declaring.ts'
const options = 'packages/broker/src/queue-options.ts'
const catches = 'simulator'

export const lifetimeMutations: readonly Mutation[] = [
  {
    name: 'auto-delete-with-any-consumer-that-goes',
    failureMode: 77,
    file: commands,
    find: '  if (queue.consumers.size > 0) return\n',
    replace: '',
    catches
  },
  {
    name: 'auto-delete-forgotten',
    failureMode: 77,
    file: commands,
    find: 'if (queue.settings.autoDelete) return end(state, queue)',
    replace: 'if (queue.settings.expiresMs < 0) return end(state, queue)',
    catches
  },
  {
    name: 'expiry-while-it-is-consumed',
    failureMode: 73,
    file: queue,
    find: 'expiresMs > 0 && this.#consumers.all.size === 0 && !this.isOver',
    replace: 'expiresMs > 0 && !this.isOver',
    catches
  },
  {
    name: 'expiry-from-the-first-use',
    failureMode: 73,
    file: commands,
    find: '  queue.use(state.timeMs)\n  state.deadlines.note(queue)\n',
    replace: '  state.deadlines.note(queue)\n',
    catches
  },
  {
    name: 'expiry-one-tick-late',
    failureMode: 73,
    file: deadlines,
    find: 'if (queue.deadlineMs <= timeMs) due.push(queue)',
    replace: 'if (queue.deadlineMs + 50 <= timeMs) due.push(queue)',
    catches
  },
  {
    name: 'last-use-lost-in-a-snapshot',
    failureMode: 73,
    file: restore,
    find: 'queue.restore({ tail, mark, closingUntilMs, usedMs, active, activation, deadTail })',
    replace:
      'queue.restore({ tail, mark, closingUntilMs, usedMs: usedMs + 100, active, activation, ' +
      'deadTail })',
    catches
  },
  {
    name: 'deadlines-lost-in-a-snapshot',
    failureMode: 73,
    file: restore,
    find: '  if (!queue.isOver) state.deadlines.note(queue)\n',
    replace: '',
    catches: ['packages/broker/dist/test/queue-lifetimes.test.js']
  },
  {
    name: 'ended-queue-opens-again',
    failureMode: 77,
    file: queue,
    find: 'this.#closingUntilMs = Math.max(this.#closingUntilMs, untilMs)',
    replace: 'this.#closingUntilMs = untilMs',
    catches: ['packages/broker/dist/test/queue-lifetimes.test.js']
  },
  {
    name: 'new-leader-forgets-what-is-over',
    failureMode: 77,
    file: lifetimes,
    find: 'if (queue.isOver) this.#add(group, shard, queue)',
    replace: '{ void queue }',
    catches: ['packages/cluster/dist/test/delivering/lifetimes.test.js']
  },
  {
    name: 'nobody-is-told-of-what-is-over',
    failureMode: 77,
    file: lifetimes,
    find: '      this.#add(group, shard, queue)\n      isMore',
    replace: '      isMore',
    catches
  },
  {
    name: 'end-hits-the-next-of-the-name',
    failureMode: 77,
    file: lifetimes,
    find: "{ type: 'delete-queue', vhost, name, queue: id } as const",
    replace: "{ type: 'delete-queue', vhost, name, queue: id < 0 ? id : null } as const",
    catches: ['packages/cluster/dist/test/delivering/lifetimes.test.js']
  },
  {
    name: 'time-stands-still-in-the-log',
    failureMode: 73,
    file: lifetimes,
    find: 'if (!shard.isTicking && this.#isDue(group, 0)) this.#letTimePass(group, shard)',
    replace: 'if (shard.isTicking) this.#letTimePass(group, shard)',
    catches: ['packages/cluster/dist/test/delivering/lifetimes.test.js']
  },
  {
    name: 'declared-without-asking-the-shard',
    failureMode: 77,
    file: declaring,
    find: 'if (reply.created || (!autoDelete && expiresMs === 0))',
    replace: 'if (reply.created || expiresMs >= 0 || autoDelete)',
    catches: ['packages/cluster/dist/test/delivering/lifetimes.test.js']
  },
  {
    name: 'false-end-of-who-is-coming-back',
    failureMode: 77,
    file: opening,
    find: 'isComing || (isWaited',
    replace: '(isComing && missing.length === 0) || (isWaited',
    catches: ['packages/cluster/dist/test/delivering/queue-delivery.test.js']
  },
  {
    name: 'second-active-consumer',
    failureMode: 66,
    file: attached,
    find: '!this.#queue.settings.singleActive || ',
    replace: 'this.#queue.settings.expiresMs >= 0 || ',
    catches
  },
  {
    name: 'active-consumer-lost-in-a-snapshot',
    failureMode: 66,
    file: restore,
    find: '[...queue.consumers.keys()][activeAt - 1] ?? null',
    replace: '[...queue.consumers.keys()][activeAt] ?? null',
    catches
  },
  {
    name: 'newcomer-displaces-the-active-consumer',
    failureMode: 66,
    file: consumers,
    find: '    if (this.#active !== null) return null\n',
    replace: '',
    catches
  },
  {
    name: 'latest-consumer-becomes-active',
    failureMode: 66,
    file: consumers,
    find: 'consumer.priority > next.priority',
    replace: 'consumer.priority >= next.priority',
    catches: ['packages/broker/dist/test/queue-lifetimes.test.js']
  },
  {
    name: 'low-priority-first',
    failureMode: null,
    file: attached,
    find: 'consumer.priority <= next.priority',
    replace: 'consumer.priority >= next.priority',
    catches: ['packages/cluster/dist/test/delivering/attached-consumers.test.js']
  },
  {
    name: 'consumers-not-in-turn',
    failureMode: null,
    file: attached,
    find: 'this.#turn = this.#chosen',
    replace: 'this.#turn = -1',
    catches: ['packages/cluster/dist/test/delivering/attached-consumers.test.js']
  },
  {
    name: 'consumers-not-in-turn-behind-a-full-one',
    failureMode: null,
    file: attached,
    find: 'consumer.priority <= next.priority',
    replace: 'consumer.priority < next.priority',
    catches: ['packages/cluster/dist/test/delivering/attached-consumers.test.js']
  },
  {
    name: 'declared-over-a-mismatch',
    failureMode: null,
    file: options,
    find: 'return differingArgument(found.arguments, asked.arguments)',
    replace: 'return differingArgument(asked.arguments, asked.arguments)',
    catches: ['packages/broker/dist/test/queue-options.test.js']
  }
]
