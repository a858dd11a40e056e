// What a leader says about its followers, for placement, compaction and people.
import { isVoter } from './configuration.ts'
import { isRecentlyActive } from './contact.ts'
import type { ReplicaId } from './entry.ts'
import { isRegressed, type ProgressState } from './progress.ts'
import { effectiveConfiguration, type RaftState } from './state.ts'

export interface ProgressStatus {
  readonly replica: ReplicaId
  /** Highest index known to be durable there. */
  readonly match: number
  readonly next: number
  readonly state: ProgressState
  /** Heard within an election timeout. */
  readonly recentlyActive: boolean
  readonly isVoter: boolean
  /** It refuses what it had acknowledged: it must not be relied on. */
  readonly isRegressed: boolean
  /** Index of the snapshot that is offered to it, which must be kept; null without one. */
  readonly offeredSnapshotIndex: number | null
}

/** Ascending by replica; this replica itself is `replicate` with what it has on disk. */
export function describeProgress(state: RaftState): readonly ProgressStatus[] {
  return state.progress.map((progress) => {
    const isSelf = progress.replica === state.id
    return {
      replica: progress.replica,
      match: isSelf ? state.unstable.durableIndex : progress.match,
      next: isSelf ? state.log.lastIndex + 1 : progress.next,
      state: isSelf ? 'replicate' : progress.state,
      recentlyActive: isRecentlyActive(state, progress),
      isVoter: isVoter(effectiveConfiguration(state), progress.replica),
      isRegressed: isRegressed(progress, state.config),
      offeredSnapshotIndex: progress.offered?.snapshot.id.index ?? null
    }
  })
}
