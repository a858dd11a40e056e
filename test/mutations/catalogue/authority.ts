// Mutations of what a replica may say for its group: reads, fences, silence, campaigns (failure
// modes 18 to 20, 43).
import type { Mutation } from '../mutation.ts'

export const authorityMutations: readonly Mutation[] = [
  {
    name: 'haste-breaks-the-silence',
    failureMode: 18,
    file: 'packages/raft/src/election.ts',
    find: 'state.electionTimeoutTicks = 1 + owedTicks + drawSuccessionTicks',
    replace: 'state.electionTimeoutTicks = 1 + Math.min(owedTicks, 1) + drawSuccessionTicks',
    catches: 'simulator'
  },
  {
    name: 'read-index-is-what-is-applied',
    failureMode: 20,
    file: 'packages/raft/src/read-index.ts',
    find: 'state.pendingReads.push({ id, from, index: state.commitIndex, round: null })',
    replace:
      'state.pendingReads.push({ id, from, index: Math.max(state.appliedIndex, ' +
      'state.noopIndex), round: null })',
    catches: 'simulator'
  },
  {
    name: 'read-goes-by-what-is-applied',
    failureMode: 20,
    file: 'packages/raft/src/read-index.ts',
    find: 'state.pendingReads.push({ id, from, index: state.commitIndex, round: null })',
    replace: 'state.pendingReads.push({ id, from, index: state.appliedIndex, round: null })',
    catches: ['packages/raft/dist/test/read-index.test.js']
  },
  {
    name: 'read-joins-the-round-before',
    failureMode: 20,
    file: 'packages/raft/src/read-index.ts',
    find: '    read.round = state.round\n',
    replace: '    read.round = state.round - 1\n',
    catches: 'simulator'
  },
  {
    name: 'fence-takes-the-answer-to-an-older-one',
    failureMode: 20,
    file: 'packages/cluster/src/metadata/fence.ts',
    find: 'if (id < this.#firstId || this.#running',
    replace: 'if (this.#running',
    catches: ['packages/cluster/dist/test/metadata/fence.test.js']
  },
  {
    name: 'questions-of-a-fence-begin-with-its-process',
    failureMode: 20,
    file: 'packages/cluster/src/metadata/fence.ts',
    find: '    this.#id = core.options.processEpoch\n',
    replace: '    this.#id = core.options.processEpoch > 0 ? 0 : 1\n',
    catches: ['packages/cluster/dist/test/metadata/fence.test.js']
  },
  {
    name: 'who-comes-late-joins-the-fence',
    failureMode: 20,
    file: 'packages/cluster/src/metadata/fence.ts',
    find:
      '    this.#next.push(auditedFence(this.#core, done))\n' +
      '    if (this.#running.length === 0) this.#start()\n',
    replace:
      '    const isFirst = this.#running.length === 0\n' +
      '    const waiting = isFirst ? this.#next : this.#running\n' +
      '    waiting.push(auditedFence(this.#core, done))\n' +
      '    if (isFirst) this.#start()\n',
    catches: ['packages/cluster/dist/test/metadata/fence.test.js']
  },
  {
    name: 'uncommitted-removal-silences',
    failureMode: 43,
    file: 'packages/raft/src/state.ts',
    find: '    .from(state.commitIndex)\n',
    replace: '    .from(state.log.lastIndex)\n',
    catches: 'simulator'
  }
]
