// Mutations of how messages expire (failure modes 73 and 74).
import type { Mutation } from '../mutation.ts'

const leaving = 'packages/broker/src/shard-leaving.ts'
const index = 'packages/broker/src/queue/message-index.ts'
const expiry = 'packages/cluster/src/delivering/expiry.ts'
const next = 'packages/cluster/src/delivering/next-offsets.ts'
const inTheMachine = ['packages/broker/dist/test/shard-leaving.test.js']
const atALeader = ['packages/cluster/dist/test/delivering/expiry.test.js']

export const expiryMutations: readonly Mutation[] = [
  {
    name: 'expiry-by-the-clock-of-each-replica',
    failureMode: 73,
    file: leaving,
    find: 'addPair(deadlineMs <= state.timeMs ? due : notYet, offset, offset)',
    replace: 'addPair(deadlineMs <= Date.now() ? due : notYet, offset, offset)',
    catches: inTheMachine
  },
  {
    name: 'expiry-whenever-the-leader-says-so',
    failureMode: 74,
    file: leaving,
    find: 'addPair(deadlineMs <= state.timeMs ? due : notYet, offset, offset)',
    replace: 'addPair(deadlineMs < noDeadlineMs ? due : notYet, offset, offset)',
    catches: inTheMachine
  },
  {
    name: 'due-messages-forgotten-after-a-snapshot',
    failureMode: 73,
    file: index,
    find: '    this.#due.noteAll(this.#queue, segment)\n',
    replace: '',
    catches: inTheMachine
  },
  {
    name: 'due-message-forgotten-when-it-comes-back',
    failureMode: 73,
    file: index,
    find: '          this.#due.note(this.#queue, segment, segment.deadlineAt(row))\n',
    replace: '',
    catches: inTheMachine
  },
  {
    name: 'due-message-forgotten-when-it-comes-back-unseen',
    failureMode: 73,
    file: index,
    find: '          this.#due.note(this.#queue, segment, segment.deadlineAt(row))\n',
    replace:
      '          if (isCounted) this.#due.note(this.#queue, segment, segment.deadlineAt(row))\n',
    catches: [...inTheMachine, ...atALeader]
  },
  {
    name: 'own-time-to-live-counts-alone',
    failureMode: 73,
    file: 'packages/broker/src/time-to-live.ts',
    find: 'Math.min(own, messageTtlMs ?? unlimitedMs)',
    replace: '(own === unlimitedMs ? (messageTtlMs ?? own) : own)',
    catches: 'simulator'
  },
  {
    name: 'held-messages-expire',
    failureMode: 73,
    file: expiry,
    find: 'if (delivery !== null) return delivery.mayBeHeld(offset)',
    replace: 'if (delivery !== null) return false',
    catches: 'simulator'
  },
  {
    name: 'handed-out-though-it-is-due',
    failureMode: 73,
    file: next,
    find: 'this.#queue.nextLive(from, byMs)',
    replace: 'this.#queue.nextLive(from)',
    catches: atALeader
  },
  {
    name: 'nobody-looks-for-what-is-due',
    failureMode: 73,
    file: expiry,
    find: 'for (const shard of this.#shards.values()) shard.isAsked = true',
    replace: 'for (const shard of this.#shards.values()) shard.isAsked = false',
    catches: atALeader
  },
  {
    name: 'no-chance-for-what-has-no-time-to-live',
    failureMode: null,
    file: 'packages/cluster/src/delivering/due-judge.ts',
    find: 'this.#arrivedFrom = Math.min(this.#arrivedFrom, first)',
    replace: 'this.#arrivedFrom = Math.max(this.#arrivedFrom, first)',
    catches: atALeader
  },
  {
    name: 'segment-that-fills-a-gap-only-sinks',
    failureMode: 73,
    file: 'packages/broker/src/queue/due-segments.ts',
    find: '    this.#rise(last.due.place)\n',
    replace: '',
    catches: ['packages/broker/dist/test/queue/due-segments.test.js']
  }
]
