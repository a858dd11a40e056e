// The disk of a replica in a storm: what was written is on it, in the order of writing.
import {
  blankState,
  type Entry,
  type HardState,
  type Ready,
  type SnapshotMeta,
  type TermRun
} from '@holdfast/raft'

export type Write =
  | { readonly type: 'ready'; readonly ready: Ready }
  | { readonly type: 'install'; readonly meta: SnapshotMeta; readonly hardState: HardState }

/** What is durable of one replica. */
export class StormDisk {
  hardState: HardState = { term: 0, vote: null, commit: 0 }
  snapshot: SnapshotMeta | null = null
  firstIndex = 1
  entries: Entry[] = []

  apply(write: Write): void {
    if (write.type === 'install') {
      this.hardState = write.hardState
      this.snapshot = write.meta
      this.firstIndex = write.meta.id.index + 1
      this.entries = []
      return
    }
    const { hardState, truncateFrom, entries } = write.ready
    this.hardState = hardState ?? this.hardState
    if (truncateFrom !== null) this.entries.length = truncateFrom - this.firstIndex
    this.entries.push(...entries)
  }

  recover(): ReturnType<typeof blankState> {
    const snapshotIndex = this.snapshot?.id.index ?? 0
    const terms: TermRun[] = []
    for (const { index, term } of this.entries) {
      if (terms.at(-1)?.term !== term) terms.push({ firstIndex: index, term })
    }
    return {
      ...blankState(),
      hardState: this.hardState,
      snapshot: this.snapshot,
      configuration: this.snapshot?.configuration ?? blankState().configuration,
      firstIndex: this.firstIndex,
      terms,
      lastIndex: this.firstIndex + this.entries.length - 1,
      entries: this.entries.filter(({ index }) => index > snapshotIndex),
      applied: snapshotIndex
    }
  }
}
