// What the store knows of its node: for each group hard state, snapshot, blobs and the index of its
// log; the node's identity and peers; which records are alive. `apply` is the one way to change it,
// for a write and for a replay alike; nothing here reads or writes.
import type { GroupId, NodeIdentity, OfferedSnapshot } from '@holdfast/cluster'
import { unreachable } from '@holdfast/errors'
import type { Configuration, EntryId, HardState } from '@holdfast/raft'
import type { Change } from './change.ts'
import { LogIndex, type Release } from './log-index.ts'
import { RecordTable } from './record-table.ts'
import { type Location, sectionHeadBytes } from './section.ts'

export interface SnapshotState {
  readonly id: EntryId
  readonly configuration: Configuration
  readonly manifest: Location
}

export interface StagedState extends OfferedSnapshot {
  readonly blobs: Map<number, Location>
  readonly log: LogIndex
}

export function isSameOffer(a: OfferedSnapshot, b: OfferedSnapshot): boolean {
  const isSameId = a.snapshot.index === b.snapshot.index && a.snapshot.term === b.snapshot.term
  return a.source === b.source && isSameId
}

export interface GroupState {
  readonly group: GroupId
  hardState: HardState
  snapshot: SnapshotState | null
  /** Parts of the snapshot, by id. */
  blobs: Map<number, Location>
  log: LogIndex
  lastIndex: number
  /** Freed entries from here on stay, for followers that lag. */
  keepFrom: number
  staged: StagedState | null
}

export class NodeState {
  readonly groups: Map<GroupId, GroupState> = new Map()
  readonly table: RecordTable = new RecordTable()
  /** Records of chunks that the durable checkpoint still names and the next will not. */
  readonly retiredChunks: number[] = []
  identity: NodeIdentity | null = null
  peers: Uint8Array | null = null
  /** Id of the last commit record. */
  recordId = 0
  /** The manifest whose snapshot or install comes next in the same record. */
  #manifest: Location | null = null
  readonly release: Release = (sequence) => this.table.release(sequence)
  readonly retireChunk: Release = (sequence) => {
    this.retiredChunks.push(sequence)
  }

  /** In the order of their ids: what is derived from groups must not depend on who came first. */
  sortedGroups(): readonly GroupState[] {
    return [...this.groups.values()].sort((a, b) => a.group - b.group)
  }

  newLog(): LogIndex {
    return new LogIndex(this.retireChunk)
  }

  group(id: GroupId): GroupState {
    let state = this.groups.get(id)
    if (state === undefined) {
      state = {
        group: id,
        hardState: { term: 0, vote: null, commit: 0 },
        snapshot: null,
        blobs: new Map(),
        log: this.newLog(),
        lastIndex: 0,
        keepFrom: 0,
        staged: null
      }
      this.groups.set(id, state)
    }
    return state
  }

  /** Takes a location into a state: its record holds one thing more. */
  retain(location: Location): void {
    const end = location.position + sectionHeadBytes + location.length
    this.table.register(location.sequence, end)
    this.table.retain(location.sequence)
  }

  /** Applies a record that is durable. */
  apply(changes: readonly Change[], recordId: number): void {
    for (const change of changes) this.#applyOne(change)
    this.recordId = recordId
  }

