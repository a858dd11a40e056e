// The passing of time, the only one the core knows: campaigns of followers, heartbeats of leaders,
// and the two reasons for which a leader gives up by itself (no quorum heard, own disk stalled).
import { hasActiveQuorum } from './contact.ts'
import { campaign, isWriteStalled } from './election.ts'
import { broadcastHeartbeat, expireAskedReads } from './read-index.ts'
import { becomeFollower, forgetLeader } from './role.ts'
import { isElectable, isOnlyVoter, isSelfVoter, type RaftState } from './state.ts'
import { tickTransfer } from './transfer.ts'

/**
 * Time passed in which this process stood still and could hear nobody. Leases end by it; nobody's
 * silence counts, or a leader would step down before it reads what its followers said meanwhile.
 */
export function standStill(state: RaftState, ticks: number): void {
  state.tickCount += ticks
  if (state.role === 'leader') state.heartbeatElapsedTicks += ticks
}

/**
 * `isBeat`: all leaders of a node send their heartbeats now, so that those to one node travel
 * together. Who keeps to beats needs no heartbeat of its own between them.
 */
export function tickState(state: RaftState, isBeat: boolean): void {
  state.tickCount++
  state.awakeTickCount++
  if (state.role === 'leader') tickLeader(state, isBeat)
  else tickFollower(state)
}

/** Whether each tick matters: somebody is about to campaign, or a transfer is under way. */
export function isRestless(state: RaftState): boolean {
  if (state.role === 'leader') return state.transfer !== null
  return state.leader === null || state.leaderSilenceTicks > 2 * state.config.heartbeatIntervalTicks
}

function tickFollower(state: RaftState): void {
  state.electionElapsedTicks++
  state.leaderSilenceTicks++
  expireAskedReads(state)
  if (isElectable(state)) {
    if (state.electionElapsedTicks >= state.electionTimeoutTicks) campaign(state, false)
  } else if (state.leaderSilenceTicks >= 2 * state.config.electionTimeoutTicks) {
    // One that never campaigns would otherwise name a dead leader for ever.
    forgetLeader(state)
  }
}

function tickLeader(state: RaftState, isBeat: boolean): void {
  // Without a quorum nothing can be committed; clients had better look elsewhere (thesis §6.2).
  if (!hasActiveQuorum(state) || (!isOnlyVoter(state) && isWriteStalled(state))) {
    becomeFollower(state, state.term, null)
    return
  }
  if (tickTransfer(state) && !isSelfVoter(state)) {
    becomeFollower(state, state.term, null)
    return
  }
  state.heartbeatElapsedTicks++
  const isDue = state.heartbeatElapsedTicks >= state.config.heartbeatIntervalTicks
  if (isDue || isBeat) broadcastHeartbeat(state)
}
