// What goes into the next write. All groups of a node share one commit record a round, one synced
// write at a time; while it syncs, the next record fills (natural batching, no timer). Whoever must
// not speak before something is durable asks for the id of the record that will hold it.
import { assert } from '@holdfast/errors'
import type { Entry, HardState, Ready } from '@holdfast/raft'
import type { Core } from '../core.ts'
import type {
  Blob,
  CommitRecord,
  GroupId,
  GroupWrite,
  InstallWrite,
  NodeIdentity,
  RepairWrite,
  SnapshotWrite,
  StageWrite
} from '../log-store.ts'

/** What the frames around the parts of a record take, at most (storage-format.md). */
const frameBytes = { record: 64, group: 96, item: 40 } as const

class Draft {
  readonly id: number
  readonly groups: Map<GroupId, GroupDraft> = new Map()
  readonly blobs: Map<GroupId, Blob[]> = new Map()
  readonly snapshots: SnapshotWrite[] = []
  readonly stages: StageWrite[] = []
  readonly installs: InstallWrite[] = []
  readonly repairs: RepairWrite[] = []
  readonly removedGroups: GroupId[] = []
  identity: NodeIdentity | null = null
  peers: Uint8Array | null = null
  bytes: number = frameBytes.record
  /** Whether somebody waits for it; a commit index alone can wait for company. */
  isNeeded = false

  constructor(id: number) {
    this.id = id
  }

  group(group: GroupId): GroupDraft {
    let draft = this.groups.get(group)
    if (draft === undefined) {
      draft = { hardState: null, truncateFrom: null, entries: [] }
      this.groups.set(group, draft)
    }
    return draft
  }

  blob(group: GroupId, blob: Blob): void {
    const known = this.blobs.get(group)
    if (known === undefined) this.blobs.set(group, [blob])
    else known.push(blob)
  }

  seal(): CommitRecord {
    const groups: GroupWrite[] = []
    for (const [group, draft] of this.groups) groups.push({ group, ...draft })
    const blobs = [...this.blobs].map(([group, items]) => ({ group, blobs: items }))
    const { id, snapshots, stages, installs, repairs, removedGroups, identity, peers } = this
    const parts = { groups, blobs, snapshots, stages, installs, repairs, removedGroups }
    return { id, ...parts, identity, peers }
  }
}

function sizeOfBlobs(blobs: readonly Blob[]): number {
  return blobs.reduce((sum, { bytes }) => sum + bytes.length + frameBytes.item, 0)
}

function sizeOfEntries(entries: readonly Entry[]): number {
  return entries.reduce((sum, { data }) => sum + data.length + frameBytes.item, 0)
}

/** The commit index of a part of a write covers only what is there with this part, or a floor. */
function upTo(hardState: HardState, lastIndex: number, floor: number): HardState {
  return { ...hardState, commit: Math.max(Math.min(hardState.commit, lastIndex), floor) }
}

interface GroupDraft {
  hardState: HardState | null
  truncateFrom: number | null
  entries: Entry[]
}

export class GroupCommit {
  readonly #core: Core
  readonly #drafts: Draft[] = []
  readonly #waiting: { readonly id: number; readonly done: () => void }[] = []
  #inFlight: number | null = null
  /** When that write began, by the monotonic clock. */
  #startedMs = 0
  #lastId: number
  #durableId: number

  constructor(core: Core, lastRecord: number) {
    this.#core = core
    this.#lastId = lastRecord
    this.#durableId = lastRecord
  }

  get isWriting(): boolean {
    return this.#inFlight !== null
  }

  /** How long the write has taken that is under way; 0 if none is. */
  get writingForMs(): number {
    return this.#inFlight === null ? 0 : this.#core.clock.nowMs - this.#startedMs
  }

  /** Id of the newest record that holds something needed and is not durable; null if all is. */
  get barrier(): number | null {
    for (let i = this.#drafts.length - 1; i >= 0; i--) {
      const draft = this.#drafts[i]
      if (draft?.isNeeded) return draft.id
    }
    return this.#inFlight
  }

  /**
   * Adds what a group persists; returns the id of the record that completes it. More entries than
   * one record holds go into several (storage rule S1): term and vote with the first of them, so
   * that no entry is there before its term, and the commit index never beyond what is there.
   */
  addGroup(
    group: GroupId,
    write: Pick<Ready, 'hardState' | 'commitFloor' | 'truncateFrom' | 'entries'>,
    isNeeded: boolean
  ): number {
    const { hardState, commitFloor, truncateFrom, entries } = write
    const [first] = entries
    const firstBytes = first === undefined ? 0 : sizeOfEntries([first])
    let record = this.#draft(frameBytes.group + firstBytes, isNeeded)
    let draft = record.group(group)
    if (hardState !== null) draft.hardState = hardState
    if (truncateFrom !== null) {
      draft.entries = draft.entries.filter((entry) => entry.index < truncateFrom)
      draft.truncateFrom = Math.min(draft.truncateFrom ?? truncateFrom, truncateFrom)
    }
    for (const entry of entries) {
      const next = entry === first ? record : this.#draft(sizeOfEntries([entry]), isNeeded)
      if (next !== record) {
        next.bytes += frameBytes.group
        if (hardState !== null) {
          draft.hardState = upTo(draft.hardState ?? hardState, entry.index - 1, commitFloor)
        }
        record = next
        draft = record.group(group)
        if (hardState !== null) draft.hardState = hardState
      }
      draft.entries.push(entry)
    }
    return record.id
  }

