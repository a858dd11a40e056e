// What a replica does with the requests of a leader (Raft §5.3, §7). Every acceptance leaves only
// after the entries it speaks of are durable (`messagesAfterPersist`).
import { assert } from '@holdfast/errors'
import { appendEntry, commitTo, truncateLog } from './append.ts'
import { campaign } from './election.ts'
import type { Entry } from './entry.ts'
import type { AppendRequest, HeartbeatRequest, SnapshotRequest, TimeoutNow } from './message.ts'
import { hearLeader } from './role.ts'
import type { RaftState } from './state.ts'

export function handleAppendRequest(state: RaftState, message: AppendRequest): void {
  hearLeader(state, message.from)
  state.leaderSession = message.session
  assertEntries(message)
  if (message.previous.index > state.commitIndex && !state.log.matches(message.previous)) {
    rejectAppend(state, message)
    return
  }
  assertCommitted(state, message)
  assertSameLog(state, message)
  // Up to the commit index the log is the leader's (Leader Completeness), so only the rest is
  // compared.
  const lastIndex = Math.max(state.commitIndex, message.previous.index + message.entries.length)
  if (!acceptEntries(state, message.entries)) return
  // Not beyond what this message has validated: the rest of the log may be another leader's.
  commitTo(state, Math.min(message.commit, lastIndex))
  sendAccepted(state, message.from, lastIndex)
}

/** What is committed is in the log of every later leader (Leader Completeness, Raft §5.4.3). */
function assertCommitted({ log, commitIndex }: RaftState, { previous }: AppendRequest): void {
  if (previous.index > commitIndex) return
  const term = log.termAt(previous.index)
  assert(term === null || term === previous.term, 'what is committed is in the log of the leader')
}

/**
 * Where the logs meet they are the same up to there (Log Matching). If they are not, this replica
 * must not go on as if they were.
 */
function assertSameLog(state: RaftState, { previous, digest }: AppendRequest): void {
  if (digest === undefined) return
  const own = state.log.digest(previous.index, digest.after)
  const isSame = own === null || (own.high === digest.high && own.low === digest.low)
  assert(isSame, "a log that meets the leader's is the same up to there (Raft §5.3)")
}

function assertEntries(message: AppendRequest): void {
  let { index, term } = message.previous
  for (const entry of message.entries) {
    assert(entry.index === index + 1, 'the entries of an append request have no gaps')
    assert(entry.term >= term && entry.term <= message.term, 'terms of an append request ascend')
    index = entry.index
    term = entry.term
  }
}

/** False if the log may not change, because a snapshot is replacing it. */
function acceptEntries(state: RaftState, entries: readonly Entry[]): boolean {
  // What is there already stays: a late or repeated request must not shorten the log.
  const fresh = entries.findIndex(
    (entry) => entry.index > state.commitIndex && !state.log.matches(entry)
  )
  if (fresh === -1) return true
  if (state.offer?.isInstalling === true) return false
  const conflict = entries[fresh]
  if (conflict !== undefined && conflict.index <= state.log.lastIndex) {
    truncateLog(state, conflict.index)
  }
  for (let at = fresh; at < entries.length; at++) {
    const entry = entries[at]
    if (entry !== undefined) appendEntry(state, entry)
  }
  return true
}

function rejectAppend(state: RaftState, message: AppendRequest): void {
  const { index, term } = message.previous
  const hint = Math.max(state.log.lastIndexOfTerm(index, term), state.commitIndex)
  state.out.messagesAfterPersist.push({
    type: 'append-response',
    from: state.id,
    to: message.from,
    term: state.term,
    session: message.session,
    accepted: false,
    index,
    hint: { index: hint, term: state.log.termAt(hint) ?? 0 }
  })
}

function sendAccepted(state: RaftState, to: number, index: number): void {
  state.out.messagesAfterPersist.push({
    type: 'append-response',
    from: state.id,
    to,
    term: state.term,
    session: state.leaderSession,
    accepted: true,
    index,
    hint: { index: 0, term: 0 }
  })
}

export function handleHeartbeatRequest(state: RaftState, message: HeartbeatRequest): void {
  hearLeader(state, message.from)
  // The leader counts what was acknowledged. Who has less has lost it, and cannot know whether the
  // rest of its log is what was committed.
  if (message.commit <= state.log.lastIndex) commitTo(state, message.commit)
  state.out.messages.push({
    type: 'heartbeat-response',
    from: state.id,
    to: message.from,
    term: state.term,
    round: message.round
  })
}

export function handleSnapshotRequest(state: RaftState, message: SnapshotRequest): void {
  hearLeader(state, message.from)
  state.leaderSession = message.session
  const { snapshot } = message
  // A snapshot of what is known already is stale, and must not move the state back.
  if (snapshot.id.index > state.commitIndex && state.log.matches(snapshot.id)) {
    commitTo(state, snapshot.id.index)
  }
  if (snapshot.id.index <= state.commitIndex) {
    sendAccepted(state, message.from, state.commitIndex)
    return
  }
  const { offer } = state
  if (offer?.isInstalling === true) return
  const isKnown = offer?.from === message.from && offer.snapshot.id.index === snapshot.id.index
  if (!isKnown) {
    state.offer = { from: message.from, snapshot, isHandedOut: false, isInstalling: false }
  }
}

/** The leader wants this replica to take over (thesis §3.10). */
export function handleTimeoutNow(state: RaftState, message: TimeoutNow): void {
  if (state.role !== 'follower' || state.leader !== message.from) return
  campaign(state, true)
}

/** The caller could not fetch or install what was offered. */
export function refuseSnapshot(state: RaftState, from: number): void {
  const { offer } = state
  if (offer === null || offer.from !== from) return
  state.offer = null
  if (state.leader !== from) return
  state.out.messagesAfterPersist.push({
    type: 'append-response',
    from: state.id,
    to: from,
    term: state.term,
    session: state.leaderSession,
    accepted: false,
    index: offer.snapshot.id.index,
    hint: { index: state.commitIndex, term: state.log.termAt(state.commitIndex) ?? 0 }
  })
}

/** Tells the current leader, whoever it is by now, that everything up to the snapshot is here. */
export function answerInstalled(state: RaftState): void {
  if (state.leader !== null && state.role === 'follower' && state.leaderSession > 0) {
    sendAccepted(state, state.leader, state.commitIndex)
  }
}
