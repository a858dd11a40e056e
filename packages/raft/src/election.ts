// Elections (Raft §5.2, §5.4.1) with pre-vote (thesis §9.6) and the rule that a replica that hears
// a leader refuses its vote (thesis §4.2.3), from which only a transfer is exempt (thesis §3.10). A
// vote is asked, and the own vote counted, only when term and vote are durable.

import { allVoters } from './configuration.ts'
import type { EntryId } from './entry.ts'
import { stalledWriteTimeouts } from './limits.ts'
import type { VoteRequest, VoteResponse } from './message.ts'
import { isQuorum, voteResult } from './quorum.ts'
import { drawHastyTimeoutTicks, drawSuccessionTicks } from './random.ts'
import {
  becomeCandidate,
  becomeFollower,
  becomeLeader,
  becomePreCandidate,
  forgetLeader,
  resetElectionTimer
} from './role.ts'
import {
  effectiveConfiguration,
  isBelowFloor,
  isElectable,
  isOnlyVoter,
  type RaftState
} from './state.ts'

/** Whether a leader was heard so recently that nobody else deserves a vote. */
export function hasHeardLeader(state: RaftState): boolean {
  return state.role === 'leader' || state.leaderSilenceTicks < state.config.electionTimeoutTicks
}

/** Whether the oldest write of this replica has been under way for too long (storage rule S14). */
export function isWriteStalled(state: RaftState): boolean {
  const since = state.unstable.oldestTick
  const patience = stalledWriteTimeouts * state.config.electionTimeoutTicks
  return since !== null && state.awakeTickCount - since > patience
}

/** Only a voter campaigns, and not while its log is being replaced. */
export function canCampaign(state: RaftState): boolean {
  if (state.role === 'leader' || state.offer?.isInstalling === true) return false
  return isElectable(state) && !isWriteStalled(state)
}

/** Begins an election; with `isTransfer` without asking first, because the leader wants it. */
export function campaign(state: RaftState, isTransfer: boolean): void {
  if (!canCampaign(state)) {
    resetElectionTimer(state)
    return
  }
  if (isTransfer) {
    campaignForReal(state, true)
    return
  }
  becomePreCandidate(state)
  askVotes(state, true, false)
  recordVote(state, state.id, true)
}

/** Begins an election without waiting, where no leader can rely on this replica's silence. */
export function campaignEarly(state: RaftState): void {
  if (state.role !== 'follower') return
  if (!hasHeardLeader(state) || isOnlyVoter(state)) campaign(state, false)
}

function campaignForReal(state: RaftState, isTransfer: boolean): void {
  becomeCandidate(state)
  askVotes(state, false, isTransfer)
}

function askVotes(state: RaftState, pre: boolean, transfer: boolean): void {
  // A lost vote request must not reach anybody before term, vote and the log it boasts of are
  // durable: a late answer to it would otherwise count for a log that a crash has shortened.
  const outbox = pre ? state.out.messages : state.out.messagesAfterPersist
  for (const voter of allVoters(effectiveConfiguration(state))) {
    if (voter === state.id) continue
    outbox.push({
      type: 'vote-request',
      from: state.id,
      to: voter,
      term: pre ? state.term + 1 : state.term,
      pre,
      transfer,
      last: state.log.lastId,
      commit: state.commitIndex
    })
  }
}

function recordVote(state: RaftState, voter: number, granted: boolean): void {
  if (!state.votes.has(voter)) state.votes.set(voter, granted)
  const result = voteResult(effectiveConfiguration(state), state.votes)
  if (result === 'won') {
    if (state.role === 'pre-candidate') campaignForReal(state, false)
    else becomeLeader(state)
  } else if (isSplit(state)) {
    beginAgainSoon(state)
  } else if (result === 'lost') {
    loseElection(state)
  }
}

/**
 * Whether nobody can be elected in this term any more, not even by the votes that are outstanding:
 * not this candidate, and no other by the votes that this one did not get. Known only of the end of
 * a leader, since the vote of who is merely silent may yet come.
 */
function isSplit(state: RaftState): boolean {
  const { role, haste, votes } = state
  if (role !== 'candidate' || haste === null) return false
  const configuration = effectiveConfiguration(state)
  const isOut = (voter: number): boolean => voter === haste.endedLeader && !votes.has(voter)
  const isMine = (voter: number): boolean => votes.get(voter) !== false && !isOut(voter)
  const isTheirs = (voter: number): boolean => votes.get(voter) !== true && !isOut(voter)
  return !isQuorum(configuration, isMine) && !isQuorum(configuration, isTheirs)
}

function beginAgainSoon(state: RaftState): void {
  const { config, haste } = state
  becomeFollower(state, state.term, null)
  const ticks = drawHastyTimeoutTicks(config, haste?.attempts ?? 0)
  state.electionTimeoutTicks = ticks ?? state.electionTimeoutTicks
}

