// Guards of the actions that change currentTerm, votedFor and state: UpdateTerm, Timeout,
// HandleRequestVoteRequest, BecomeLeader; and of our own: pre-vote (thesis §9.6), transfer (§3.10),
// a leader that gives up (§6.2).
import type { Message } from '@holdfast/raft'
import { isQuorumOf } from '../checkers/quorums.ts'
import { isUpToDate, type Step, type Verdict } from './step.ts'

/** UpdateTerm: any message of a higher term, but what only asks about a term to come. */
function updatesTerm(message: Message, term: number): boolean {
  if (message.term <= term) return false
  if (message.type === 'vote-request') return !message.pre
  if (message.type === 'vote-response') return !(message.pre && message.granted)
  return true
}

/** currentTerm as UpdateTerm leaves it, before the message is handled. */
export function adoptedTerm({ before, cause }: Step): number {
  const isUpdate = cause.type === 'message' && updatesTerm(cause.message, before.term)
  return isUpdate ? cause.message.term : before.term
}

/** Who hears a leader, or leads, votes for nobody (thesis §4.2.3), unless that leader wants it. */
function mustRefuse({ before, volatile }: Step, message: Message): boolean {
  if (message.type !== 'vote-request' || message.transfer) return false
  return before.role === 'leader' || volatile.owesSilence
}

export function guardTerm(step: Step, verdict: Verdict): void {
  const { before, after, cause } = step
  if (after.term === before.term) return
  const adopted = adoptedTerm(step)
  if (cause.type === 'message' && mustRefuse(step, cause.message)) {
    verdict.wrong('a leader that is heard is unseated by who asks for votes')
  }
  if (adopted > before.term) verdict.found('UpdateTerm')
  if (after.term === adopted) return
  if (after.term === adopted + 1 && after.role === 'candidate') return guardTimeout(step, verdict)
  verdict.wrong(`the term becomes ${after.term} from ${before.term}`)
}

/** Timeout: a new term and the vote for itself; only where others would grant theirs. */
function guardTimeout(step: Step, verdict: Verdict): void {
  const { before, after, cause, volatile } = step
  verdict.found('Timeout')
  if (after.vote !== after.id) verdict.wrong('a candidate does not vote for itself')
  if (!step.isElectable()) verdict.wrong('a replica campaigns that is no voter')
  if (cause.type === 'message' && cause.message.type === 'timeout-now') {
    verdict.found('TimeoutNow')
    return
  }
  const { voters, outgoing } = before.configuration
  const isAlone = voters.length === 1 && voters[0] === before.id && outgoing.length === 0
  if (volatile.owesSilence && !isAlone) verdict.wrong('a replica campaigns while a leader is heard')
  const isAsked = isQuorumOf(
    before.configuration,
    (replica) => replica === before.id || volatile.preVotesGranted.has(replica)
  )
  if (!isAsked) verdict.wrong('a replica campaigns that no quorum would elect')
}

export function guardVote(step: Step, verdict: Verdict): void {
  const { before, after, cause } = step
  if (after.vote === before.vote && after.term === before.term) return
  // Timeout is judged with the term.
  if (after.vote === after.id && after.role === 'candidate') {
    if (after.term === before.term) verdict.wrong('a vote for itself without a new term')
    return
  }
  if (after.vote === null) {
    if (after.term === before.term) verdict.wrong('a vote is taken back within its term')
    return
  }
  verdict.found('HandleRequestVoteRequest')
  if (cause.type !== 'message' || cause.message.type !== 'vote-request') {
    return verdict.wrong('a vote that nobody asked for')
  }
  const { message } = cause
  const isFree = after.term > before.term || (before.vote === null && before.leader === null)
  if (message.pre) verdict.wrong('a pre-vote changes the vote')
  if (mustRefuse(step, message)) verdict.wrong('a vote while a leader is heard')
  if (message.from !== after.vote) verdict.wrong('a vote for another than who asked')
  if (message.term !== after.term) verdict.wrong('a vote in another term than was asked for')
  if (!isFree) verdict.wrong('a second vote in a term, or a vote against a known leader')
  if (!isUpToDate(message.last, before.last)) verdict.wrong('a vote for a log that lacks entries')
}

/**
 * A replica below its floor never leads, and never votes for who may lack what it once
 * acknowledged: a quorum that it is part of would not hold what is committed.
 */
export function guardFloor({ before, cause, after }: Step, verdict: Verdict): void {
  const { floor } = before
  if (floor === 0) return
  if (after.role !== 'follower') verdict.wrong(`a ${after.role} below its floor`)
  const isVote = after.vote !== null && (after.vote !== before.vote || after.term !== before.term)
  const isAsked = cause.type === 'message' && cause.message.type === 'vote-request'
  const known = isAsked ? cause.message.commit : 0
  if (isVote && known < floor) verdict.wrong('a vote below the floor')
}

export function guardRole(step: Step, verdict: Verdict): void {
  const { before, after, cause } = step
  if (after.role === before.role) {
    if (after.role === 'leader' && after.term !== before.term) {
      verdict.wrong('a leader leads on in another term')
    }
    return
  }
  if (after.role !== 'follower' && step.volatile.isInstalling) {
    verdict.wrong(`a ${after.role} whose log is being replaced`)
  }
  switch (after.role) {
    case 'follower':
      return verdict.found(before.role === 'leader' ? 'Abdicate' : 'ReturnToFollower')
    case 'pre-candidate': {
      verdict.found('PreVote')
      const isOwn = cause.type === 'tick' || cause.type === 'campaign'
      if (!isOwn && cause.type !== 'leader-gone') verdict.wrong(`a campaign out of ${cause.type}`)
      if (before.role === 'leader') verdict.wrong('a leader campaigns')
      if (!step.isElectable()) verdict.wrong('a replica asks for votes that is no voter')
      return
    }
    case 'candidate':
      if (before.role === 'leader') verdict.wrong('a leader campaigns')
      if (after.term === before.term) verdict.wrong('a candidate without a new term')
      return
    case 'leader':
      return guardBecomeLeader(step, verdict)
  }
}

/** BecomeLeader: a quorum of the effective configuration granted its votes in this term. */
function guardBecomeLeader(step: Step, verdict: Verdict): void {
  const { before, after, volatile } = step
  verdict.found('BecomeLeader')
  if (before.role !== 'candidate' || before.term !== after.term) {
    verdict.wrong(`a ${before.role} of term ${before.term} becomes leader of term ${after.term}`)
  }
  const isElected = isQuorumOf(before.configuration, (replica) =>
    volatile.votesGranted.has(replica)
  )
  if (!isElected) verdict.wrong('a leader without the votes of a quorum')
  const isNoopThere = after.last.index === before.last.index + 1 && after.last.term === after.term
  if (!isNoopThere) verdict.wrong('a leader begins its term without one entry of its own')
}
