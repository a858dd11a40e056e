// The four roles and what each change of role makes void. Every assertion about legal changes is
// here: follower → pre-candidate → candidate → leader, and back to follower from anywhere (Raft
// figure 4, thesis §9.6).
import { assert } from '@holdfast/errors'
import { appendOwn } from './append.ts'
import { members } from './configuration.ts'
import type { ReplicaId } from './entry.ts'
import { createProgress } from './progress.ts'
import { drawElectionTimeoutTicks, drawHastyTimeoutTicks } from './random.ts'
import { failAskedReads, failPendingReads } from './reads.ts'
import { effectiveConfiguration, type RaftState } from './state.ts'

/** Begins a new wait before the next campaign. */
export function resetElectionTimer(state: RaftState): void {
  state.electionElapsedTicks = 0
  state.electionTimeoutTicks = drawElectionTimeoutTicks(state.config)
}

/**
 * As follower of `leader` in `term`, or of nobody yet. Keeps the vote within a term (Raft §5.2).
 */
export function becomeFollower(state: RaftState, term: number, leader: ReplicaId | null): void {
  assert(term >= state.term, 'terms never fall')
  assert(
    term > state.term || state.leader === null || leader === null || leader === state.leader,
    'a term has one leader'
  )
  if (term > state.term) {
    state.term = term
    state.vote = null
    setLeader(state, null)
  }
  if (state.role === 'leader') leaveLeadership(state)
  if (state.role !== 'follower') resetElectionTimer(state)
  state.role = 'follower'
  state.votes.clear()
  setLeader(state, leader)
}

function setLeader(state: RaftState, leader: ReplicaId | null): void {
  if (state.leader === leader) return
  state.leader = leader
  state.leaderSession = 0
  failAskedReads(state)
}

/** Something came from the leader of this term: there is no reason to campaign (Raft §5.2). */
export function hearLeader(state: RaftState, leader: ReplicaId): void {
  becomeFollower(state, state.term, leader)
  state.electionElapsedTicks = 0
  state.leaderSilenceTicks = 0
  if (state.haste !== null) {
    state.haste = null
    state.electionTimeoutTicks = drawElectionTimeoutTicks(state.config)
  }
}

/** Nobody is known to lead; the term and the vote stay. */
export function forgetLeader(state: RaftState): void {
  setLeader(state, null)
}

function leaveLeadership(state: RaftState): void {
  state.progress = []
  state.transfer = null
  state.uncommittedBytes = 0
  state.roundTicks.length = 0
  failPendingReads(state)
}

/** Asks whether an election could be won. Changes neither term nor vote (thesis §9.6). */
export function becomePreCandidate(state: RaftState): void {
  assert(state.role !== 'leader', 'a leader does not campaign')
  resetElectionTimer(state)
  if (state.haste !== null) {
    const { attempts } = state.haste
    const ticks = drawHastyTimeoutTicks(state.config, attempts)
    state.haste = ticks === null ? null : { ...state.haste, attempts: attempts + 1 }
    state.electionTimeoutTicks = ticks ?? state.electionTimeoutTicks
  }
  state.role = 'pre-candidate'
  state.votes.clear()
  setLeader(state, null)
}

/** A new term, and the vote for itself in it (Raft §5.2). */
export function becomeCandidate(state: RaftState): void {
  assert(state.role !== 'leader', 'a leader does not campaign')
  // A majority has said that it would vote: in haste, too, it is given the time to write that down.
  resetElectionTimer(state)
  assert(Number.isSafeInteger(state.term + 1), 'terms are safe integers')
  state.term++
  state.vote = state.id
  state.role = 'candidate'
  state.votes.clear()
  setLeader(state, null)
}

/** Appends the no-op of the new term: it commits what older terms left behind (Raft §5.4.2, §8). */
export function becomeLeader(state: RaftState): void {
  assert(state.role === 'candidate', 'only a candidate becomes leader')
  state.role = 'leader'
  state.votes.clear()
  state.haste = null
  setLeader(state, state.id)
  state.heartbeatElapsedTicks = 0
  state.leaseVoidUntilTick = 0
  state.noopIndex = state.log.lastIndex + 1
  state.progress = members(effectiveConfiguration(state)).map((replica) =>
    createProgress(state.config, replica, {
      next: state.noopIndex,
      session: state.noopIndex,
      tick: state.awakeTickCount
    })
  )
  state.uncommittedBytes = 0
  for (let index = state.commitIndex + 1; index <= state.log.lastIndex; index++) {
    state.uncommittedBytes += state.log.entry(index)?.data.byteLength ?? 0
  }
  appendOwn(state, 'no-op', new Uint8Array(0))
}
