// Mutations of elections and terms (failure modes 1, 2, 12 to 18, 44).
import type { Mutation } from '../mutation.ts'

const election = 'packages/raft/src/election.ts'
const role = 'packages/raft/src/role.ts'
const state = 'packages/raft/src/state.ts'
const catches = 'simulator'

export const electionMutations: readonly Mutation[] = [
  {
    name: 'vote-before-sync',
    failureMode: 1,
    file: election,
    find: 'const outbox = message.pre ? state.out.messages : state.out.messagesAfterPersist',
    replace: 'const outbox = state.out.messages',
    catches
  },
  {
    name: 'candidacy-before-sync',
    failureMode: 1,
    file: election,
    find: 'const outbox = pre ? state.out.messages : state.out.messagesAfterPersist',
    replace: 'const outbox = state.out.messages',
    catches
  },
  {
    name: 'own-vote-before-sync',
    failureMode: 1,
    file: election,
    find: '  becomeCandidate(state)\n  askVotes(state, false, isTransfer)',
    replace:
      '  becomeCandidate(state)\n  askVotes(state, false, isTransfer)\n' +
      '  recordVote(state, state.id, true)',
    catches
  },
  {
    name: 'vote-kept-in-next-term',
    failureMode: 2,
    file: role,
    find: '    state.term = term\n    state.vote = null\n',
    replace: '    state.term = term\n',
    catches
  },
  {
    name: 'vote-forgotten-at-start',
    failureMode: 2,
    file: state,
    find: 'const { term, vote, commit } = initial.hardState',
    replace: 'const { term, commit } = initial.hardState\n  const vote = null',
    catches
  },
  {
    name: 'second-vote-in-a-term',
    failureMode: 2,
    file: election,
    find: 'const isFree = state.vote === null && state.leader === null',
    replace: 'const isFree = state.leader === null',
    catches
  },
  {
    name: 'longer-log-wins',
    failureMode: 12,
    file: election,
    find:
      'return theirs.term > ours.term || ' +
      '(theirs.term === ours.term && theirs.index >= ours.index)',
    replace: 'return theirs.index >= ours.index',
    catches
  },
  {
    name: 'later-term-alone-wins',
    failureMode: 12,
    file: election,
    find:
      'return theirs.term > ours.term || ' +
      '(theirs.term === ours.term && theirs.index >= ours.index)',
    replace: 'return theirs.term >= ours.term',
    catches
  },
  {
    name: 'missing-no-op',
    failureMode: 13,
    file: role,
    find: "  appendOwn(state, 'no-op', new Uint8Array(0))\n",
    replace: '',
    catches
  },
  {
    name: 'pre-vote-takes-the-vote',
    failureMode: 16,
    file: election,
    find: '  if (!message.pre) {\n    state.vote = message.from\n',
    replace: '  if (state.vote === null || !message.pre) {\n    state.vote = message.from\n',
    catches
  },
  {
    name: 'pre-vote-raises-the-term',
    failureMode: 16,
    file: 'packages/raft/src/dispatch.ts',
    find: '    if (message.pre) return true\n',
    replace: '',
    catches
  },
  {
    name: 'leader-without-quorum-stays',
    failureMode: 17,
    file: 'packages/raft/src/tick.ts',
    find: 'if (!hasActiveQuorum(state) || (',
    replace: 'if ((',
    catches
  },
  {
    name: 'lease-sleeps-with-the-process',
    failureMode: 18,
    file: 'packages/raft/src/tick.ts',
    find: '  state.tickCount += ticks\n',
    replace: '',
    catches
  },
  {
    name: 'lease-counts-from-the-answer',
    failureMode: 19,
    file: 'packages/raft/src/read-index.ts',
    find: 'if (sent !== undefined) progress.leaseTick = sent.tick',
    replace: 'if (sent !== undefined) progress.leaseTick = state.tickCount',
    catches
  },
  {
    name: 'read-without-a-round',
    failureMode: 18,
    file: 'packages/raft/src/read-index.ts',
    find: 'if (read.round === null || read.round > agreed) break',
    replace: 'if (read.round === null) break',
    catches
  },
  {
    name: 'read-before-the-no-op',
    failureMode: 20,
    file: 'packages/raft/src/read-index.ts',
    find: 'if (!isNoopCommitted(state) || state.pendingReads.length >= readsPendingMax) {',
    replace: 'if (state.pendingReads.length >= readsPendingMax) {',
    catches
  },
  {
    name: 'lease-outlives-a-transfer',
    failureMode: 21,
    file: 'packages/raft/src/contact.ts',
    find: "if (state.role !== 'leader' || state.transfer?.isClosing === true) return false",
    replace: "if (state.role !== 'leader') return false",
    also: [
      {
        file: 'packages/raft/src/contact.ts',
        find: 'if (state.tickCount < state.leaseVoidUntilTick || !isSelfVoter(state)) return false',
        replace: 'if (!isSelfVoter(state)) return false'
      }
    ],
    catches
  },
  {
    name: 'vote-while-a-leader-is-heard',
    failureMode: 44,
    file: 'packages/raft/src/dispatch.ts',
    find: 'if (!message.transfer && hasHeardLeader(state)) {',
    replace: 'if (false) {',
    also: [
      {
        file: election,
        find: ' && !isSilenced(state, message))',
        replace: ')'
      }
    ],
    catches
  },
  {
    name: 'restarted-replica-owes-no-silence',
    failureMode: 44,
    file: state,
    find: 'term > 0 && !isNew ? 0 : config.electionTimeoutTicks',
    replace: 'config.electionTimeoutTicks',
    catches
  },
  {
    name: 'lease-not-void-after-a-transfer',
    failureMode: 21,
    file: 'packages/raft/src/limits.ts',
    find: 'leaseVoidTimeouts = 2',
    replace: 'leaseVoidTimeouts = 0',
    catches
  },
  {
    name: 'lease-void-by-waking-time',
    failureMode: 21,
    file: 'packages/raft/src/transfer.ts',
    find: 'state.leaseVoidUntilTick = state.tickCount +',
    replace: 'state.leaseVoidUntilTick = state.awakeTickCount +',
    catches
  },
  {
    name: 'transfer-outlives-its-leadership',
    failureMode: null,
    file: role,
    find: '  state.transfer = null\n',
    replace: '',
    catches: ['packages/raft/dist/test/thesis.test.js']
  },
  {
    name: 'empty-write-in-front-hides-a-stalled-disk',
    failureMode: null,
    file: 'packages/raft/src/unstable-log.ts',
    find: 'this.#writes.find((write) => write.tick !== null)?.tick ?? null',
    replace: 'this.#writes[0]?.tick ?? null',
    catches: ['packages/raft/dist/test/election.test.js']
  }
]