  /** Blobs that do not fit beside the snapshot go into records before it. */
  addSnapshot(write: SnapshotWrite): number {
    const { group, meta, newBlobs, blobs, freed } = write
    const ranges = 16 * freed.length + 8 * blobs.length
    const ownBytes = meta.manifest.length + ranges + 2 * frameBytes.group
    const allBytes = ownBytes + sizeOfBlobs(newBlobs)
    const isWhole = allBytes <= this.#core.tuning.recordBytesMax - frameBytes.record
    if (!isWhole)
      for (const blob of newBlobs) this.#draft(sizeOfBlobs([blob]), true).blob(group, blob)
    const record = this.#draft(isWhole ? allBytes : ownBytes, true)
    record.snapshots.push(isWhole ? write : { ...write, newBlobs: [] })
    return record.id
  }

  addStage(write: StageWrite): number {
    const bytes = frameBytes.group + sizeOfBlobs(write.blobs) + sizeOfEntries(write.entries)
    if (bytes > this.#core.tuning.recordBytesMax - frameBytes.record) {
      const parts = [
        ...write.blobs.map((blob) => ({ ...write, blobs: [blob], entries: [] })),
        ...write.entries.map((entry) => ({ ...write, blobs: [], entries: [entry] }))
      ]
      // One part alone is as small as it gets.
      if (parts.length > 1) return Math.max(...parts.map((part) => this.addStage(part)))
    }
    const record = this.#draft(bytes, true)
    record.stages.push(write)
    return record.id
  }

  addInstall(write: InstallWrite): number {
    // A record of its own: nothing of this group that was drafted before may come after it.
    const record = this.#alone()
    record.installs.push(write)
    return record.id
  }

  addRepair(write: RepairWrite): void {
    this.#draft(sizeOfEntries(write.entries), true).repairs.push(write)
  }

  /** What is left of a group: nothing but the promises of its replica, in the same record. */
  addRemovedGroup(group: GroupId, hardState: HardState): number {
    // A record of its own: nothing of this group that was drafted before may come after it.
    const record = this.#alone()
    record.removedGroups.push(group)
    record.group(group).hardState = hardState
    return record.id
  }

  /**
   * The first record of this process, whatever else it holds. No other process of this replica has
   * had its id: it is above all that the directory knows, and, since that may be an earlier copy of
   * itself, not below the time in microseconds. Clocks may be wrong: some of it is chance (ADR
   * 0008).
   */
  addStart(): number {
    assert(this.#drafts.length === 0, 'a process begins with its first record')
    const { startedMs, processEpoch } = this.#core.options
    this.#lastId = Math.max(this.#lastId, 1000 * startedMs) + (processEpoch % 1000)
    return this.#draft(0, true).id
  }

  addIdentity(identity: NodeIdentity): number {
    const record = this.#draft(frameBytes.group, true)
    record.identity = identity
    return record.id
  }

  addPeers(peers: Uint8Array): void {
    this.#draft(peers.length + frameBytes.item, false).peers = peers
  }

  /** Calls `done` once the record is durable; at once if it is. */
  whenDurable(id: number | null, done: () => void): void {
    if (id === null || id <= this.#durableId) done()
    else this.#waiting.push({ id, done })
  }

  written(id: number): void {
    assert(id === this.#inFlight, 'records become durable one at a time, in order')
    this.#core.counters.noteWrite(this.writingForMs)
    this.#inFlight = null
    this.#durableId = id
    const ready = this.#waiting.filter((waiter) => waiter.id <= id)
    if (ready.length === 0) return
    const rest = this.#waiting.filter((waiter) => waiter.id > id)
    this.#waiting.splice(0, this.#waiting.length, ...rest)
    for (const waiter of ready) waiter.done()
  }

  /** Starts the next write if none is in flight and somebody waits for one. */
  flush(): void {
    if (this.#inFlight !== null || !this.#drafts.some((draft) => draft.isNeeded)) return
    const draft = this.#drafts.shift()
    if (draft === undefined) return
    this.#inFlight = draft.id
    this.#startedMs = this.#core.clock.nowMs
    this.#core.counters.commitRecords++
    this.#core.counters.commitBytes += draft.bytes
    this.#core.outputs.push({ type: 'write', record: draft.seal() })
  }

  #draft(bytes: number, isNeeded: boolean): Draft {
    const last = this.#drafts.at(-1)
    const isEmpty = last?.bytes === frameBytes.record
    const isFull =
      !isEmpty && last !== undefined && last.bytes + bytes > this.#core.tuning.recordBytesMax
    const draft = last === undefined || isFull ? this.#fresh() : last
    draft.bytes += bytes
    if (isNeeded) for (const earlier of this.#drafts) earlier.isNeeded = true
    return draft
  }

  #alone(): Draft {
    const record = this.#fresh()
    for (const draft of this.#drafts) draft.isNeeded = true
    this.#fresh()
    return record
  }

  #fresh(): Draft {
    this.#lastId++
    const draft = new Draft(this.#lastId)
    this.#drafts.push(draft)
    return draft
  }
}
