// What a store in memory has made durable: the node log as plainly as it can be said, the reference
// that other stores are compared with. It outlives the stores opened on it; a record is on it from
// the moment its write resolves, so that dropping a store without a word is a crash.
import { crc32 } from 'node:zlib'
import type {
  Blob,
  CommitRecord,
  GroupId,
  GroupWrite,
  IndexRange,
  InstallWrite,
  NodeIdentity,
  OfferedSnapshot,
  ReadResult,
  Recovered,
  RepairWrite,
  RetainedEntry,
  SnapshotWrite,
  StageWrite
} from '@holdfast/cluster'
import { assert } from '@holdfast/errors'
import type { Entry, HardState, SnapshotMeta } from '@holdfast/raft'
import { bare, recoverGroup } from './memory-recovery.ts'

/** Entries in one read. */
const readEntriesMax = 1024

export interface StoredEntry extends Entry {
  isFreed: boolean
}

export interface StoredGroup {
  hardState: HardState
  meta: SnapshotMeta | null
  blobs: Map<number, Blob>
  entries: Map<number, StoredEntry>
  lastIndex: number
  keepFrom: number
  staged: StagedParts | null
}

interface StagedParts extends OfferedSnapshot {
  readonly blobs: Map<number, Blob>
  readonly entries: Map<number, Entry>
}

function isSameOffer(a: OfferedSnapshot, b: OfferedSnapshot): boolean {
  const isSameId = a.snapshot.index === b.snapshot.index && a.snapshot.term === b.snapshot.term
  return a.source === b.source && isSameId
}

function copyOf(entry: Entry): StoredEntry {
  return { ...bare(entry), data: entry.data.slice(), isFreed: false }
}

/** What is durable. Open stores on it one after the other. */
export class MemoryDisk {
  readonly storeId: string
  readonly groups: Map<GroupId, StoredGroup> = new Map()
  identity: NodeIdentity | null = null
  peers: Uint8Array | null = null
  lastRecord = 0

  /** `storeId` has 32 hex digits. */
  constructor(storeId: string = '0'.repeat(32)) {
    this.storeId = storeId
  }

