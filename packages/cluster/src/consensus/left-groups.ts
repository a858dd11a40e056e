// What stays of the groups that this node left. A replica must never forget its vote or what it
// acknowledged (Raft §5.2, §5.4), and it comes back under the same id: so its hard state stays,
// with a commit index above the end of the log, which is blank. Raft takes that as a floor, below
// which the replica does not lead, and votes only for who has as much. No replica is open until a
// leader writes to it again.
import { blankState, type HardState, type RaftInitialState } from '@holdfast/raft'
import type { GroupId, RecoveredGroup } from '../log-store.ts'

export class LeftGroups {
  readonly #promises = new Map<GroupId, HardState>()

  /** Whether the store has no more than this of a group. */
  recover({ group, hardState, snapshot, lastIndex }: RecoveredGroup): boolean {
    if (snapshot !== null || lastIndex > 0 || hardState.commit === 0) return false
    this.#promises.set(group, hardState)
    return true
  }

  /**
   * A replica leaves; returns what must be durable with that. `leader` is what the leader said on
   * whose word it leaves.
   */
  leave(
    group: GroupId,
    own: HardState,
    leader: { readonly term: number; readonly commit: number }
  ): HardState {
    const isLater = leader.term > own.term
    const promise = {
      term: isLater ? leader.term : own.term,
      vote: isLater ? null : own.vote,
      commit: Math.max(own.commit, leader.commit)
    }
    this.#promises.set(group, promise)
    return promise
  }

  /** What a replica starts from that a leader takes in: blank, but for what it promised before. */
  return(group: GroupId): RaftInitialState {
    const blank = blankState()
    const hardState = this.#promises.get(group) ?? blank.hardState
    this.#promises.delete(group)
    return { ...blank, hardState }
  }
}
