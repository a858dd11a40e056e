// Mutations of the replicated log (failure modes 3 to 11, 22, 33, 36, 40 to 42, 47, 48).
import type { Mutation } from '../mutation.ts'

const follower = 'packages/raft/src/follower.ts'
const replication = 'packages/raft/src/replication.ts'
const quorum = 'packages/raft/src/quorum.ts'
const append = 'packages/raft/src/append.ts'
const group = 'packages/cluster/src/consensus/group.ts'
const groupCommit = 'packages/cluster/src/consensus/group-commit.ts'
const catches = 'simulator'

export const replicationMutations: readonly Mutation[] = [
  {
    name: 'entry-before-its-term',
    failureMode: 3,
    file: groupCommit,
    find: '    let draft = record.group(group)\n    if (hardState !== null) draft',
    replace:
      '    let draft = record.group(group)\n' +
      '    if (hardState !== null && entries.length === 0) draft',
    catches
  },
  {
    name: 'append-accepted-before-sync',
    failureMode: 4,
    file: follower,
    find:
      'function sendAccepted(state: RaftState, to: number, index: number): void {\n' +
      '  state.out.messagesAfterPersist.push({',
    replace:
      'function sendAccepted(state: RaftState, to: number, index: number): void {\n' +
      '  state.out.messages.push({',
    catches
  },
  {
    name: 'leader-counts-itself-before-sync',
    failureMode: 5,
    file: replication,
    find: 'if (replica === state.id) return state.unstable.durableIndex',
    replace: 'if (replica === state.id) return state.log.lastIndex',
    catches
  },
  {
    name: 'old-term-committed-by-counting',
    failureMode: 6,
    file: replication,
    find:
      'if (agreed > state.commitIndex && state.log.termAt(agreed) === state.term) ' +
      'commitTo(state, agreed)',
    replace: 'if (agreed > state.commitIndex) commitTo(state, agreed)',
    catches
  },
  {
    name: 'commit-beyond-what-was-validated',
    failureMode: 7,
    file: follower,
    find: 'commitTo(state, Math.min(message.commit, lastIndex))',
    replace: 'commitTo(state, Math.min(message.commit, state.log.lastIndex))',
    catches
  },
  {
    name: 'heartbeat-commits-what-is-unmatched',
    failureMode: 7,
    file: 'packages/raft/src/read-index.ts',
    find: 'commit: Math.min(progress.match, state.commitIndex),',
    replace: 'commit: state.commitIndex,',
    catches
  },
  {
    name: 'truncation-by-a-shorter-append',
    failureMode: 8,
    file: follower,
    find: '  if (fresh === -1) return true\n',
    replace:
      '  if (fresh === -1) {\n' +
      '    const last = entries.at(-1)?.index ?? state.log.lastIndex\n' +
      '    if (last >= state.commitIndex && last < state.log.lastIndex) ' +
      'truncateLog(state, last + 1)\n' +
      '    return true\n' +
      '  }\n',
    catches
  },
  {
    name: 'previous-entry-not-compared',
    failureMode: 8,
    file: follower,
    find: '!state.log.matches(message.previous)',
    replace: 'message.previous.index > state.log.lastIndex',
    catches
  },
  {
    name: 'commit-goes-back',
    failureMode: 9,
    file: append,
    find: '  if (index <= state.commitIndex) return\n',
    replace: '',
    catches
  },
  {
    name: 'dead-write-counts-as-durable',
    failureMode: 11,
    file: 'packages/raft/src/unstable-log.ts',
    find:
      '    for (const write of this.#writes) ' +
      'write.lastIndex = Math.min(write.lastIndex, index - 1)\n',
    replace: '',
    catches
  },
  {
    name: 'loaded-entry-after-a-forgotten-one',
    failureMode: 36,
    file: replication,
    find: '  if (!isNextKnown(state, progress)) return\n',
    replace: '',
    also: [
      {
        file: replication,
        find:
          '  const term = state.log.termAt(index)\n' +
          "  assert(term !== null, 'a request says of which term the entry before it is')\n",
        replace: '  const term = state.log.termAt(index) ?? 0\n'
      }
    ],
    catches: ['packages/raft/dist/test/replication.test.js']
  },
  {
    name: 'proposal-outlives-its-term',
    failureMode: 22,
    file: group,
    find: 'const isMine = first.index === id.index && first.term === id.term',
    replace: 'const isMine = first.index === id.index',
    also: [
      {
        file: group,
        find: '    if (!isLeading) this.#dropProposals()\n',
        replace: ''
      }
    ],
    catches
  },
  {
    name: 'applied-before-durable',
    failureMode: 33,
    file: 'packages/raft/src/state.ts',
    find: 'return Math.min(state.commitIndex, state.unstable.durableIndex)',
    replace: 'return state.commitIndex',
    catches
  },
  {
    name: 'confirm-before-sync',
    failureMode: 4,
    file: group,
    find: 'commit.whenDurable(record, () => this.raft.persisted(ready.number))',
    replace: 'this.raft.persisted(ready.number)',
    also: [
      {
        file: group,
        find: 'for (const message of ready.messagesAfterPersist) this.#send(message, record)',
        replace: 'for (const message of ready.messagesAfterPersist) this.#send(message, null)'
      }
    ],
    catches
  },
  {
    name: 'message-overtakes-an-earlier-write',
    failureMode: 4,
    file: group,
    find: 'let record = commit.barrier',
    replace: 'let record: number | null = null',
    catches
  },
  {
    name: 'newest-record-first',
    failureMode: 3,
    file: groupCommit,
    find: 'const draft = this.#drafts.shift()',
    replace: 'const draft = this.#drafts.pop()',
    catches
  },
  {
    name: 'match-is-what-was-sent',
    failureMode: 4,
    file: replication,
    find: '  progress.next = lastIndex + 1\n',
    replace: '  progress.next = lastIndex + 1\n  progress.match = lastIndex\n',
    catches
  },
  {
    name: 'joint-commit-by-one-majority',
    failureMode: 40,
    file: quorum,
    find: '  return Math.min(agreed, majorityValue(configuration.outgoing, progressed))',
    replace: '  return agreed',
    catches
  },
  {
    name: 'joint-election-by-one-majority',
    failureMode: 40,
    file: quorum,
    find: "if (configuration.outgoing.length === 0 || result === 'lost') return result",
    replace: "if (configuration.outgoing.length === 0 || result !== 'pending') return result",
    catches
  },
  {
    name: 'half-is-a-majority',
    failureMode: 40,
    file: quorum,
    find: 'const needed = Math.floor(voters.length / 2) + 1',
    replace: 'const needed = Math.ceil(voters.length / 2)',
    catches
  },
  {
    name: 'truncated-configuration-in-force',
    failureMode: 41,
    file: append,
    find: '  state.configurations.truncateFrom(index)\n',
    replace: '',
    catches
  },
  {
    name: 'learner-counts',
    failureMode: 42,
    file: quorum,
    find: 'const agreed = majorityValue(configuration.voters, progressed)',
    replace:
      'const agreed = majorityValue(' +
      '[...configuration.voters, ...configuration.learners], progressed)',
    catches
  },
  {
    name: 'learner-campaigns',
    failureMode: 42,
    file: 'packages/raft/src/configuration.ts',
    find: 'return configuration.voters.includes(replica) || ',
    replace:
      'return configuration.learners.includes(replica) || ' +
      'configuration.voters.includes(replica) || ',
    catches
  },
  {
    name: 'answer-of-an-earlier-membership',
    failureMode: 47,
    file: replication,
    find: 'if (progress.replica === state.id || progress.session !== message.session) return',
    replace: 'if (progress.replica === state.id) return',
    catches
  },
  {
    name: 'configuration-forgotten-at-start',
    failureMode: 48,
    file: 'packages/raft/src/state.ts',
    find: "if (entry.type === 'configuration') history.note(",
    replace: "if (entry.type === 'no-op') history.note(",
    catches
  },
  {
    name: 'second-truncation-not-handed-out',
    failureMode: 8,
    file: 'packages/raft/src/unstable-log.ts',
    find: '    this.#truncateFrom = Math.min(this.#truncateFrom ?? index, index)\n',
    replace: '    this.#truncateFrom ??= index\n',
    catches
  },
  {
    name: 'transfer-flag-dropped-by-the-codec',
    failureMode: null,
    file: 'packages/cluster/src/peers/raft-codec.ts',
    find: 'transfer: flags > 1, last, commit }',
    replace: 'transfer: false, last, commit }',
    catches
  },
  {
    name: 'committed-but-not-applied-counts-as-uncommitted',
    failureMode: null,
    file: 'packages/raft/src/role.ts',
    find: 'let index = state.commitIndex + 1;',
    replace: 'let index = state.appliedIndex + 1;',
    catches: ['packages/raft/dist/test/raft.test.js']
  }
]