  #group(group: GroupId): StoredGroup {
    let state = this.groups.get(group)
    if (state === undefined) {
      state = {
        hardState: { term: 0, vote: null, commit: 0 },
        meta: null,
        blobs: new Map(),
        entries: new Map(),
        lastIndex: 0,
        keepFrom: 0,
        staged: null
      }
      this.groups.set(group, state)
    }
    return state
  }

  /** In the order of effect that the port names. */
  apply(record: CommitRecord): void {
    for (const group of record.removedGroups) this.groups.delete(group)
    for (const stage of record.stages) this.#stage(stage)
    for (const install of record.installs) this.#install(install)
    for (const write of record.groups) {
      this.#write(
        write,
        record.installs.find((install) => install.group === write.group)
      )
    }
    for (const { group, blobs } of record.blobs) {
      const known = this.#group(group).blobs
      for (const blob of blobs) known.set(blob.id, copyOfBlob(blob))
    }
    for (const snapshot of record.snapshots) this.#snapshot(snapshot)
    for (const repair of record.repairs) this.#repair(repair)
    if (record.identity !== null) this.identity = record.identity
    if (record.peers !== null) this.peers = record.peers.slice()
    this.lastRecord = record.id
  }

  #write(write: GroupWrite, install: InstallWrite | undefined): void {
    const state = this.#group(write.group)
    const base = install?.meta.id.index ?? 0
    const { hardState, truncateFrom } = write
    const { term, vote, commit } = state.hardState
    if (hardState !== null && install === undefined) {
      assert(hardState.term >= term, 'terms never fall (Raft §5.1)')
      state.hardState = hardState
    } else if (hardState !== null && hardState.term >= term) {
      const isSame = hardState.term === term
      state.hardState = {
        term: hardState.term,
        vote: hardState.vote ?? (isSame ? vote : null),
        commit: isSame ? Math.max(hardState.commit, commit) : hardState.commit
      }
    }
    if (truncateFrom !== null && install === undefined) {
      for (const index of [...state.entries.keys()]) {
        if (index >= truncateFrom) state.entries.delete(index)
      }
      state.lastIndex = Math.min(state.lastIndex, truncateFrom - 1)
    }
    for (const entry of write.entries) {
      if (entry.index <= base) continue
      assert(entry.index === state.lastIndex + 1, 'entries follow the log without a gap')
      state.entries.set(entry.index, copyOf(entry))
      state.lastIndex = entry.index
    }
  }

  #snapshot(snapshot: SnapshotWrite): void {
    const state = this.#group(snapshot.group)
    state.meta = snapshot.meta
    for (const blob of snapshot.newBlobs) state.blobs.set(blob.id, copyOfBlob(blob))
    for (const id of [...state.blobs.keys()]) {
      if (!snapshot.blobs.includes(id)) state.blobs.delete(id)
    }
    for (const range of snapshot.freed) {
      for (const entry of state.entries.values()) {
        if (entry.index >= range.first && entry.index <= range.last) entry.isFreed = true
      }
    }
    state.keepFrom = snapshot.keepFrom
    for (const entry of [...state.entries.values()]) {
      const isOld = entry.index < snapshot.keepFrom && entry.index <= snapshot.meta.id.index
      if (entry.isFreed && isOld) state.entries.delete(entry.index)
    }
    if ((state.staged?.snapshot.index ?? 0) <= snapshot.meta.id.index) state.staged = null
  }

  #repair({ group, entries }: RepairWrite): void {
    const known = this.groups.get(group)?.entries
    for (const entry of entries) {
      const there = known?.get(entry.index)
      const isSame = there?.term === entry.term && crc32(there.data) === crc32(entry.data)
      if (isSame) known?.set(entry.index, { ...copyOf(entry), isFreed: there.isFreed })
    }
  }

  #stage(stage: StageWrite): void {
    const state = this.#group(stage.group)
    if (state.staged === null || !isSameOffer(state.staged, stage)) {
      const { source, snapshot } = stage
      const entries = state.staged?.entries ?? new Map<number, Entry>()
      state.staged = { source, snapshot, blobs: new Map(), entries }
    }
    for (const blob of stage.blobs) state.staged?.blobs.set(blob.id, copyOfBlob(blob))
    for (const entry of stage.entries) state.staged?.entries.set(entry.index, copyOf(entry))
  }

  #install(install: InstallWrite): void {
    const state = this.#group(install.group)
    const entries = new Map<number, StoredEntry>()
    for (const { first, last } of install.retained) {
      for (let index = first; index <= last; index += 1) {
        const entry = state.staged?.entries.get(index) ?? state.entries.get(index)
        assert(entry !== undefined, 'a retained entry is staged or in the log')
        entries.set(index, copyOf(entry))
      }
    }
    const blobs = new Map<number, Blob>()
    for (const id of install.blobs) {
      const blob = state.staged?.blobs.get(id)
      assert(blob !== undefined, 'a blob of an installed snapshot is staged')
      blobs.set(id, blob)
    }
    this.groups.set(install.group, {
      hardState: install.hardState,
      meta: install.meta,
      blobs,
      entries,
      lastIndex: install.meta.id.index,
      keepFrom: 0,
      staged: null
    })
  }

  /** As the port says, but at once. */
  readEntries(group: GroupId, range: IndexRange, bytesMax: number): readonly ReadResult[] {
    const results: ReadResult[] = []
    let bytes = 0
    const last = Math.min(range.last, range.first + readEntriesMax - 1)
    for (let index = range.first; index <= last; index += 1) {
      const entry = this.groups.get(group)?.entries.get(index)
      bytes += entry?.data.length ?? 0
      if (bytes > bytesMax && results.length > 0) break
      results.push(entry === undefined ? { type: 'absent' } : { type: 'entry', entry: bare(entry) })
    }
    return results
  }

  readBlobs(group: GroupId, ids: readonly number[]): readonly ReadResult[] {
    return ids.map((id) => {
      const blob = this.groups.get(group)?.blobs.get(id)
      return blob === undefined ? { type: 'absent' } : { type: 'blob', blob }
    })
  }

  retained(group: GroupId, from: number, countMax: number): readonly RetainedEntry[] {
    const state = this.groups.get(group)
    const last = state?.meta?.id.index ?? 0
    return [...(state?.entries.values() ?? [])]
      .filter((entry) => entry.index >= from && entry.index <= last && !entry.isFreed)
      .sort((a, b) => a.index - b.index)
      .slice(0, Math.max(0, countMax))
      .map(describeEntry)
  }

  readStaged(
    group: GroupId,
    offer: OfferedSnapshot,
    ids: readonly number[]
  ): readonly ReadResult[] {
    const staged = this.groups.get(group)?.staged ?? null
    const isAny = staged !== null && isSameOffer(staged, offer)
    return ids.map((id) => {
      const blob = isAny ? staged.blobs.get(id) : undefined
      return blob === undefined ? { type: 'absent' } : { type: 'blob', blob }
    })
  }

  held(group: GroupId, indexes: readonly number[]): readonly RetainedEntry[] {
    const state = this.groups.get(group)
    return indexes.flatMap((index) => {
      const entry = state?.staged?.entries.get(index) ?? state?.entries.get(index)
      return entry === undefined ? [] : [describeEntry(entry)]
    })
  }

  recover(): Recovered {
    const sorted = [...this.groups].sort(([a], [b]) => a - b)
    const groups = sorted.map(([id, state]) => recoverGroup(id, state))
    const { storeId, identity, peers, lastRecord } = this
    return { storeId, identity, peers, groups, lastRecord }
  }
}

function describeEntry({ index, term, data }: Entry): RetainedEntry {
  return { index, term, checksum: crc32(data), sizeBytes: data.length }
}

function copyOfBlob(blob: Blob): Blob {
  return { id: blob.id, bytes: blob.bytes.slice() }
}
