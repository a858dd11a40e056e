// What the store found of a group, as a replica starts from it.
import { blankState, type RaftInitialState } from '@holdfast/raft'
import type { RecoveredGroup } from '../log-store.ts'

export function recoveredState(recovered: RecoveredGroup): RaftInitialState {
  const { hardState, snapshot, firstIndex, terms, lastIndex, entries } = recovered
  return {
    hardState,
    snapshot: snapshot?.meta ?? null,
    configuration: snapshot?.meta.configuration ?? blankState().configuration,
    firstIndex,
    terms,
    lastIndex,
    entries,
    applied: snapshot?.meta.id.index ?? 0
  }
}
