// The leader's side of the log (Raft §5.3): what to send to whom, and what the answers mean.
// Requests are made when a ready is taken, so that everything proposed in between travels together;
// they are pipelined (thesis §10.2.1) within the bounds of inflights.ts.
import { assert } from '@holdfast/errors'
import { commitTo } from './append.ts'
import type { Entry } from './entry.ts'
import { snapshotOfferTimeouts } from './limits.ts'
import type { AppendResponse, HeartbeatResponse } from './message.ts'
import {
  becomeProbe,
  becomeReplicate,
  becomeSnapshot,
  isRegressed,
  type Progress
} from './progress.ts'
import { agreedValue } from './quorum.ts'
import { noteRound } from './read-index.ts'
import { findRoom, payloadBytes } from './room.ts'
import { effectiveConfiguration, progressOf, type RaftState } from './state.ts'

/** Sends every follower what it may be sent. Called once for each ready. */
export function replicate(state: RaftState): void {
  for (const progress of state.progress) {
    if (progress.replica !== state.id) replicateTo(state, progress)
  }
}

function replicateTo(state: RaftState, progress: Progress): void {
  const isWaiting = progress.state === 'snapshot' || progress.isProbeSent
  if (!isWaiting && !isNextKnown(state, progress)) offerLatestSnapshot(state, progress)
  switch (progress.state) {
    case 'probe':
      probe(state, progress)
      break
    case 'replicate':
      pipeline(state, progress)
      break
    case 'snapshot':
      offerSnapshot(state, progress)
      break
  }
}

/** Whether the log still has what is to be sent next, and the term of the entry before it. */
function isNextKnown({ log }: RaftState, { next }: Progress): boolean {
  // The term before index 1 is known for ever, the entry at it is not.
  return next >= log.firstIndex && log.termAt(next - 1) !== null
}

function probe(state: RaftState, progress: Progress): void {
  if (progress.isProbeSent || progress.isLoading) return
  progress.isProbeSent = true
  // Bodies that are not in memory are not worth loading before it is known where the logs meet.
  const { log, config } = state
  const hasBodies = progress.next >= log.bodiesFirst && progress.next <= log.lastIndex
  const entries = hasBodies ? log.slice(progress.next, config.appendBytesMax) : []
  // Nor is much worth sending: probes are repeated, and all groups send theirs at once.
  const isMuch = payloadBytes(entries) > (config.sharing?.bytesFree ?? Infinity)
  sendAppend(state, progress, isMuch ? [] : entries)
}

function pipeline(state: RaftState, progress: Progress): void {
  const { log, config } = state
  let isSent = false
  progress.lacksRoom = false
  while (!progress.isLoading && progress.next <= log.lastIndex && !progress.inflights.isFull) {
    const bytesMax = Math.min(config.appendBytesMax, progress.inflights.roomBytes)
    if (progress.next < log.bodiesFirst) {
      const loadBytes = Math.max(bytesMax, progress.loadBytes)
      if (!findRoom(state, progress, loadBytes)) break
      progress.isLoading = true
      progress.loadBytes = loadBytes
      state.out.loads.push({
        replica: progress.replica,
        firstIndex: progress.next,
        lastIndex: log.bodiesFirst - 1,
        bytesMax
      })
      break
    }
    const entries = log.slice(progress.next, bytesMax)
    if (isTooLarge(entries, progress, bytesMax)) break
    if (!findRoom(state, progress, payloadBytes(entries))) break
    sendPipelined(state, progress, entries)
    isSent = true
  }
  const isCommitDue = config.broadcastCommit && progress.commitTold < state.commitIndex
  if (!isSent && (progress.isPingDue || isCommitDue)) sendAppend(state, progress, [])
}

/** An entry larger than the room goes alone, once nothing else is under way. */
function isTooLarge(entries: readonly Entry[], progress: Progress, bytesMax: number): boolean {
  return progress.inflights.count > 0 && (entries[0]?.data.byteLength ?? 0) > bytesMax
}

function sendPipelined(state: RaftState, progress: Progress, entries: readonly Entry[]): void {
  const lastIndex = progress.next + entries.length - 1
  sendAppend(state, progress, entries)
  progress.inflights.add(lastIndex, payloadBytes(entries))
  progress.loadBytes = 0
  progress.next = lastIndex + 1
}

function sendAppend(state: RaftState, progress: Progress, entries: readonly Entry[]): void {
  const index = progress.next - 1
  progress.isPingDue = false
  progress.commitTold = state.commitIndex
  const term = state.log.termAt(index)
  assert(term !== null, 'a request says of which term the entry before it is')
  const digest = state.log.digest(index)
  state.out.messages.push({
    type: 'append-request',
    from: state.id,
    to: progress.replica,
    term: state.term,
    session: progress.session,
    previous: { index, term },
    commit: state.commitIndex,
    entries,
    ...(digest === null ? {} : { digest })
  })
}

/** The follower needs what the log has forgotten (Raft §7). */
function offerLatestSnapshot(state: RaftState, progress: Progress): void {
  const { snapshot } = state.log
  if (snapshot !== null) becomeSnapshot(progress, snapshot, state.tickCount)
}

