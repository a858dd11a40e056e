// With whom the leader is in contact: check-quorum (thesis §6.2: a leader without a quorum steps
// down) asks when something was last heard; a lease asks when that was sent which was answered,
// because the promise of a follower counts from its hearing, which is later (thesis §6.4.1).
import type { Progress } from './progress.ts'
import { isQuorum } from './quorum.ts'
import { effectiveConfiguration, isSelfVoter, progressOf, type RaftState } from './state.ts'

/** Whether something was heard from it within an election timeout. */
export function isRecentlyActive(state: RaftState, progress: Progress): boolean {
  if (progress.replica === state.id) return true
  return state.awakeTickCount - progress.heardTick <= state.config.electionTimeoutTicks
}

/** Whether the leader has heard a quorum, itself included, within an election timeout. */
export function hasActiveQuorum(state: RaftState): boolean {
  return isQuorum(effectiveConfiguration(state), (replica) => {
    const progress = progressOf(state, replica)
    return progress !== null && isRecentlyActive(state, progress)
  })
}

/**
 * Whether a quorum has answered a heartbeat that was sent less than `ticks` ticks ago. As long as
 * `ticks` is below the election timeout (by a margin for the drift of clocks), no other leader
 * exists.
 */
export function hasLeaderQuorum(state: RaftState, ticks: number): boolean {
  if (state.role !== 'leader' || state.transfer?.isClosing === true) return false
  // One that is leaving is not among those whose silence it could rely on.
  if (state.tickCount < state.leaseVoidUntilTick || !isSelfVoter(state)) return false
  return isQuorum(effectiveConfiguration(state), (replica) => {
    if (replica === state.id) return true
    const sentTick = progressOf(state, replica)?.leaseTick ?? null
    return sentTick !== null && state.tickCount - sentTick < ticks
  })
}
