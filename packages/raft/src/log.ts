// The log in memory: terms as runs, bodies of the latest entries in an array with an offset. What
// is durable of it is the concern of unstable-log.ts; which configuration it implies, of
// configuration-history.ts.
//
//   firstIndex … bodiesFirst-1 : terms known, bodies on disk    bodiesFirst … lastIndex : in memory
import { assert } from '@holdfast/errors'
import type { RaftInitialState } from './config.ts'
import type { Entry, EntryId, SnapshotMeta, TermRun } from './entry.ts'
import { appendEntriesMax } from './limits.ts'
import { type LogDigest, LogDigests } from './log-digest.ts'

/** Dead slots at the front of the array of bodies before it is copied together. */
const deadSlotsMax = 1024

export class RaftLog {
  /** Bodies from `#bodiesFirst` on, behind `#head` dead slots. */
  #entries: (Entry | undefined)[]
  #head = 0
  #bodiesFirst: number
  #bodiesBytes = 0
  #firstIndex: number
  /** Id of the entry before `firstIndex`, if its term is known. */
  #beforeFirst: EntryId | null
  /** Ascending; covers `firstIndex` to `lastIndex`. */
  #runs: TermRun[]
  #lastIndex: number
  #snapshot: SnapshotMeta | null
  /** Null: logs are not compared. */
  readonly #digests: LogDigests | null

