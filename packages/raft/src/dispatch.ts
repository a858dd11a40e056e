// From a message to its handler: first the term (Raft §5.1), then the type. All dispatch of
// messages is here; each handler is in the file of its concern and looks at the role itself where
// it matters.
import { assert, unreachable } from '@holdfast/errors'
import { handleVoteRequest, handleVoteResponse, hasHeardLeader, refuseVote } from './election.ts'
import {
  handleAppendRequest,
  handleHeartbeatRequest,
  handleSnapshotRequest,
  handleTimeoutNow
} from './follower.ts'
import type { Message } from './message.ts'
import { handleReadIndexRequest, handleReadIndexResponse } from './read-index.ts'
import { answerRead } from './reads.ts'
import { handleAppendResponse, handleHeartbeatResponse } from './replication.ts'
import { becomeFollower } from './role.ts'
import { isOnlyVoter, type RaftState } from './state.ts'

function isFromLeader(message: Message): boolean {
  switch (message.type) {
    case 'append-request':
    case 'heartbeat-request':
    case 'snapshot-request':
    case 'timeout-now':
      return true
    default:
      return false
  }
}

/**
 * Once it is committed that a group has one voter, nobody leads it in a later term without the vote
 * of that one, which is durable before it is given, until others are in its log. A leader of a term
 * that it does not know means that its log is older than its group: a copy of the disk was put
 * back. Led by that, it would elect itself, alone. (A replica that was placed here before, and
 * returns, replays old configurations below its floor.)
 */
function assertNotOutlived(state: RaftState): void {
  const isDecided = state.configurations.latestAt.index <= state.commitIndex
  const isAlone = isOnlyVoter(state) && isDecided && state.commitFloor === 0
  assert(
    !isAlone,
    'the only voter of a group knows its leaders: this log is older than its group, as in a data ' +
      'directory that was restored from a copy; start this node with a blank one'
  )
}

/**
 * A higher term: adopts it, unless the message must not have that power. False: do not handle it.
 */
function observeHigherTerm(state: RaftState, message: Message): boolean {
  if (message.type === 'vote-request') {
    if (!message.transfer && hasHeardLeader(state)) {
      // Somebody who does not hear the leader must not unseat it (thesis §4.2.3).
      if (message.pre) refuseVote(state, message)
      return false
    }
    // A pre-vote asks about a term that does not exist yet (thesis §9.6).
    if (message.pre) return true
  }
  if (message.type === 'vote-response' && message.pre && message.granted) return true
  if (isFromLeader(message)) assertNotOutlived(state)
  becomeFollower(state, message.term, isFromLeader(message) ? message.from : null)
  return true
}

/** A lower term: the sender is told of the higher one if it waits for an answer. */
function answerStale(state: RaftState, message: Message): void {
  switch (message.type) {
    case 'vote-request':
      refuseVote(state, message)
      break
    case 'append-request':
    case 'heartbeat-request':
    case 'snapshot-request':
      // Carries nothing but the term, which makes a deposed leader step down.
      state.out.messagesAfterPersist.push({
        type: 'append-response',
        from: state.id,
        to: message.from,
        term: state.term,
        session: 0,
        accepted: false,
        index: 0,
        hint: { index: 0, term: 0 }
      })
      break
    case 'read-index-request':
      answerRead(state, { id: message.id, from: message.from }, null)
      break
    default:
      break
  }
}

/** Handles one message that is meant for this replica. */
export function dispatch(state: RaftState, message: Message): void {
  if (message.term > state.term) {
    if (!observeHigherTerm(state, message)) return
  } else if (message.term < state.term) {
    answerStale(state, message)
    return
  }
  switch (message.type) {
    case 'vote-request':
      handleVoteRequest(state, message)
      break
    case 'vote-response':
      handleVoteResponse(state, message)
      break
    case 'append-request':
      handleAppendRequest(state, message)
      break
    case 'append-response':
      handleAppendResponse(state, message)
      break
    case 'heartbeat-request':
      handleHeartbeatRequest(state, message)
      break
    case 'heartbeat-response':
      handleHeartbeatResponse(state, message)
      break
    case 'snapshot-request':
      handleSnapshotRequest(state, message)
      break
    case 'timeout-now':
      handleTimeoutNow(state, message)
      break
    case 'read-index-request':
      handleReadIndexRequest(state, message)
      break
    case 'read-index-response':
      handleReadIndexResponse(state, message)
      break
    default:
      unreachable(message)
  }
}
