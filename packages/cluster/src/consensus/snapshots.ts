// Snapshots of this node's replicas: when they are taken, and what the log may forget afterwards. A
// snapshot holds the machine's state and indexes, never bodies; entries behind it stay while a
// message in them lives (architecture: the log is the message store).
import type { LoadRequest, ReplicaId, SnapshotMeta } from '@holdfast/raft'
import { tellRestored, tellSnapshotTaken } from '../audit-calls.ts'
import type { Core } from '../core.ts'
import { log } from '../core.ts'
import { times } from '../limits.ts'
import type { Blob, GroupId, IndexRange } from '../log-store.ts'
import type { AnyGroup } from './groups.ts'
import { SnapshotFetch } from './snapshot-fetch.ts'

/** What a machine gives for a snapshot; see the broker package. */
export interface MachineSnapshot {
  readonly manifest: Uint8Array
  readonly newBlobs: readonly Blob[]
  readonly blobs: readonly number[]
  readonly freed: readonly IndexRange[]
}

/** A replica's own last snapshot, as others may fetch it. */
interface Taken {
  readonly meta: SnapshotMeta
  readonly blobs: readonly number[]
}

/** A point in the log to which freed entries may be forgotten, and the payload behind it. */
interface KeepPoint {
  readonly index: number
  readonly bytes: number
}

interface GroupSnapshots {
  taken: Taken | null
  keepPoints: KeepPoint[]
  appliedBytesTotal: number
  /** A follower fetches the snapshot: no other is taken until this time of the monotonic clock. */
  pinnedUntilMs: number
  fetch: SnapshotFetch | null
  isTaking: boolean
  /**
   * Another's snapshot is about to replace log and machine: none of the old machine may follow it.
   */
  isInstalling: boolean
  /** What was applied when last looked at, and since when it is that. */
  seenIndex: number
  /** This replica has used ids of blobs up to here. */
  lastBlob: number
  seenSinceMs: number
  /** Blobs of the last snapshot whose bytes cannot be read here any more. */
  readonly lostBlobs: Set<number>
  /** Entries that it retains are dead by now, and nobody has them any more. */
  isOutdated: boolean
  /** Log index at which the group was last made to grow, for another snapshot. */
  nudgedIndex: number
}

export class Snapshots {
  readonly #core: Core
  readonly #groups = new Map<GroupId, GroupSnapshots>()
  #isToLook = false

  constructor(core: Core) {
    this.#core = core
  }

  /** A replica was recovered with this snapshot, or has installed it. */
  restored(group: GroupId, meta: SnapshotMeta, blobs: readonly number[]): void {
    const state = this.#state(group)
    tellRestored(this.#core, group)
    state.taken = { meta, blobs }
    state.isInstalling = false
    state.lastBlob = Math.max(state.lastBlob, blobs.at(-1) ?? 0)
    state.keepPoints = [{ index: meta.id.index + 1, bytes: state.appliedBytesTotal }]
  }

  /** Ids of blobs are never reused by a replica, those of a snapshot it replaced included. */
  firstFreeBlob(group: GroupId): number {
    return this.#state(group).lastBlob + 1
  }

  /** An install is handed to the store. */
  installing(group: GroupId): void {
    this.#state(group).isInstalling = true
  }

  forget(group: GroupId): void {
    this.#groups.get(group)?.fetch?.abandon()
    this.#groups.delete(group)
  }

  /** The snapshot a follower may fetch; pins it for a while. */
  pin(group: GroupId): Taken | null {
    const state = this.#state(group)
    state.pinnedUntilMs = this.#core.clock.nowMs + 15_000
    return state.taken
  }

  /**
   * Blobs of the snapshot turned out to be damaged. The machine still has what is in them: another
   * snapshot writes it anew, and followers are offered that one.
   */
  blobsLost(group: GroupId, ids: readonly number[]): void {
    const state = this.#state(group)
    for (const id of ids) if (state.taken?.blobs.includes(id)) state.lostBlobs.add(id)
    log(this.#core, 'error', 'parts of a snapshot are damaged: it is taken anew', { group })
  }

  /**
   * A follower cannot have some of these entries, which the snapshot retains, from anybody. Where
   * they are dead by now and others have freed them, another snapshot does without them.
   */
  entriesLost(group: GroupId, indexes: readonly number[]): void {
    const live = this.#core.groups.shardHost(group)?.machine.retainedEntries() ?? []
    const isLive = (index: number): boolean =>
      live.some(({ first, last }) => first <= index && index <= last)
    if (!indexes.every(isLive)) this.#state(group).isOutdated = true
  }

  /** Whether a snapshot is to replace one that nobody can fetch. Two never stand at one index. */
  #isToReplace(group: AnyGroup, state: GroupSnapshots): boolean {
    if (state.lostBlobs.size === 0 && !state.isOutdated) return false
    const { appliedIndex } = group.raft
    if (appliedIndex > (state.taken?.meta.id.index ?? 0)) return true
    if (state.nudgedIndex !== appliedIndex) {
      state.nudgedIndex = appliedIndex
      group.nudge()
    }
    return false
  }

  /** A group has done something: a snapshot of it may be due at the end of this step. */
  lookAgain(): void {
    this.#isToLook = true
  }

  flush(): void {
    if (!this.#isToLook) return
    this.#isToLook = false
    this.#takeWhereDue()
  }

  /**
   * Takes a snapshot of each group that has grown enough, or of a shard that has come to rest: only
   * a snapshot lets the disk forget what was settled since the last one. At most one a step, for
   * even latency.
   */
  #takeWhereDue(): void {
    const { tuning } = this.#core
    for (const group of this.#core.groups.all()) {
      const state = this.#state(group.id)
      const { raft } = group
      const since = raft.appliedIndex - (state.taken?.meta.id.index ?? 0)
      const isLarge = group.appliedBytes >= tuning.snapshotBytes || since >= tuning.snapshotEntries
      const isAtRest = !isLarge && this.#isAtRest(group, state)
      const isToReplace = this.#isToReplace(group, state)
      const isPinned = state.pinnedUntilMs > this.#core.clock.nowMs && !isToReplace
      const isBusy = state.isTaking || state.isInstalling || state.fetch !== null
      if (!(isLarge || isAtRest || isToReplace) || isPinned || isBusy) continue
      if (group.haltedReason !== null) continue
      this.#take(group, state, isAtRest)
      // Others may be due as well.
      this.#isToLook = true
      return
    }
  }

  /** Metadata has no bodies to free, and its snapshots are whole: growth alone decides there. */
  #isAtRest({ id, raft, appliedBytes }: AnyGroup, state: GroupSnapshots): boolean {
    const { nowMs } = this.#core.clock
    if (state.seenIndex !== raft.appliedIndex) {
      state.seenIndex = raft.appliedIndex
      state.seenSinceMs = nowMs
    }
    return id !== 0 && appliedBytes > 0 && nowMs - state.seenSinceMs >= times.snapshotRestMs
  }