  constructor(initial: RaftInitialState, checksum?: (bytes: Uint8Array) => number) {
    const snapshotIndex = initial.snapshot?.id.index ?? 0
    assert(initial.firstIndex >= 1, 'a log begins at index 1 or later')
    assert(initial.firstIndex <= snapshotIndex + 1, 'no entry after the snapshot is missing')
    assert(initial.lastIndex >= snapshotIndex, 'the log reaches at least to its snapshot')
    this.#snapshot = initial.snapshot
    this.#firstIndex = initial.firstIndex
    this.#lastIndex = initial.lastIndex
    this.#runs = initial.terms.map(({ firstIndex, term }) => ({ firstIndex, term }))
    this.#beforeFirst = idBefore(initial)
    assert(
      initial.lastIndex < initial.firstIndex || this.#runs[0]?.firstIndex === initial.firstIndex,
      'the terms of a log begin at its first index'
    )
    this.#entries = [...initial.entries]
    this.#bodiesFirst = initial.lastIndex + 1 - initial.entries.length
    assert(this.#bodiesFirst <= snapshotIndex + 1, 'the entries above the snapshot have bodies')
    this.#digests = checksum === undefined ? null : new LogDigests(this.#bodiesFirst - 1, checksum)
    initial.entries.forEach((entry, at) => {
      assert(entry.index === this.#bodiesFirst + at, 'the initial entries have no gaps')
      assert(entry.term === this.termAt(entry.index), 'the initial entries have the terms stated')
      this.#bodiesBytes += entry.data.byteLength
      this.#digests?.append(entry)
    })
  }

  /** Of the latest entries up to `index`, or of those after `after`; null if it is not known. */
  digest(index: number, after: number | null = null): LogDigest | null {
    if (this.#digests === null) return null
    return after === null ? this.#digests.upTo(index) : this.#digests.between(after, index)
  }

  /** First index whose entry can be loaded. */
  get firstIndex(): number {
    return this.#firstIndex
  }

  get lastIndex(): number {
    return this.#lastIndex
  }

  get lastId(): EntryId {
    return { index: this.#lastIndex, term: this.lastTerm }
  }

  get lastTerm(): number {
    if (this.#lastIndex < this.#firstIndex) return this.#beforeFirst?.term ?? 0
    return this.#runs[this.#runs.length - 1]?.term ?? 0
  }

  /** Lowest index whose body is in memory; last index + 1 if none is. */
  get bodiesFirst(): number {
    return this.#bodiesFirst
  }

  get bodiesBytes(): number {
    return this.#bodiesBytes
  }

  get snapshot(): SnapshotMeta | null {
    return this.#snapshot
  }

  get snapshotIndex(): number {
    return this.#snapshot?.id.index ?? 0
  }

  /** Null if the term is not known: beyond the end, or compacted. */
  termAt(index: number): number | null {
    if (index > this.#lastIndex || index < 0) return null
    if (index < this.#firstIndex) {
      if (index === 0) return 0
      if (this.#beforeFirst?.index === index) return this.#beforeFirst.term
      return this.#snapshot?.id.index === index ? this.#snapshot.id.term : null
    }
    return this.#runs[this.#runAt(index)]?.term ?? null
  }

  /** Position of the run that covers the index, which is not below `firstIndex`. */
  #runAt(index: number): number {
    let low = 0
    let high = this.#runs.length - 1
    // Nearly all questions are about the last run.
    if ((this.#runs[high]?.firstIndex ?? 0) <= index) return high
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      if ((this.#runs[middle]?.firstIndex ?? 0) <= index) low = middle
      else high = middle - 1
    }
    return low
  }

  /** Whether the log holds exactly this entry (Raft §5.3). */
  matches(id: EntryId): boolean {
    return this.termAt(id.index) === id.term
  }

  /** The entry if its body is in memory. */
  entry(index: number): Entry | null {
    if (index < this.#bodiesFirst) return null
    return this.#entries[this.#head + index - this.#bodiesFirst] ?? null
  }

  /**
   * Highest index ≤ `index` whose term is ≤ `term`: skips whole terms that cannot match (Raft §5.3,
   * end). Where terms are no longer known, the index before the first known one.
   */
  lastIndexOfTerm(index: number, term: number): number {
    let at = Math.min(index, this.#lastIndex)
    while (at >= this.#firstIndex) {
      const run = this.#runs[this.#runAt(at)]
      if (run === undefined || run.term <= term) return at
      at = run.firstIndex - 1
    }
    return at
  }

  append(entry: Entry): void {
    assert(entry.index === this.#lastIndex + 1, 'entries are appended without gaps')
    assert(entry.term >= this.lastTerm, 'terms never fall along a log')
    if (this.#lastIndex < this.#firstIndex || entry.term !== this.lastTerm) {
      this.#runs.push({ firstIndex: entry.index, term: entry.term })
    }
    this.#entries.push(entry)
    this.#lastIndex = entry.index
    this.#bodiesBytes += entry.data.byteLength
    this.#digests?.append(entry)
  }

  /** Entries from `index` on are void. The caller has made sure that none of them is committed. */
  truncateFrom(index: number): void {
    assert(index > this.snapshotIndex, 'what a snapshot covers is never truncated')
    assert(index >= this.#bodiesFirst, 'an entry that was forgotten is applied, never truncated')
    const kept = this.#head + index - this.#bodiesFirst
    for (let at = kept; at < this.#entries.length; at++) {
      this.#bodiesBytes -= this.#entries[at]?.data.byteLength ?? 0
    }
    this.#entries.length = kept
    this.#lastIndex = index - 1
    this.#digests?.truncateFrom(index)
    while ((this.#runs[this.#runs.length - 1]?.firstIndex ?? 0) >= index) this.#runs.pop()
  }

  /**
   * Entries from `first` on, of which the bodies are in memory: at least one, and then as many as
   * fit into `bytesMax`.
   */
  slice(first: number, bytesMax: number): readonly Entry[] {
    assert(first >= this.#bodiesFirst, 'a slice begins where bodies are in memory')
    const start = this.#head + first - this.#bodiesFirst
    const limit = Math.min(this.#entries.length, start + appendEntriesMax)
    let end = start
    let bytes = 0
    for (; end < limit; end++) {
      bytes += this.#entries[end]?.data.byteLength ?? 0
      if (bytes > bytesMax && end > start) break
    }
    return this.#entries.slice(start, end) as Entry[]
  }

  /** All entries from `first` on, of which the bodies are in memory. */
  tail(first: number): readonly Entry[] {
    assert(first >= this.#bodiesFirst, 'a tail begins where bodies are in memory')
    return this.#entries.slice(this.#head + first - this.#bodiesFirst) as Entry[]
  }

  /** Drops bodies up to `index`; the caller has made sure that they are durable and applied. */
  forget(index: number): void {
    const count = Math.min(index, this.#lastIndex) - this.#bodiesFirst + 1
    if (count <= 0) return
    const end = this.#head + count
    for (; this.#head < end; this.#head++) {
      this.#bodiesBytes -= this.#entries[this.#head]?.data.byteLength ?? 0
      this.#entries[this.#head] = undefined
    }
    this.#bodiesFirst += count
    if (this.#head > deadSlotsMax && this.#head * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head)
      this.#head = 0
    }
  }

  /** Remembers a snapshot of the local machine, to offer it. */
  setSnapshot(meta: SnapshotMeta): void {
    assert(meta.id.index >= this.snapshotIndex, 'snapshots never go back')
    assert(this.matches(meta.id), 'a snapshot stands for an entry of this log')
    this.#snapshot = meta
  }

  /** Forgets the terms below `first`. */
  compact(first: number): void {
    assert(first <= this.snapshotIndex + 1, 'only what a snapshot covers is compacted')
    if (first <= this.#firstIndex) return
    this.#beforeFirst = { index: first - 1, term: this.termAt(first - 1) ?? 0 }
    const run = this.#runs[this.#runAt(first)]
    const keep = this.#runs.filter((item) => item.firstIndex > first)
    if (run !== undefined && first <= this.#lastIndex) {
      keep.unshift({ firstIndex: first, term: run.term })
    }
    this.#runs = keep
    this.#firstIndex = first
    this.forget(first - 1)
  }

  /** The log is empty after the snapshot (Raft §7); nothing of the old one remains. */
  reset(meta: SnapshotMeta): void {
    this.#snapshot = meta
    this.#entries = []
    this.#head = 0
    this.#bodiesBytes = 0
    this.#bodiesFirst = meta.id.index + 1
    this.#firstIndex = meta.id.index + 1
    this.#lastIndex = meta.id.index
    this.#beforeFirst = meta.id
    this.#runs = []
    this.#digests?.reset(meta.id.index)
  }
}

function idBefore(initial: RaftInitialState): EntryId | null {
  if (initial.firstIndex === 1) return { index: 0, term: 0 }
  if (initial.firstIndex - 1 === initial.snapshot?.id.index) return initial.snapshot.id
  return null
}
