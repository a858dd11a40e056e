// Further mutations of logs, and of what replaces and frees them (failure modes 4 to 79).
import type { Mutation } from '../mutation.ts'

export const logMutations: readonly Mutation[] = [
  {
    name: 'barrier-forgets-what-waits',
    failureMode: 4,
    file: 'packages/cluster/src/consensus/group-commit.ts',
    find: '      if (draft?.isNeeded) return draft.id\n',
    replace: '      if (draft?.isNeeded && this.#inFlight === null) return draft.id\n',
    catches: 'simulator'
  },
  {
    name: 'barrier-is-the-oldest-draft',
    failureMode: 4,
    file: 'packages/cluster/src/consensus/group-commit.ts',
    find: 'for (let i = this.#drafts.length - 1; i >= 0; i--) {',
    replace: 'for (let i = 0; i < this.#drafts.length; i++) {',
    catches: ['packages/cluster/dist/test/consensus/group-commit.test.js']
  },
  {
    name: 'term-before-the-log-is-its-last',
    failureMode: 8,
    file: 'packages/raft/src/log.ts',
    find: 'this.#beforeFirst = { index: first - 1, term: this.termAt(first - 1) ?? 0 }',
    replace: 'this.#beforeFirst = { index: first - 1, term: this.lastTerm }',
    catches: 'simulator'
  },
  {
    name: 'write-of-a-replaced-log-counts',
    failureMode: 11,
    file: 'packages/raft/src/unstable-log.ts',
    find: '    for (const write of this.#writes) write.lastIndex = 0\n',
    replace: '',
    catches: 'simulator'
  },
  {
    name: 'empty-log-has-no-term',
    failureMode: 12,
    file: 'packages/raft/src/log.ts',
    find: 'return this.#beforeFirst?.term ?? 0\n',
    replace: 'return 0\n',
    catches: 'simulator'
  },
  {
    name: 'accepted-while-the-log-is-replaced',
    failureMode: 26,
    file: 'packages/raft/src/follower.ts',
    find: '  if (!acceptEntries(state, message.entries)) return\n',
    replace: '  acceptEntries(state, message.entries)\n',
    catches: 'simulator'
  },
  {
    name: 'candidate-installs',
    failureMode: 27,
    file: 'packages/raft/src/snapshot.ts',
    find: "if (isHere || state.role !== 'follower') {",
    replace: 'if (isHere) {',
    catches: 'simulator'
  },
  {
    name: 'install-over-a-log-that-reaches-further',
    failureMode: 27,
    file: 'packages/raft/src/snapshot.ts',
    find: 'const isHere = meta.id.index <= state.commitIndex || state.log.matches(meta.id)',
    replace: 'const isHere = meta.id.index <= state.commitIndex',
    catches: ['packages/raft/dist/test/snapshot.test.js']
  },
  {
    name: 'snapshot-of-the-machine-that-is-replaced',
    failureMode: 28,
    file: 'packages/cluster/src/consensus/snapshots.ts',
    find: 'state.isTaking || state.isInstalling || state.fetch',
    replace: 'state.isTaking || state.fetch',
    catches: 'simulator'
  },
  {
    name: 'offer-replaced-while-it-is-installed',
    failureMode: 29,
    file: 'packages/raft/src/follower.ts',
    find: '  if (offer?.isInstalling === true) return\n',
    replace: '',
    catches: 'simulator'
  },
  {
    name: 'second-list-never-asked-for',
    failureMode: 31,
    file: 'packages/cluster/src/consensus/snapshot-source.ts',
    find: 'next: isAll ? null : last + 1',
    replace: 'next: null',
    catches: 'simulator'
  },
  {
    name: 'digest-of-the-heads-of-entries',
    failureMode: 24,
    file: 'packages/raft/src/log-digest.ts',
    find: 'const bytes = this.#checksum(data)',
    replace: 'const bytes = this.#checksum(data.subarray(0, 16))',
    catches: 'simulator'
  },
  {
    name: 'index-of-an-entry-in-thirty-two-bits',
    failureMode: 25,
    file: 'packages/cluster/src/peers/raft-codec.ts',
    find: '  writer.number(entry.index)\n  writer.number(entry.term)\n  writer.u8(',
    replace: '  writer.u32(entry.index)\n  writer.number(entry.term)\n  writer.u8(',
    also: [
      {
        file: 'packages/cluster/src/peers/raft-codec.ts',
        find: '  const index = reader.number()\n  const term = reader.number()\n  const type',
        replace: '  const index = reader.u32()\n  const term = reader.number()\n  const type'
      }
    ],
    catches: 'simulator'
  },
  {
    name: 'own-entry-instead-of-the-fetched-one',
    failureMode: 27,
    file: 'packages/storage/src/node-state.ts',
    find: 'for (const source of [state.log, staged?.log]) {',
    replace: 'for (const source of [staged?.log, state.log]) {',
    catches: 'simulator'
  },
  {
    name: 'answered-request-never-freed',
    failureMode: 36,
    file: 'packages/raft/src/inflights.ts',
    find: 'if (request.lastIndex > index) break',
    replace: 'if (request.lastIndex >= index) break',
    catches: 'simulator'
  },
  {
    name: 'snapshot-forgets-what-truncation-falls-back-on',
    failureMode: 41,
    file: 'packages/raft/src/snapshot.ts',
    find: 'state.configurations.forgetBefore(meta.id.index)',
    replace: 'state.configurations.forgetBefore(state.log.lastIndex)',
    catches: 'simulator'
  },
  {
    name: 'entry-at-the-snapshot-never-told',
    failureMode: 79,
    file: 'packages/broker/src/live-entries.ts',
    find: 'if (entry <= this.#snapshotIndex) this.#freed',
    replace: 'if (entry < this.#snapshotIndex) this.#freed',
    catches: 'simulator'
  }
]
