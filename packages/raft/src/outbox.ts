// From state to ready: the consequences that wait until the caller asks (so that many calls share
// one message), and the collection of everything that leaves the core.
import { continueChange } from './membership.ts'
import { startReadRound } from './read-index.ts'
import type { Ready } from './ready.ts'
import { replicate } from './replication.ts'
import { hardStateOf, type RaftState } from './state.ts'
import { continueTransfer } from './transfer.ts'

/** A leader's standing duties. Doing them twice adds nothing. */
export function flush(state: RaftState): void {
  if (state.role !== 'leader') return
  continueChange(state)
  if (state.role !== 'leader') return
  continueTransfer(state)
  replicate(state)
  startReadRound(state)
}

function isHardStateDue(state: RaftState): boolean {
  return state.term !== state.handedOut.term || state.vote !== state.handedOut.vote
}

/** Whether there is something to write that was not handed out. */
export function isWriteDue(state: RaftState): boolean {
  const { log, unstable } = state
  return isHardStateDue(state) || unstable.hasTruncation || log.lastIndex > unstable.handedOutIndex
}

export function hasReady(state: RaftState): boolean {
  const { out, offer } = state
  return (
    isWriteDue(state) ||
    out.messages.length > 0 ||
    out.messagesAfterPersist.length > 0 ||
    out.reads.length > 0 ||
    out.loads.length > 0 ||
    (offer !== null && !offer.isHandedOut)
  )
}

/** Takes everything out. A commit index alone is not worth a write; it goes along with the next. */
export function takeReady(state: RaftState): Ready {
  const { log, unstable, out, offer } = state
  const isWrite = isWriteDue(state)
  const current = hardStateOf(state)
  const isHardStateNew = isHardStateDue(state) || current.commit !== state.handedOut.commit
  const hardState = isWrite && isHardStateNew ? current : null
  const taken = unstable.take(log.lastIndex, state.term, isWrite ? state.awakeTickCount : null)
  const isOfferNew = offer !== null && !offer.isHandedOut
  const ready: Ready = {
    number: taken.number,
    hardState,
    commitFloor: state.commitFloor,
    truncateFrom: taken.truncateFrom,
    entries: taken.firstIndex <= log.lastIndex ? log.tail(taken.firstIndex) : [],
    messages: out.messages,
    messagesAfterPersist: out.messagesAfterPersist,
    reads: out.reads,
    loads: out.loads,
    offeredSnapshot: isOfferNew ? { from: offer.from, snapshot: offer.snapshot } : null
  }
  if (hardState !== null) state.handedOut = hardState
  if (isOfferNew) offer.isHandedOut = true
  out.messages = []
  out.messagesAfterPersist = []
  out.reads = []
  out.loads = []
  return ready
}
