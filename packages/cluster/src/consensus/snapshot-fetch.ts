// Fetches an offered snapshot from its leader, part by part: the blobs of the machine's indexes,
// then every entry that still holds a live message. Each part is durable before the next is asked
// for; only when all are does this replica install the snapshot and report a match (architecture: a
// replica that installs one …). What this replica has is not sent again: blobs that are staged of
// the same offer, entries that are staged of any, and entries of its own log.
import type { Entry, EntryId, ReplicaId, SnapshotMeta } from '@holdfast/raft'
import type { Core } from '../core.ts'
import { log } from '../core.ts'
import { times } from '../limits.ts'
import type { Blob, GroupId, IndexRange, OfferedSnapshot, RetainedEntry } from '../log-store.ts'
import { ByteReader } from '../peers/byte-reader.ts'
import type { Call, CallResult } from '../peers/peer-message.ts'
import { readEntry, readRetained } from '../peers/raft-codec.ts'
import { nodeOf } from './replica-id.ts'

/** Blobs asked for in one call: of about 1 MiB each, so many fit into a commit record (rule S1). */
const blobsPerCall = 3

export class SnapshotFetch {
  readonly #core: Core
  readonly #group: GroupId
  readonly #meta: SnapshotMeta
  readonly #ended: () => void
  readonly #offer: OfferedSnapshot
  #blobIds: readonly number[] | null = null
  readonly #blobs = new Map<number, Uint8Array>()
  readonly #retained: { first: number; last: number }[] = []
  /** Entries of the list last received that this replica lacks, ascending. */
  #missing: readonly RetainedEntry[] = []
  /** Where the next list begins; null: there is none. */
  #nextList: number | null = 1
  #isOver = false
  #isBusy = false
  #retryAtMs = 0
  #progressAtMs = 0
  #entriesReceived = 0
  #blobsReceived = 0

  constructor(core: Core, group: GroupId, from: ReplicaId, meta: SnapshotMeta, ended: () => void) {
    this.#core = core
    this.#group = group
    this.#offer = { source: from, snapshot: meta.id }
    this.#meta = meta
    this.#ended = ended
  }

  /**
   * Whether this is that offer. What another replica has at the same index consists of other parts:
   * each packs its own blobs.
   */
  isFrom(from: ReplicaId, id: EntryId): boolean {
    const { index, term } = this.#meta.id
    return from === this.#offer.source && id.index === index && id.term === term
  }

  /**
   * The claim comes first: once it is durable, nothing that was handed to the store before (parts
   * of another offer, a snapshot that frees entries) can take away what is found after it.
   */
  start(): void {
    log(this.#core, 'info', 'fetching a snapshot', {
      group: this.#group,
      index: this.#meta.id.index,
      from: nodeOf(this.#offer.source)
    })
    this.#stage([], [])
  }

  abandon(): void {
    this.#isOver = true
  }

  tick(): void {
    const { nowMs } = this.#core.clock
    if (this.#isOver) return
    if (nowMs - this.#progressAtMs > times.snapshotTransferIdleMs) return this.#refuse()
    if (!this.#isBusy && nowMs >= this.#retryAtMs) this.#continue()
  }

  /** Asks for the next part. */
  #continue(): void {
    const { index, term } = this.#meta.id
    const group = this.#group
    if (this.#blobIds === null) {
      this.#ask({ type: 'snapshot-open', group, index, term })
      return
    }
    const ids = this.#missingBlobs(this.#blobIds).slice(0, blobsPerCall)
    if (ids.length > 0) this.#ask({ type: 'snapshot-blobs', group, index, ids })
    else if (this.#missing.length > 0) {
      this.#ask({ type: 'snapshot-entries', group, index, indexes: this.#nextChunk() })
    } else if (this.#nextList !== null) {
      this.#ask({ type: 'snapshot-retained', group, index, from: this.#nextList })
    } else this.#install()
  }

  #missingBlobs(ids: readonly number[]): readonly number[] {
    return ids.filter((id) => !this.#blobs.has(id))
  }

  #nextChunk(): readonly number[] {
    const indexes: number[] = []
    let bytes = 0
    for (const entry of this.#missing) {
      bytes += entry.sizeBytes
      if (indexes.length > 0 && bytes > this.#core.tuning.snapshotChunkBytes) break
      indexes.push(entry.index)
    }
    return indexes
  }

  #ask(call: Call): void {
    this.#isBusy = true
    this.#core.calls.call(nodeOf(this.#offer.source), call, (result) => {
      this.#isBusy = false
      if (!this.#isOver) this.#answered(result)
    })
  }

