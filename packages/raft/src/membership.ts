// Changes of membership by joint consensus (Raft §6, thesis §4.3), one at a time, and only once an
// entry of the leader's own term is committed (the 2015 erratum to the thesis' single-server
// changes, obeyed here for all changes). A change of learners only needs no second majority.
import { assert } from '@holdfast/errors'
import { appendOwn } from './append.ts'
import { isJoint, sameReplicas, sortedReplicas } from './configuration.ts'
import { encodeConfiguration } from './configuration-codec.ts'
import { isRecentlyActive } from './contact.ts'
import type { Configuration, EntryId, ReplicaId } from './entry.ts'
import { becomeFollower } from './role.ts'
import { effectiveConfiguration, isNoopCommitted, progressOf, type RaftState } from './state.ts'
import { beginTransfer } from './transfer.ts'

export interface ConfigurationTarget {
  readonly voters: readonly ReplicaId[]
  readonly learners: readonly ReplicaId[]
}

/** Whether a configuration that is not committed yet, or joint, is in effect. */
export function isChanging(state: RaftState): boolean {
  const { index, configuration } = state.configurations.latestAt
  return index > state.commitIndex || isJoint(configuration)
}

/**
 * Begins a change; null if this replica may not begin one now.
 * @throws AssertionError if the target has no voters, repeats a replica, or names one as both.
 */
export function proposeConfiguration(
  state: RaftState,
  target: ConfigurationTarget
): EntryId | null {
  const voters = sortedReplicas(target.voters)
  const learners = sortedReplicas(target.learners)
  assert(voters.length > 0, 'a configuration has at least one voter')
  assert(!voters.some((voter) => learners.includes(voter)), 'no replica is voter and learner')
  if (!isNoopCommitted(state) || isChanging(state) || state.transfer !== null) return null
  const current = effectiveConfiguration(state)
  const outgoing = sameReplicas(current.voters, voters) ? [] : current.voters
  return appendConfiguration(state, { voters, outgoing, learners })
}

function appendConfiguration(state: RaftState, configuration: Configuration): EntryId {
  return appendOwn(state, 'configuration', encodeConfiguration(configuration))
}

/**
 * What a committed configuration asks of the leader: to leave a joint one, and to hand over when it
 * is no voter any more. Called once for each ready.
 */
export function continueChange(state: RaftState): void {
  const { index, configuration } = state.configurations.latestAt
  if (index > state.commitIndex || !isNoopCommitted(state) || state.transfer !== null) return
  if (isJoint(configuration)) {
    const { voters, learners } = configuration
    appendConfiguration(state, { voters, outgoing: [], learners })
  } else if (!configuration.voters.includes(state.id)) {
    handOver(state, configuration)
  }
}

/** Raft §6: a leader that is not in the new configuration steps down once it is committed. */
function handOver(state: RaftState, configuration: Configuration): void {
  let best: ReplicaId | null = null
  let bestMatch = -1
  for (const voter of configuration.voters) {
    const progress = progressOf(state, voter)
    if (progress === null || !isRecentlyActive(state, progress)) continue
    if (progress.match > bestMatch) {
      best = voter
      bestMatch = progress.match
    }
  }
  if (best === null || !beginTransfer(state, best)) becomeFollower(state, state.term, null)
}
