// Makes random commit records that fit the state of a store, as seen through the reference model's
// disk.
import type {
  Blob,
  BlobWrite,
  CommitRecord,
  GroupWrite,
  IndexRange,
  InstallWrite,
  RepairWrite,
  SnapshotWrite,
  StageWrite
} from '@holdfast/cluster'
import { commitRecord, entryAt, type MemoryDisk } from '@holdfast/cluster/contract'
import type { Random } from '@holdfast/testkit'

const groupsMax = 4
const configuration = { voters: [1, 2, 3], outgoing: [], learners: [] }

export class RecordGenerator {
  readonly #random: Random
  readonly #disk: MemoryDisk
  #nextBlob = 1
  #term = 1

  constructor(random: Random, disk: MemoryDisk) {
    this.#random = random
    this.#disk = disk
  }

  next(): CommitRecord {
    const groups: GroupWrite[] = []
    const blobs: BlobWrite[] = []
    const snapshots: SnapshotWrite[] = []
    const stages: StageWrite[] = []
    const installs: InstallWrite[] = []
    const repairs: RepairWrite[] = []
    const removedGroups: number[] = []
    for (let group = 0; group < groupsMax; group += 1) {
      const kind = this.#random.fraction()
      if (kind < 0.6) groups.push(this.#group(group))
      else if (kind < 0.75) this.#snapshot(group, snapshots, blobs)
      else if (kind < 0.82) stages.push(this.#stage(group))
      else if (kind < 0.86) this.#install(group, installs)
      else if (kind < 0.865) removedGroups.push(group)
      else if (kind < 0.88) blobs.push({ group, blobs: [this.#blob()] })
      if (this.#random.chance(0.1)) repairs.push(this.#repair(group))
    }
    const identity = { clusterId: 'ab'.repeat(16), node: 1, incarnation: 1 }
    return commitRecord(this.#disk.lastRecord + 1, {
      groups,
      blobs,
      snapshots,
      stages,
      installs,
      repairs,
      removedGroups,
      identity: this.#random.chance(0.05) ? identity : null,
      peers: this.#random.chance(0.05) ? Buffer.from(`peers ${this.#nextBlob}`) : null
    })
  }

  #size(): number {
    return this.#random.chance(0.004) ? 60_000 : this.#random.integer(0, 300)
  }

  #group(group: number): GroupWrite {
    const state = this.#disk.groups.get(group)
    const snapshotIndex = state?.meta?.id.index ?? 0
    let last = state?.lastIndex ?? 0
    let truncateFrom: number | null = null
    if (last > snapshotIndex && this.#random.chance(0.15)) {
      truncateFrom = this.#random.integer(snapshotIndex + 1, last)
      last = truncateFrom - 1
      this.#term += 1
    }
    const entries = []
    // More than a segment of the index has, and then small ones.
    const isMany = this.#random.chance(0.01)
    const count = isMany ? 700 : this.#random.integer(0, 12)
    for (let at = 0; at < count; at += 1) {
      last += 1
      const size = isMany ? at % 20 : this.#size()
      entries.push(entryAt(last, this.#term, size, at % 7 === 6 ? 'no-op' : 'command'))
    }
    const term = Math.max(this.#term, state?.hardState.term ?? 0)
    const vote = this.#random.chance(0.5) ? 2 ** 20 + 1 : null
    const hardState = this.#random.chance(0.5) ? { term, vote, commit: last } : null
    return { group, hardState, truncateFrom, entries }
  }

  #ranges(last: number): readonly IndexRange[] {
    const ranges: IndexRange[] = []
    for (let count = this.#random.integer(0, 3); count > 0 && last > 0; count -= 1) {
      const first = this.#random.integer(1, last)
      ranges.push({ first, last: Math.min(last, first + this.#random.integer(0, 400)) })
    }
    return ranges
  }

  #blob(): Blob {
    const id = this.#nextBlob
    this.#nextBlob += 1
    return { id, bytes: Buffer.from(`blob ${id}`) }
  }

  #snapshot(group: number, snapshots: SnapshotWrite[], ahead: BlobWrite[]): void {
    const state = this.#disk.groups.get(group)
    if (state === undefined) return
    const index = this.#random.integer(state.meta?.id.index ?? 0, state.lastIndex)
    const fresh = this.#blob()
    const isAhead = this.#random.chance(0.3)
    if (isAhead) ahead.push({ group, blobs: [fresh] })
    const kept = [...state.blobs.keys()].filter(() => this.#random.chance(0.7))
    snapshots.push({
      group,
      meta: { id: { index, term: this.#term }, configuration, manifest: Buffer.from(`m${index}`) },
      newBlobs: isAhead ? [] : [fresh],
      blobs: [...kept, fresh.id].sort((a, b) => a - b),
      freed: this.#ranges(state.lastIndex),
      keepFrom: this.#random.integer(0, state.lastIndex + 1)
    })
  }

  #stage(group: number): StageWrite {
    const known = this.#disk.groups.get(group)
    const isMore = known?.staged !== null && known !== undefined && this.#random.chance(0.7)
    const index = (known?.lastIndex ?? 0) + this.#random.integer(0, 50)
    const snapshot =
      isMore && known.staged !== null ? known.staged.snapshot : { index, term: this.#term }
    const blobs = [{ id: this.#nextBlob, bytes: Buffer.from(`staged ${this.#nextBlob}`) }]
    this.#nextBlob += 1
    const entries = []
    for (let at = this.#random.integer(0, 5); at > 0 && snapshot.index > 0; at -= 1) {
      entries.push(entryAt(this.#random.integer(1, snapshot.index), this.#term, this.#size()))
    }
    const { source } = isMore && known.staged !== null ? known.staged : { source: 2 ** 20 + group }
    return { group, source, snapshot, blobs, entries }
  }

  /** Of an entry that is there, or of one that was replaced meanwhile. */
  #repair(group: number): RepairWrite {
    const known = [...(this.#disk.groups.get(group)?.entries.values() ?? [])]
    const found = known[this.#random.integer(0, Math.max(0, known.length - 1))]
    if (found === undefined) return { group, entries: [entryAt(1, this.#term)] }
    const { index, type, data } = found
    const term = this.#random.chance(0.8) ? found.term : found.term + 1
    return { group, entries: [{ index, term, type, data }] }
  }

  #install(group: number, installs: InstallWrite[]): void {
    const state = this.#disk.groups.get(group)
    if (state === undefined || state.staged === null) return
    const { snapshot, blobs, entries } = state.staged
    const present = [...entries.keys(), ...state.entries.keys()]
      .filter((index) => index <= snapshot.index && this.#random.chance(0.6))
      .sort((a, b) => a - b)
    const unique = [...new Set(present)]
    installs.push({
      group,
      meta: { id: snapshot, configuration, manifest: Buffer.from('installed') },
      hardState: { term: this.#term, vote: null, commit: snapshot.index },
      blobs: [...blobs.keys()].sort((a, b) => a - b),
      retained: unique.map((index) => ({ first: index, last: index }))
    })
  }
}