/** Repeats the same offer until it is answered: a newer one would void what was fetched already. */
function offerSnapshot(state: RaftState, progress: Progress): void {
  const { offered } = progress
  if (offered === null) return
  const patience = snapshotOfferTimeouts * state.config.electionTimeoutTicks
  const isOverdue = state.tickCount - offered.tick >= patience
  if (!progress.isOfferDue && !isOverdue) return
  progress.isOfferDue = false
  progress.offered = { snapshot: offered.snapshot, tick: state.tickCount }
  state.out.messages.push({
    type: 'snapshot-request',
    from: state.id,
    to: progress.replica,
    term: state.term,
    session: progress.session,
    snapshot: offered.snapshot
  })
}

export function handleAppendResponse(state: RaftState, message: AppendResponse): void {
  const progress = progressOf(state, message.from)
  if (state.role !== 'leader' || progress === null) return
  if (progress.replica === state.id || progress.session !== message.session) return
  progress.heardTick = state.awakeTickCount
  if (message.accepted) acceptedTo(state, progress, message.index)
  else refused(state, progress, message)
}

function acceptedTo(state: RaftState, progress: Progress, index: number): void {
  if (index > state.log.lastIndex || index < progress.match) return
  progress.match = index
  progress.refusals = 0
  progress.next = Math.max(progress.next, index + 1)
  if (progress.state === 'replicate') progress.inflights.freeTo(index)
  else if (progress.state === 'probe' || state.log.termAt(index) !== null) becomeReplicate(progress)
  // It has what was offered, and the log has moved on meanwhile.
  else if (index >= (progress.offered?.snapshot.id.index ?? 0)) becomeProbe(progress, index + 1)
  advanceCommit(state)
}

function refused(state: RaftState, progress: Progress, message: AppendResponse): void {
  switch (progress.state) {
    case 'snapshot':
      // The offered snapshot could not be had: look again where the logs stand, after a heartbeat.
      if (progress.offered?.snapshot.id.index !== message.index) return
      becomeProbe(progress, state.log.lastIndexOfTerm(message.hint.index, message.hint.term) + 1)
      progress.isProbeSent = true
      return
    case 'probe':
      if (progress.next - 1 !== message.index) return
      if (message.index <= progress.match) return regressed(progress)
      break
    case 'replicate':
      if (message.index <= progress.match) return
      break
  }
  const meets = state.log.lastIndexOfTerm(message.hint.index, message.hint.term)
  becomeProbe(progress, Math.min(meets, message.index - 1) + 1)
}

/** It refuses what it had acknowledged: it is asked again, but only as often as it is heard. */
function regressed(progress: Progress): void {
  progress.refusals++
  progress.isProbeSent = true
}

export function handleHeartbeatResponse(state: RaftState, message: HeartbeatResponse): void {
  const progress = progressOf(state, message.from)
  if (state.role !== 'leader' || progress === null) return
  progress.heardTick = state.awakeTickCount
  progress.isProbeSent = false
  if (progress.match < state.log.lastIndex) progress.isPingDue = true
  noteRound(state, progress, message.round)
}

/**
 * Raises the commit index to what a quorum has on disk, but only if that entry is of the own term
 * (Raft §5.4.2, figure 8); older ones are committed with it. The leader counts what it has on disk.
 */
export function advanceCommit(state: RaftState): void {
  const agreed = agreedValue(effectiveConfiguration(state), (replica) => {
    if (replica === state.id) return state.unstable.durableIndex
    const progress = progressOf(state, replica)
    // Storage rule S9: what a replica has lost since it acknowledged it is on no disk there.
    return progress === null || isRegressed(progress, state.config) ? 0 : progress.match
  })
  if (agreed > state.commitIndex && state.log.termAt(agreed) === state.term) commitTo(state, agreed)
}

/** Entries that were loaded for a follower; used only if it still wants exactly these. */
export function supply(state: RaftState, progress: Progress, entries: readonly Entry[]): void {
  progress.isLoading = false
  if (progress.state !== 'replicate' || progress.inflights.isFull) return
  // A snapshot may have taken their place meanwhile, and the log forgotten what is before them.
  if (!isNextKnown(state, progress)) return
  let fits = 0
  for (const entry of entries) {
    if (entry.index !== progress.next + fits || !state.log.matches(entry)) break
    fits++
  }
  if (fits === 0) return
  const wanted = entries.slice(0, fits)
  const bytes = payloadBytes(wanted)
  // Room for what was asked for is kept. One larger entry is loaded again once there is room.
  if (bytes <= progress.loadBytes || findRoom(state, progress, bytes)) {
    sendPipelined(state, progress, wanted)
  } else progress.loadBytes = bytes
}

/** Entries could not be read: a snapshot takes their place, if it covers the first of them. */
export function loadFailed(state: RaftState, progress: Progress): void {
  progress.isLoading = false
  if (progress.state !== 'replicate') return
  if (progress.next <= state.log.snapshotIndex) {
    offerLatestSnapshot(state, progress)
    return
  }
  becomeProbe(progress, progress.match + 1)
  progress.isProbeSent = true
}

/** The link is lost, and what was on it may be too. */
export function linkLost(progress: Progress): void {
  if (progress.state === 'replicate') becomeProbe(progress, progress.match + 1)
  else if (progress.state === 'snapshot') progress.isOfferDue = true
}
