// Further mutations of Raft's core: what a term, an attempt, an install must not take along
// (failure modes 2 to 36).
import type { Mutation } from '../mutation.ts'

export const consensusMutations: readonly Mutation[] = [
  {
    name: 'pre-votes-count-as-votes',
    failureMode: 2,
    file: 'packages/raft/src/role.ts',
    find: "  state.role = 'candidate'\n  state.votes.clear()\n",
    replace: "  state.role = 'candidate'\n",
    catches: 'simulator'
  },
  {
    name: 'pre-vote-of-an-earlier-attempt-counts',
    failureMode: 16,
    file: 'packages/raft/src/election.ts',
    find: '    if (message.granted && message.term !== state.term + 1) return\n',
    replace: '',
    catches: 'simulator'
  },
  {
    name: 'log-changes-while-it-is-replaced',
    failureMode: 26,
    file: 'packages/raft/src/follower.ts',
    find: '  if (state.offer?.isInstalling === true) return false\n',
    replace: '',
    catches: 'simulator'
  },
  {
    name: 'reads-outlive-their-term',
    failureMode: 20,
    file: 'packages/raft/src/role.ts',
    find: '  failPendingReads(state)\n',
    replace: '',
    catches: 'simulator'
  },
  {
    name: 'snapshot-of-another-log-is-known',
    failureMode: 28,
    file: 'packages/raft/src/follower.ts',
    find: 'state.log.matches(snapshot.id)) {',
    replace: 'snapshot.id.index <= state.log.lastIndex) {',
    catches: 'simulator'
  },
  {
    name: 'run-of-terms-left-by-a-truncation',
    failureMode: 8,
    file: 'packages/raft/src/log.ts',
    find: 'this.#runs[this.#runs.length - 1]?.firstIndex ?? 0) >= index)',
    replace: 'this.#runs[this.#runs.length - 1]?.firstIndex ?? 0) > index)',
    catches: 'simulator'
  },
  {
    name: 'room-of-a-pipeline-never-comes-back',
    failureMode: 36,
    file: 'packages/raft/src/inflights.ts',
    find: '    this.#requests.length = 0\n    this.#bytes = 0\n',
    replace: '    this.#requests.length = 0\n',
    catches: 'simulator'
  },
  {
    name: 'probe-goes-on-where-it-was-refused',
    failureMode: 8,
    file: 'packages/raft/src/replication.ts',
    find: 'becomeProbe(progress, Math.min(meets, message.index - 1) + 1)',
    replace: 'becomeProbe(progress, message.index + 1)',
    catches: 'simulator'
  }
]