  #applyOne(change: Change): void {
    switch (change.type) {
      case 'identity':
        this.identity = change.identity
        return
      case 'peers':
        this.peers = change.peers
        return
      case 'removed-group':
        this.#remove(change.group)
        return
      case 'repaired-entry':
        this.#repair(change)
        return
      default:
        this.#applyToGroup(this.group(change.group), change)
    }
  }

  #applyToGroup(
    state: GroupState,
    change: Exclude<Change, { type: 'identity' | 'peers' | 'removed-group' | 'repaired-entry' }>
  ): void {
    switch (change.type) {
      case 'group':
        if (change.hardState !== null) state.hardState = change.hardState
        if (change.truncateFrom === null || change.truncateFrom > state.lastIndex) return
        state.log.dropFrom(change.truncateFrom, this.release)
        state.lastIndex = change.truncateFrom - 1
        return
      case 'entry':
        this.#addRow(state.log, change)
        state.lastIndex = change.index
        return
      case 'blob':
        this.#addBlob(state.blobs, change.id, change.location)
        return
      case 'manifest':
        this.retain(change.location)
        this.#manifest = change.location
        return
      case 'snapshot':
        this.#snapshot(state, change)
        return
      case 'stage':
        this.#stage(state, change)
        return
      case 'staged-entry':
        if (state.staged !== null) this.#addRow(state.staged.log, change)
        return
      case 'staged-blob':
        if (state.staged !== null) this.#addBlob(state.staged.blobs, change.id, change.location)
        return
      case 'install':
        this.#install(state, change)
        return
      default:
        unreachable(change)
    }
  }

  #addRow(
    log: LogIndex,
    change: { readonly index: number; readonly term: number; readonly location: Location }
  ): void {
    this.retain(change.location)
    log.set({ index: change.index, term: change.term, ...change.location }, this.release)
  }

  #addBlob(blobs: Map<number, Location>, id: number, location: Location): void {
    this.retain(location)
    const known = blobs.get(id)
    if (known !== undefined) this.release(known.sequence)
    blobs.set(id, location)
  }

  #keepBlobs(blobs: Map<number, Location>, ids: readonly number[]): void {
    const wanted = new Set(ids)
    for (const [id, location] of blobs) {
      if (wanted.has(id)) continue
      blobs.delete(id)
      this.release(location.sequence)
    }
  }

  #setSnapshot(state: GroupState, id: EntryId, configuration: Configuration): void {
    if (state.snapshot !== null) this.release(state.snapshot.manifest.sequence)
    if (this.#manifest !== null) {
      state.snapshot = { id, configuration, manifest: this.#manifest }
      this.#manifest = null
    }
  }

  #snapshot(state: GroupState, change: Extract<Change, { type: 'snapshot' }>): void {
    this.#setSnapshot(state, change.id, change.configuration)
    this.#keepBlobs(state.blobs, change.blobs)
    for (const range of change.freed) state.log.markFreed(range.first, range.last)
    state.keepFrom = change.keepFrom
    const end = Math.min(change.keepFrom, change.id.index + 1)
    state.log.dropFreedBelow(end, this.release)
    const { staged } = state
    if (staged === null || staged.snapshot.index > change.id.index) return
    this.#dropStaged(staged)
    state.staged = null
  }

  /** A body that was fetched again takes the place of the same one, damaged or not (rule S8). */
  #repair(change: Extract<Change, { type: 'repaired-entry' }>): void {
    const { group, index, term, location } = change
    const log = this.groups.get(group)?.log
    const row = log?.get(index) ?? null
    if (log === undefined || row === null) return
    const { checksum, length } = location
    if (row.term !== term || row.checksum !== checksum || row.length !== length) return
    const isFreed = log.isFreed(index)
    this.retain(location)
    log.set({ index, term, ...location }, this.release)
    if (isFreed) log.markFreed(index, index)
  }

  /** Blobs of another offer are void; entries are the same in all. */
  #stage(state: GroupState, { source, snapshot }: OfferedSnapshot): void {
    const { staged } = state
    if (staged !== null && isSameOffer(staged, { source, snapshot })) return
    if (staged !== null) this.#keepBlobs(staged.blobs, [])
    const log = staged?.log ?? this.newLog()
    state.staged = { source, snapshot, blobs: new Map(), log }
  }

  #dropStaged(staged: StagedState): void {
    this.#keepBlobs(staged.blobs, [])
    staged.log.dropFrom(0, this.release)
  }

  /** Raft §7: the staged snapshot replaces log and snapshot; the log is empty behind it. */
  #install(state: GroupState, change: Extract<Change, { type: 'install' }>): void {
    const { staged } = state
    const log = this.newLog()
    for (const range of change.retained) {
      for (const source of [state.log, staged?.log]) {
        source?.forEach(range.first, range.last, (segment, at) => {
          const row = segment.read(at)
          this.table.retain(row.sequence)
          log.set(row, this.release)
        })
      }
    }
    const blobs = new Map<number, Location>()
    for (const id of change.blobs) {
      const location = staged?.blobs.get(id)
      if (location === undefined) continue
      this.table.retain(location.sequence)
      blobs.set(id, location)
    }
    state.log.dropFrom(0, this.release)
    this.#keepBlobs(state.blobs, [])
    if (staged !== null) this.#dropStaged(staged)
    this.#setSnapshot(state, change.id, change.configuration)
    state.log = log
    state.blobs = blobs
    state.staged = null
    state.hardState = change.hardState
    state.lastIndex = change.id.index
    state.keepFrom = 0
  }

  #remove(group: GroupId): void {
    const state = this.groups.get(group)
    if (state === undefined) return
    state.log.dropFrom(0, this.release)
    this.#keepBlobs(state.blobs, [])
    if (state.staged !== null) this.#dropStaged(state.staged)
    if (state.snapshot !== null) this.release(state.snapshot.manifest.sequence)
    this.groups.delete(group)
  }
}
