// Room on the way to the node of a follower. All groups of a host share it, so that what may wait
// on the link to that node has a bound. A little each group sends unasked: whoever sends little
// does not wait for those who send much.
import { isRecentlyActive } from './contact.ts'
import type { Entry, ReplicaId } from './entry.ts'
import type { Progress } from './progress.ts'
import { progressOf, type RaftState } from './state.ts'

export function payloadBytes(entries: readonly Entry[]): number {
  return entries.reduce((sum, entry) => sum + entry.data.byteLength, 0)
}

/** Whether so much payload may follow what is in flight to a follower; if not, it lacks room. */
export function findRoom(state: RaftState, progress: Progress, bytes: number): boolean {
  const { sharing } = state.config
  const isLittle = progress.inflights.bytes + bytes <= (sharing?.bytesFree ?? Infinity)
  // What was sent to a silent one may still wait on the link, though it does not count any more.
  const isFound =
    isLittle ||
    sharing === undefined ||
    (isRecentlyActive(state, progress) && sharing.admits(progress.replica, bytes))
  progress.lacksRoom = !isFound
  return isFound
}

/**
 * Payload in flight to a follower, or being loaded for it. A silent one has none: others would wait
 * for an answer that may never come.
 */
export function bytesInFlight(state: RaftState, replica: ReplicaId): number {
  const progress = progressOf(state, replica)
  if (progress === null || !isRecentlyActive(state, progress)) return 0
  return progress.inflights.bytes + (progress.isLoading ? progress.loadBytes : 0)
}

/** Whether a follower waits for room: others may leave some at any time. */
export function lacksRoom(state: RaftState): boolean {
  return state.progress.some((progress) => progress.lacksRoom)
}
