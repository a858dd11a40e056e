// What goes into the next write. All groups of a node share one commit record a round, one synced
// write at a time; while it syncs, the next record fills (natural batching, no timer). Whoever must
// not speak before something is durable asks for the id of the record that will hold it.
import { assert } from '@holdfast/errors'
import type { Entry, HardState } from '@holdfast/raft'
import type { Core } from '../core.ts'
import { limits } from '../limits.ts'
import type {
  CommitRecord,
  GroupId,
  GroupWrite,
  InstallWrite,
  NodeIdentity,
  RepairWrite,
  SnapshotWrite,
  StageWrite
} from '../log-store.ts'

class Draft {
  readonly id: number
  readonly groups: Map<GroupId, GroupDraft> = new Map()
  readonly snapshots: SnapshotWrite[] = []
  readonly stages: StageWrite[] = []
  readonly installs: InstallWrite[] = []
  readonly repairs: RepairWrite[] = []
  readonly removedGroups: GroupId[] = []
  identity: NodeIdentity | null = null
  peers: Uint8Array | null = null
  bytes = 0
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

  seal(): CommitRecord {
    const groups: GroupWrite[] = []
    for (const [group, draft] of this.groups) groups.push({ group, ...draft })
    const { id, snapshots, stages, installs, repairs, removedGroups, identity, peers } = this
    return { id, groups, snapshots, stages, installs, repairs, removedGroups, identity, peers }
  }
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

  /** Id of the newest record that holds something needed and is not durable; null if all is. */
  get barrier(): number | null {
    for (let i = this.#drafts.length - 1; i >= 0; i--) {
      const draft = this.#drafts[i]
      if (draft?.isNeeded) return draft.id
    }
    return this.#inFlight
  }

  /** Adds what a group persists; returns the id of the record it goes into. */
  addGroup(
    group: GroupId,
    write: { hardState: HardState | null; truncateFrom: number | null; entries: readonly Entry[] },
    isNeeded: boolean
  ): number {
    let bytes = 64
    for (const entry of write.entries) bytes += entry.data.length + 32
    const record = this.#draft(bytes, isNeeded)
    const draft = record.group(group)
    if (write.hardState !== null) draft.hardState = write.hardState
    if (write.truncateFrom !== null) {
      const from = write.truncateFrom
      draft.entries = draft.entries.filter((entry) => entry.index < from)
      draft.truncateFrom = Math.min(draft.truncateFrom ?? from, from)
    }
    for (const entry of write.entries) draft.entries.push(entry)
    return record.id
  }

  addSnapshot(write: SnapshotWrite): number {
    let bytes = write.meta.manifest.length
    for (const blob of write.newBlobs) bytes += blob.bytes.length
    const record = this.#draft(bytes, true)
    record.snapshots.push(write)
    return record.id
  }

  addStage(write: StageWrite): number {
    let bytes = 64
    for (const blob of write.blobs) bytes += blob.bytes.length
    for (const entry of write.entries) bytes += entry.data.length
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
    let bytes = 64
    for (const entry of write.entries) bytes += entry.data.length
    this.#draft(bytes, true).repairs.push(write)
  }

  addRemovedGroup(group: GroupId): number {
    const record = this.#alone()
    record.removedGroups.push(group)
    return record.id
  }

  /** A record of this process, whatever else it holds. */
  addStart(): number {
    return this.#draft(0, true).id
  }

  addIdentity(identity: NodeIdentity): number {
    const record = this.#draft(64, true)
    record.identity = identity
    return record.id
  }

  addPeers(peers: Uint8Array): void {
    this.#draft(peers.length, false).peers = peers
  }

  /** Calls `done` once the record is durable; at once if it is. */
  whenDurable(id: number | null, done: () => void): void {
    if (id === null || id <= this.#durableId) done()
    else this.#waiting.push({ id, done })
  }

  written(id: number): void {
    assert(id === this.#inFlight, 'records become durable one at a time, in order')
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
    this.#core.counters.commitRecords++
    this.#core.counters.commitBytes += draft.bytes
    this.#core.outputs.push({ type: 'write', record: draft.seal() })
  }

  #draft(bytes: number, isNeeded: boolean): Draft {
    const last = this.#drafts.at(-1)
    const isFull =
      last !== undefined && last.bytes > 0 && last.bytes + bytes > limits.recordBytesMax
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
