// The disk of one simulated replica: writes become durable in order, and a crash loses those that
// are still under way (or keeps some of them without anybody being told).
import { assert } from '@holdfast/errors'
import {
  blankState,
  type Configuration,
  type Entry,
  type HardState,
  type Message,
  type RaftInitialState,
  type Ready,
  type SnapshotMeta,
  type TermRun
} from '../src/index.ts'

export type Write =
  | { readonly type: 'ready'; readonly ready: Ready }
  | { readonly type: 'install'; readonly meta: SnapshotMeta; readonly hardState: HardState }

export class SimulatedDisk {
  hardState: HardState = { term: 0, vote: null, commit: 0 }
  snapshot: SnapshotMeta | null = null
  firstIndex = 1
  /** Entries from `firstIndex` on. */
  entries: Entry[] = []
  readonly initialConfiguration: Configuration
  readonly #pending: Write[] = []

  constructor(initial: RaftInitialState) {
    this.initialConfiguration = initial.configuration
  }

  get lastIndex(): number {
    return this.firstIndex + this.entries.length - 1
  }

  get pendingCount(): number {
    return this.#pending.length
  }

  /** Whether what comes next is a snapshot that replaces the log. */
  get isInstallNext(): boolean {
    return this.#pending[0]?.type === 'install'
  }

  entry(index: number): Entry | undefined {
    return this.entries[index - this.firstIndex]
  }

  submit(write: Write): void {
    this.#pending.push(write)
  }

  /** Makes the oldest write durable, and returns it. */
  complete(): Write | undefined {
    const write = this.#pending.shift()
    if (write !== undefined) this.#apply(write)
    return write
  }

  /** Loses what is under way; the first `kept` writes happen to have reached the disk. */
  crash(kept: number): void {
    for (let at = 0; at < kept; at++) this.complete()
    this.#pending.length = 0
  }

  #apply(write: Write): void {
    if (write.type === 'install') {
      this.hardState = write.hardState
      this.snapshot = write.meta
      this.firstIndex = write.meta.id.index + 1
      this.entries = []
      return
    }
    const { hardState, truncateFrom, entries } = write.ready
    if (hardState !== null) {
      assert(hardState.term >= this.hardState.term, 'the term on disk never falls')
      this.hardState = hardState
    }
    if (truncateFrom !== null) {
      assert(truncateFrom >= this.firstIndex, 'nothing below the log is truncated')
      this.entries.length = Math.max(0, truncateFrom - this.firstIndex)
    }
    for (const entry of entries) {
      assert(entry.index === this.lastIndex + 1, 'entries reach the disk without gaps')
      this.entries.push(entry)
    }
  }

  /** A snapshot of the local machine; entries below `firstIndex` go. */
  compact(meta: SnapshotMeta, firstIndex: number): void {
    this.snapshot = meta
    this.entries.splice(0, Math.max(0, firstIndex - this.firstIndex))
    this.firstIndex = Math.max(firstIndex, this.firstIndex)
  }

  /** What a restarted replica finds. */
  recover(): RaftInitialState {
    const snapshotIndex = this.snapshot?.id.index ?? 0
    const terms: TermRun[] = []
    for (const { index, term } of this.entries) {
      if (terms.at(-1)?.term !== term) terms.push({ firstIndex: index, term })
    }
    return {
      ...blankState(),
      hardState: this.hardState,
      snapshot: this.snapshot,
      configuration: this.snapshot?.configuration ?? this.initialConfiguration,
      firstIndex: this.firstIndex,
      terms,
      lastIndex: this.lastIndex,
      entries: this.entries.filter((entry) => entry.index > snapshotIndex),
      applied: snapshotIndex
    }
  }

  /** What leaves only after the writes before it are durable. */
  static messagesOf(write: Write): readonly Message[] {
    return write.type === 'ready' ? write.ready.messagesAfterPersist : []
  }
}