  #answered(result: CallResult): void {
    switch (result.type) {
      case 'snapshot-opened':
        return this.#opened(result.blobs)
      case 'snapshot-blobs':
        return this.#takeBlobs(result.blobs)
      case 'snapshot-retained':
        return this.#listed(decode(result.entries, readRetained), result.next)
      case 'snapshot-entries':
        return this.#takeEntries(decode(result.entries, readEntry))
      case 'error':
        if (result.error.code === 'GROUP_NOT_FOUND') return this.#refuse()
        this.#retryAtMs = this.#core.clock.nowMs + times.retryMs * 4
        return
      default:
        return this.#refuse()
    }
  }

  /** Blobs that an interrupted transfer has left are read back instead of sent again. */
  #opened(ids: readonly number[]): void {
    this.#isBusy = true
    this.#core.reads.staged(this.#group, this.#offer, ids, (results) => {
      this.#isBusy = false
      if (this.#isOver) return
      for (const result of results) {
        if (result.type === 'blob') this.#blobs.set(result.blob.id, result.blob.bytes)
      }
      this.#blobIds = ids
      this.#progressed()
    })
  }

  #takeBlobs(received: readonly Blob[]): void {
    const wanted = new Set(this.#missingBlobs(this.#blobIds ?? []))
    const blobs = received.filter((blob) => wanted.has(blob.id))
    if (blobs.length === 0) return this.#refuse()
    for (const blob of blobs) this.#blobs.set(blob.id, blob.bytes)
    this.#blobsReceived += blobs.length
    this.#stage(blobs, [])
  }

  /** Of the leader's list, what is here with the same term and checksum need not come. */
  #listed(listed: readonly RetainedEntry[], next: number | null): void {
    this.#isBusy = true
    const indexes = listed.map((entry) => entry.index)
    this.#core.reads.held(this.#group, indexes, (held) => {
      this.#isBusy = false
      if (this.#isOver) return
      const known = new Map(held.map((entry) => [entry.index, entry]))
      for (const { index } of listed) this.#addRetained(index)
      this.#missing = listed.filter((entry) => !isSame(entry, known.get(entry.index)))
      this.#nextList = next
      this.#progressed()
    })
  }

  #takeEntries(received: readonly Entry[]): void {
    const wanted = new Map(this.#missing.map((entry) => [entry.index, entry]))
    const entries = received.filter((entry) => {
      const { index, term, data } = entry
      const checksum = this.#core.options.checksum(data)
      return isSame({ index, term, checksum, sizeBytes: data.length }, wanted.get(index))
    })
    if (entries.length === 0) return this.#refuse()
    const taken = new Set(entries.map((entry) => entry.index))
    this.#missing = this.#missing.filter((entry) => !taken.has(entry.index))
    this.#entriesReceived += entries.length
    this.#stage([], entries)
  }

  #stage(blobs: readonly Blob[], entries: readonly Entry[]): void {
    const { commit } = this.#core
    const record = commit.addStage({ group: this.#group, ...this.#offer, blobs, entries })
    this.#progressAtMs = this.#core.clock.nowMs
    this.#isBusy = true
    commit.whenDurable(record, () => {
      this.#isBusy = false
      if (!this.#isOver) this.#progressed()
    })
  }

  #progressed(): void {
    this.#progressAtMs = this.#core.clock.nowMs
    this.#continue()
  }

  #addRetained(index: number): void {
    const last = this.#retained.at(-1)
    if (last !== undefined && last.last + 1 === index) last.last = index
    else this.#retained.push({ first: index, last: index })
  }

  #install(): void {
    this.#isOver = true
    const blobs = [...this.#blobs].map(([id, bytes]) => ({ id, bytes }))
    blobs.sort((a, b) => a.id - b.id)
    const retained: readonly IndexRange[] = this.#retained
    log(this.#core, 'info', 'a snapshot is complete', {
      group: this.#group,
      index: this.#meta.id.index,
      blobs: blobs.length,
      blobsReceived: this.#blobsReceived,
      entries: retained.reduce((sum, { first, last }) => sum + last - first + 1, 0),
      entriesReceived: this.#entriesReceived
    })
    this.#core.groups.install(this.#group, this.#meta, blobs, retained)
    this.#ended()
  }

  #refuse(): void {
    this.#isOver = true
    this.#core.groups.get(this.#group)?.raft.snapshotRefused(this.#offer.source)
    this.#ended()
  }
}

function isSame(a: RetainedEntry, b: RetainedEntry | undefined): boolean {
  const isSameId = a.index === b?.index && a.term === b.term
  return isSameId && a.checksum === b.checksum && a.sizeBytes === b.sizeBytes
}

function decode<Item>(bytes: Uint8Array, read: (reader: ByteReader) => Item): readonly Item[] {
  const reader = new ByteReader(bytes)
  const items: Item[] = []
  while (!reader.isAtEnd) items.push(read(reader))
  return items
}
