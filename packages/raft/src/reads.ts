// Reads that ended without an index: the asker tries again. Apart from read-index.ts, because every
// change of role or leader comes through here.
import type { RaftState } from './state.ts'

/** Answers one pending read: to the caller, or to the follower that asked. */
export function answerRead(
  state: RaftState,
  read: { readonly id: number; readonly from: number },
  index: number | null
): void {
  if (read.from === state.id) {
    state.out.reads.push({ id: read.id, index })
    return
  }
  state.out.messages.push({
    type: 'read-index-response',
    from: state.id,
    to: read.from,
    term: state.term,
    id: read.id,
    index
  })
}

/** The leader steps down: it cannot confirm what was asked of it. */
export function failPendingReads(state: RaftState): void {
  for (const read of state.pendingReads) answerRead(state, read, null)
  state.pendingReads = []
}

/** The leader that was asked is not the leader any more. */
export function failAskedReads(state: RaftState): void {
  for (const id of state.askedReads.keys()) state.out.reads.push({ id, index: null })
  state.askedReads.clear()
}
