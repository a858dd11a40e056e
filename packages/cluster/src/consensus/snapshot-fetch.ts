// Fetches an offered snapshot from its leader, part by part: the blobs of the machine's indexes,
// then every entry that still holds a live message. Each part is durable before the next is asked
// for; only when all are does this replica install the snapshot and report a match (architecture: a
// replica that installs one …).
import type { Entry, EntryId, ReplicaId, SnapshotMeta } from '@holdfast/raft'
import type { Core } from '../core.ts'
import { log } from '../core.ts'
import { times } from '../limits.ts'
import type { Blob, GroupId, IndexRange } from '../log-store.ts'
import { ByteReader } from '../peers/byte-reader.ts'
import type { Call, CallResult } from '../peers/peer-message.ts'
import { readEntry } from '../peers/raft-codec.ts'
import { nodeOf } from './replica-id.ts'

/** Blobs asked for in one call. */
const blobsPerCall = 8

export class SnapshotFetch {
  readonly #core: Core
  readonly #group: GroupId
  readonly #meta: SnapshotMeta
  readonly #ended: () => void
  readonly #from: ReplicaId
  #blobIds: readonly number[] | null = null
  readonly #blobs = new Map<number, Uint8Array>()
  readonly #retained: { first: number; last: number }[] = []
  #nextEntry = 1
  #isOver = false
  #isAsking = false
  #retryAtMs = 0
  #progressAtMs = 0

  constructor(core: Core, group: GroupId, from: ReplicaId, meta: SnapshotMeta, ended: () => void) {
    this.#core = core
    this.#group = group
    this.#from = from
    this.#meta = meta
    this.#ended = ended
  }

  /**
   * Whether this is that offer. What another replica has at the same index consists of other parts:
   * each packs its own blobs.
   */
  isFrom(from: ReplicaId, id: EntryId): boolean {
    const { index, term } = this.#meta.id
    return from === this.#from && id.index === index && id.term === term
  }

  start(): void {
    this.#progressAtMs = this.#core.clock.nowMs
    log(this.#core, 'info', 'fetching a snapshot', {
      group: this.#group,
      index: this.#meta.id.index,
      from: nodeOf(this.#from)
    })
    this.#continue()
  }

  abandon(): void {
    this.#isOver = true
  }

  tick(): void {
    const { nowMs } = this.#core.clock
    if (this.#isOver) return
    if (nowMs - this.#progressAtMs > times.snapshotTransferIdleMs) return this.#refuse()
    if (!this.#isAsking && nowMs >= this.#retryAtMs) this.#continue()
  }

  /** Asks for the next part. */
  #continue(): void {
    const { index, term } = this.#meta.id
    const group = this.#group
    if (this.#blobIds === null) {
      this.#ask({ type: 'snapshot-open', group, index, term })
      return
    }
    const ids = this.#blobIds.filter((id) => !this.#blobs.has(id)).slice(0, blobsPerCall)
    if (ids.length > 0) this.#ask({ type: 'snapshot-blobs', group, index, ids })
    else if (this.#nextEntry <= index) {
      this.#ask({ type: 'snapshot-entries', group, index, from: this.#nextEntry })
    } else this.#install()
  }

  #ask(call: Call): void {
    this.#isAsking = true
    this.#core.calls.call(nodeOf(this.#from), call, (result) => {
      this.#isAsking = false
      if (!this.#isOver) this.#answered(result)
    })
  }

  #answered(result: CallResult): void {
    switch (result.type) {
      case 'snapshot-opened':
        this.#blobIds = result.blobs
        return this.#progressed()
      case 'snapshot-blobs':
        return this.#stage(result.blobs, [])
      case 'snapshot-entries': {
        const entries = decodeEntries(result.entries)
        for (const entry of entries) this.#addRetained(entry.index)
        this.#nextEntry = result.next ?? this.#meta.id.index + 1
        return this.#stage([], entries)
      }
      case 'error':
        if (result.error.code === 'GROUP_NOT_FOUND') return this.#refuse()
        this.#retryAtMs = this.#core.clock.nowMs + times.retryMs * 4
        return
      default:
        return this.#refuse()
    }
  }

  #stage(blobs: readonly Blob[], entries: readonly Entry[]): void {
    for (const blob of blobs) this.#blobs.set(blob.id, blob.bytes)
    if (blobs.length === 0 && entries.length === 0) return this.#progressed()
    const { commit } = this.#core
    const record = commit.addStage({
      group: this.#group,
      snapshot: this.#meta.id,
      blobs,
      entries
    })
    this.#isAsking = true
    commit.whenDurable(record, () => {
      this.#isAsking = false
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
    this.#core.groups.install(this.#group, this.#meta, blobs, retained)
    this.#ended()
  }

  #refuse(): void {
    this.#isOver = true
    this.#core.groups.get(this.#group)?.raft.snapshotRefused(this.#from)
    this.#ended()
  }
}

function decodeEntries(bytes: Uint8Array): Entry[] {
  const reader = new ByteReader(bytes)
  const entries: Entry[] = []
  while (!reader.isAtEnd) entries.push(readEntry(reader))
  return entries
}
