// Linearizable reads without the log (thesis §6.4): the leader notes its commit index, makes sure
// by a round of heartbeats that it still leads, and answers. All reads asked between two readies
// share one round. The echo of a round also dates the leases: they count from its sending, not from
// its answer.
import { readsPendingMax, roundsRememberedMax } from './limits.ts'
import type { ReadIndexRequest, ReadIndexResponse } from './message.ts'
import type { Progress } from './progress.ts'
import { agreedValue } from './quorum.ts'
import { answerRead } from './reads.ts'
import { effectiveConfiguration, isNoopCommitted, type RaftState } from './state.ts'

/** Asks for a read index on behalf of the caller. */
export function requestRead(state: RaftState, id: number): void {
  if (state.role === 'leader') {
    addRead(state, id, state.id)
    return
  }
  if (state.leader === null || state.askedReads.size >= readsPendingMax) {
    state.out.reads.push({ id, index: null })
    return
  }
  state.askedReads.set(id, state.tickCount)
  state.out.messages.push({
    type: 'read-index-request',
    from: state.id,
    to: state.leader,
    term: state.term,
    id
  })
}

export function handleReadIndexRequest(state: RaftState, message: ReadIndexRequest): void {
  addRead(state, message.id, message.from)
}

export function handleReadIndexResponse(state: RaftState, message: ReadIndexResponse): void {
  if (!state.askedReads.delete(message.id)) return
  state.out.reads.push({ id: message.id, index: message.index })
}

/** Before an entry of its own term is committed, a leader does not know what is (Raft §8). */
function addRead(state: RaftState, id: number, from: number): void {
  if (!isNoopCommitted(state) || state.pendingReads.length >= readsPendingMax) {
    answerRead(state, { id, from }, null)
    return
  }
  state.pendingReads.push({ id, from, index: state.commitIndex, round: null })
}

/**
 * Begins a round for the reads that have none; a leader that is the only quorum answers at once.
 */
export function startReadRound(state: RaftState): void {
  if (state.pendingReads[state.pendingReads.length - 1]?.round !== null) return
  broadcastHeartbeat(state)
  confirmReads(state)
}

/** Tells everyone that this leader lives. Reads without a round wait for this one. */
export function broadcastHeartbeat(state: RaftState): void {
  state.round++
  state.heartbeatElapsedTicks = 0
  state.roundTicks.push({ round: state.round, tick: state.tickCount })
  if (state.roundTicks.length > roundsRememberedMax) state.roundTicks.shift()
  for (let at = state.pendingReads.length - 1; at >= 0; at--) {
    const read = state.pendingReads[at]
    if (read === undefined || read.round !== null) break
    read.round = state.round
  }
  for (const progress of state.progress) {
    if (progress.replica === state.id) continue
    state.out.messages.push({
      type: 'heartbeat-request',
      from: state.id,
      to: progress.replica,
      term: state.term,
      // Only what it has acknowledged: the rest of its log may not be the leader's.
      commit: Math.min(progress.match, state.commitIndex),
      round: state.round
    })
  }
}

/** A follower echoed a round. */
export function noteRound(state: RaftState, progress: Progress, round: number): void {
  if (round <= progress.round || round > state.round) return
  progress.round = round
  const sent = state.roundTicks.find((item) => item.round === round)
  if (sent !== undefined) progress.leaseTick = sent.tick
  confirmReads(state)
}

function confirmReads(state: RaftState): void {
  if (state.pendingReads.length === 0) return
  const rounds = new Map(state.progress.map((progress) => [progress.replica, progress.round]))
  rounds.set(state.id, state.round)
  const agreed = agreedValue(effectiveConfiguration(state), (replica) => rounds.get(replica) ?? 0)
  let confirmed = 0
  for (const read of state.pendingReads) {
    if (read.round === null || read.round > agreed) break
    answerRead(state, read, read.index)
    confirmed++
  }
  state.pendingReads.splice(0, confirmed)
}

/** Reads asked of a leader that does not answer are given back after an election timeout. */
export function expireAskedReads(state: RaftState): void {
  for (const [id, tick] of state.askedReads) {
    if (state.tickCount - tick < state.config.electionTimeoutTicks) break
    state.askedReads.delete(id)
    state.out.reads.push({ id, index: null })
  }
}
