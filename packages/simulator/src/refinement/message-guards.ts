// Guards of the actions that only send: RequestVote, AppendEntries, and our heartbeats, snapshot
// offers and transfers. Messages gather between two readies, so each is held against what cannot
// have changed since: a leader's log only grows within its term.
import type { Message, Raft } from '@holdfast/raft'
import { isUpToDate, type Verdict } from './step.ts'

type AppendRequest = Extract<Message, { readonly type: 'append-request' }>

/** Judges one message of a ready, while the replica is as it was when the ready was taken. */
export function guardMessage(raft: Raft, message: Message, verdict: Verdict): void {
  const isNow = raft.term === message.term
  const isPreVote = message.type === 'vote-request' && message.pre
  const isPreGrant = message.type === 'vote-response' && message.pre && message.granted
  if (message.from !== raft.id) verdict.wrong(`speaks for ${message.from}`)
  if (message.term > raft.term && !isPreVote && !isPreGrant) {
    verdict.wrong(`speaks of term ${message.term} in term ${raft.term}`)
  }
  switch (message.type) {
    case 'vote-request':
      verdict.found(message.pre ? 'PreVote' : 'RequestVote')
      if (isNow && !message.pre && raft.role === 'candidate') {
        const { index, term } = raft.lastId
        const isOwn = message.last.index === index && message.last.term === term
        if (!isOwn) verdict.wrong('a candidate boasts of a log that is not its own')
      }
      return
    case 'vote-response':
      verdict.found('HandleRequestVoteRequest')
      if (isNow && message.granted && !message.pre && raft.hardState.vote !== message.to) {
        verdict.wrong(`grants a vote to ${message.to} that it did not give`)
      }
      return
    case 'append-request':
      verdict.found('AppendEntries')
      if (isNow) guardAppend(raft, message, verdict)
      return
    case 'append-response':
      verdict.found('HandleAppendEntriesRequest')
      if (isNow && message.accepted && message.index > raft.lastId.index) {
        verdict.wrong(`accepts up to ${message.index} with a log up to ${raft.lastId.index}`)
      }
      return
    case 'heartbeat-request':
      if (!isNow || !raft.isLeader) return
      if (message.commit > raft.commitIndex) verdict.wrong('a heartbeat commits more than there is')
      return
    case 'snapshot-request': {
      verdict.found('OfferSnapshot')
      const { id } = message.snapshot
      if (id.index > raft.commitIndex) verdict.wrong('a snapshot of what is not committed')
      return
    }
    case 'timeout-now':
      verdict.found('TimeoutNow')
      return
    default:
  }
}

/** AppendEntries: entries of the own log, without gaps, behind one that is named rightly. */
function guardAppend(raft: Raft, message: AppendRequest, verdict: Verdict): void {
  if (!raft.isLeader && raft.leader !== null && raft.leader !== raft.id) {
    verdict.wrong('a follower sends entries')
  }
  if (message.commit > raft.commitIndex) verdict.wrong('commits more than there is')
  let before = message.previous
  const known = raft.termAt(before.index)
  if (known !== null && known !== before.term) verdict.wrong('names a wrong entry before')
  for (const entry of message.entries) {
    if (entry.index !== before.index + 1) verdict.wrong('sends entries with a gap')
    if (!isUpToDate(entry, before)) verdict.wrong('sends entries with falling terms')
    const own = raft.termAt(entry.index)
    if (own !== null && own !== entry.term) verdict.wrong(`sends ${entry.index}, not its own`)
    before = entry
  }
}