  #take(group: AnyGroup, state: GroupSnapshots, isAtRest: boolean): void {
    const { raft } = group
    const index = raft.appliedIndex
    const term = raft.termAt(index)
    if (term === null || index === 0) return
    const configuration = group.raft.configurationAt(index)
    const machine: MachineSnapshot = this.#core.groups.snapshotMachine(group.id, state.lostBlobs)
    tellSnapshotTaken(this.#core, group.id)
    const meta: SnapshotMeta = { id: { index, term }, configuration, manifest: machine.manifest }
    state.appliedBytesTotal += group.appliedBytes
    group.appliedBytes = 0
    state.keepPoints.push({ index: index + 1, bytes: state.appliedBytesTotal })
    const keepFrom = this.#keepFrom(group, state, isAtRest ? 1 : 2)
    state.lostBlobs.clear()
    state.isOutdated = false
    const { newBlobs, blobs, freed } = machine
    state.isTaking = true
    state.lastBlob = Math.max(state.lastBlob, blobs.at(-1) ?? 0)
    this.#core.counters.snapshotsTaken++
    const record = this.#core.commit.addSnapshot({
      group: group.id,
      meta,
      newBlobs,
      blobs,
      freed,
      keepFrom
    })
    this.#core.commit.whenDurable(record, () => {
      state.isTaking = false
      state.taken = { meta, blobs }
      raft.snapshotTaken(meta)
      raft.compact(keepFrom)
    })
  }

  /**
   * Freed entries stay for members that lack them, within bounds; under load at least since the
   * snapshot before, for those that lag by a little.
   */
  #keepFrom(group: AnyGroup, state: GroupSnapshots, pointsMin: number): number {
    let needed = Number.MAX_SAFE_INTEGER
    for (const progress of group.raft.progress()) needed = Math.min(needed, progress.match + 1)
    const points = state.keepPoints
    while (points.length > pointsMin) {
      const [oldest, next] = points
      if (oldest === undefined || next === undefined) break
      const isTooMuch = state.appliedBytesTotal - oldest.bytes > this.#core.tuning.keepBytesMax
      if (next.index > needed && !isTooMuch) break
      points.shift()
    }
    return points[0]?.index ?? 1
  }

  /** A follower needs entries that are no longer in memory. */
  load(groupId: GroupId, request: LoadRequest): void {
    const { replica, firstIndex, lastIndex, bytesMax } = request
    const range = { first: firstIndex, last: lastIndex }
    this.#core.reads.entries(groupId, range, bytesMax, (results) => {
      const group = this.#core.groups.get(groupId)
      if (group === undefined) return
      const entries = []
      for (const result of results) {
        if (result.type !== 'entry') break
        entries.push(result.entry)
      }
      if (entries.length > 0) group.raft.supply(replica, entries)
      else this.#loadElsewhere(groupId, replica, firstIndex)
    })
  }

  /** This node's store does not have the entry intact; another replica may. */
  #loadElsewhere(groupId: GroupId, replica: ReplicaId, index: number): void {
    this.#core.repair.fetch(groupId, index, (entry) => {
      const raft = this.#core.groups.get(groupId)?.raft
      if (entry === null) raft?.loadFailed(replica)
      else raft?.supply(replica, [entry])
    })
  }

  /** A leader offers its snapshot because its log does not reach back far enough. */
  offered(group: GroupId, from: ReplicaId, meta: SnapshotMeta): void {
    const state = this.#state(group)
    if (state.fetch?.isFrom(from, meta.id)) return
    state.fetch?.abandon()
    const fetch = new SnapshotFetch(this.#core, group, from, meta, () => {
      if (state.fetch === fetch) state.fetch = null
    })
    state.fetch = fetch
    fetch.start()
  }

  tick(): void {
    this.#isToLook = true
    for (const [, state] of this.#groups) state.fetch?.tick()
  }

  #state(group: GroupId): GroupSnapshots {
    let state = this.#groups.get(group)
    if (state === undefined) {
      state = {
        taken: null,
        keepPoints: [{ index: 1, bytes: 0 }],
        appliedBytesTotal: 0,
        pinnedUntilMs: 0,
        fetch: null,
        isTaking: false,
        isInstalling: false,
        seenIndex: 0,
        lastBlob: 0,
        seenSinceMs: 0,
        lostBlobs: new Set(),
        isOutdated: false,
        nudgedIndex: 0
      }
      this.#groups.set(group, state)
    }
    return state
  }
}