function loseElection(state: RaftState): void {
  const waited = state.electionElapsedTicks
  const timeout = state.electionTimeoutTicks
  becomeFollower(state, state.term, null)
  if (state.haste === null) return
  // The wait that this attempt drew goes on: in haste it is shorter than one that begins anew.
  state.electionElapsedTicks = waited
  state.electionTimeoutTicks = timeout
}

/** A write became durable: the candidate's vote for itself may be part of it. */
export function countOwnVote(state: RaftState): void {
  if (state.role !== 'candidate' || state.unstable.durableTerm !== state.term) return
  if (!state.votes.has(state.id)) recordVote(state, state.id, true)
}

/** Raft §5.4.1: the log with the later last term wins; with equal terms, the longer one. */
export function isUpToDate(theirs: EntryId, ours: EntryId): boolean {
  return theirs.term > ours.term || (theirs.term === ours.term && theirs.index >= ours.index)
}

/**
 * Answers regardless of what the own configuration says about the candidate or about this replica
 * (thesis §4.1): it may be older than the candidate's. A pre-vote changes nothing here. A replica
 * that once had more than it has votes only for who knows all of that to be committed, and so has
 * it. Nobody else needs its vote: whoever has a configuration that takes it in again has learnt
 * that with it, for its leader knew.
 */
export function handleVoteRequest(state: RaftState, message: VoteRequest): void {
  const isRepeat = state.vote === message.from && !message.pre
  const isFree = state.vote === null && state.leader === null
  const isComplete = !isBelowFloor(state) || message.commit >= state.commitFloor
  const mayVote =
    isComplete &&
    (isRepeat ||
      ((isFree || (message.pre && message.term > state.term)) && !isSilenced(state, message)))
  if (!mayVote || !isUpToDate(message.last, state.log.lastId)) {
    refuseVote(state, message)
    // Who asks cannot win, and nobody leads: it may be this replica that has to.
    if (mayVote && message.pre && state.haste === null) hasten(state)
    return
  }
  if (!message.pre) {
    state.vote = message.from
    resetElectionTimer(state)
  }
  if (state.haste !== null) state.haste = { ...state.haste, hasPromised: true }
  const outbox = message.pre ? state.out.messages : state.out.messagesAfterPersist
  outbox.push({
    type: 'vote-response',
    from: state.id,
    to: message.from,
    term: message.term,
    pre: message.pre,
    granted: true
  })
  if (message.pre) yieldTo(state, message)
}

/**
 * All followers of a leader that ended, or fell silent, miss it since the same moment, and two of
 * them would split the votes. Of two that ask at once, the one with the higher id steps back: in
 * haste for a tick or two, else for an election timeout.
 */
function yieldTo(state: RaftState, message: VoteRequest): void {
  if (state.role === 'pre-candidate' && message.from < state.id) loseElection(state)
}

function isSilenced(state: RaftState, message: VoteRequest): boolean {
  return !message.transfer && hasHeardLeader(state)
}

export function refuseVote(state: RaftState, message: VoteRequest): void {
  state.out.messages.push({
    type: 'vote-response',
    from: state.id,
    to: message.from,
    term: state.term,
    pre: message.pre,
    granted: false
  })
}

export function handleVoteResponse(state: RaftState, message: VoteResponse): void {
  if (message.pre) {
    // A granted pre-vote carries the term that was asked for; one of an earlier attempt is void.
    if (state.role !== 'pre-candidate') return
    if (message.granted && message.term !== state.term + 1) return
  } else if (state.role !== 'candidate') {
    return
  }
  recordVote(state, message.from, message.granted)
}

/**
 * A voter has come within reach: where nobody leads, the ordinary timeout need not be waited for.
 * Votes are refused as long as anybody owes a leader its silence, so the first attempt is when this
 * replica does not. Who was promised its vote is not disturbed: after a leader's end the first to
 * come within reach is often that leader, started again.
 */
export function hasten(state: RaftState): void {
  if (state.haste?.hasPromised === true) return
  const isWaiting = state.role === 'follower' || state.role === 'pre-candidate'
  if (!isWaiting || state.leader !== null || !isElectable(state)) return
  state.haste = { attempts: 0, endedLeader: null, hasPromised: false }
  const owedTicks = Math.max(0, state.config.electionTimeoutTicks - state.leaderSilenceTicks)
  state.electionElapsedTicks = 0
  state.electionTimeoutTicks = 1 + owedTicks + drawSuccessionTicks(state.config)
}

/** The carrier knows that the leader's process has ended: succeed it after a small random wait. */
export function succeedLeader(state: RaftState): void {
  if (state.role === 'leader') return
  const endedLeader = state.leader
  forgetLeader(state)
  state.leaderSilenceTicks = state.config.electionTimeoutTicks
  if (state.role !== 'follower') return
  state.haste = { attempts: 0, endedLeader, hasPromised: false }
  const ticks = drawSuccessionTicks(state.config)
  if (ticks === 0) {
    campaign(state, false)
    return
  }
  state.electionElapsedTicks = 0
  state.electionTimeoutTicks = ticks
}
