// A disk that loses what is on it, bit by bit or whole, seen through the port to the node log: what
// LevelDB returns then (ghosts, stale rows, holes, other bytes) the store turns into 'damaged',
// 'absent', or a directory that is set aside when the process starts (storage rules S4 to S8).
import type { CommitRecord, GroupId, IndexRange, ReadResult, Recovered } from '@holdfast/cluster'
import { MemoryDisk } from '@holdfast/cluster/contract'

const damaged: ReadResult = { type: 'damaged' }

export class FaultyDisk extends MemoryDisk {
  /** Entries that are damaged, by group, each as the object that is: another one is sound. */
  readonly #entries = new Map<GroupId, Map<number, object>>()
  readonly #blobs = new Map<GroupId, Map<number, object>>()
  /** Found at the next start: the directory is set aside. */
  #hasHole = false

  get isSound(): boolean {
    if (this.#hasHole) return false
    for (const group of this.#entries.keys()) if (this.#damagedEntries(group).size > 0) return false
    return ![...this.#blobs.keys()].some((group) => this.#damagedBlobs(group).size > 0)
  }

  /** Whether the store would refuse to start from this: it would need what is damaged. */
  get mustBeSetAside(): boolean {
    if (this.#hasHole) return true
    for (const [group, state] of this.groups) {
      const applied = state.meta?.id.index ?? 0
      for (const index of this.#damagedEntries(group)) if (index > applied) return true
      if (this.#damagedBlobs(group).size > 0) return true
    }
    return false
  }

  makeHole(): void {
    this.#hasHole = true
  }

  /** Damages stored entries of a group; gives how many there were. */
  rotEntries(group: GroupId, isChosen: (index: number) => boolean): number {
    const rotten = this.#entries.get(group) ?? new Map<number, object>()
    this.#entries.set(group, rotten)
    let count = 0
    for (const [index, entry] of this.groups.get(group)?.entries ?? []) {
      if (!isChosen(index)) continue
      rotten.set(index, entry)
      count += 1
    }
    return count
  }

  /** Damages one blob of a group's own snapshot; false if there is none. */
  rotBlob(group: GroupId, draw: number): boolean {
    const blobs = [...(this.groups.get(group)?.blobs.values() ?? [])]
    const blob = blobs[Math.floor(draw * blobs.length)]
    if (blob === undefined) return false
    const rotten = this.#blobs.get(group) ?? new Map<number, object>()
    this.#blobs.set(group, rotten)
    rotten.set(blob.id, blob)
    return true
  }

  override apply(record: CommitRecord): void {
    const kept = record.installs.map(({ group }) => [group, this.#damagedEntries(group)] as const)
    super.apply(record)
    // An install keeps entries of the log that it replaces, as they are: at worst all of them.
    for (const [group, indexes] of kept) {
      this.rotEntries(group, (index) => indexes.has(index))
    }
  }

  override readEntries(group: GroupId, range: IndexRange, bytesMax: number): readonly ReadResult[] {
    const results = super.readEntries(group, range, bytesMax)
    if (!this.#entries.has(group)) return results
    const rotten = this.#damagedEntries(group)
    return results.map((result, place) => (rotten.has(range.first + place) ? damaged : result))
  }

  override readBlobs(group: GroupId, ids: readonly number[]): readonly ReadResult[] {
    const results = super.readBlobs(group, ids)
    if (!this.#blobs.has(group)) return results
    const rotten = this.#damagedBlobs(group)
    return results.map((result, place) => (rotten.has(ids[place] ?? -1) ? damaged : result))
  }

  override recover(): Recovered {
    if (this.mustBeSetAside) throw new Error('a damaged directory is set aside before it is opened')
    return super.recover()
  }

  #damagedEntries(group: GroupId): ReadonlySet<number> {
    return stillThere(this.#entries.get(group), this.groups.get(group)?.entries)
  }

  #damagedBlobs(group: GroupId): ReadonlySet<number> {
    return stillThere(this.#blobs.get(group), this.groups.get(group)?.blobs)
  }
}

function stillThere(
  rotten: Map<number, object> | undefined,
  there: ReadonlyMap<number, object> | undefined
): ReadonlySet<number> {
  const found = new Set<number>()
  for (const [id, object] of rotten ?? []) {
    if (there?.get(id) === object) found.add(id)
    else rotten?.delete(id)
  }
  return found
}
