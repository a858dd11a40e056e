// What of each group can be kept of a damaged log: its snapshot if all of it is intact, and behind
// it the entries up to the first one that is not. Where a vote may be lost, the replica goes on in
// the term after the highest known, and votes for nobody in it.
import type { Blob, GroupId, IndexRange, RecoveredGroup } from '@holdfast/cluster'
import { type Configuration, decodeConfiguration, type Entry, type HardState } from '@holdfast/raft'
import type { GroupState } from './node-state.ts'
import {
  BodyLoader,
  blobClaim,
  entryClaim,
  entryOf,
  manifestClaim,
  metaOf,
  termsOf
} from './recovered-groups.ts'
import type { RecordSource } from './recovery.ts'
import type { Reach, SalvagedState } from './salvage-replay.ts'
import type { WitnessedGroup } from './tail-witness.ts'

export interface SalvagedGroup {
  readonly group: GroupId
  /** The latest that is known; null if none is. */
  readonly configuration: Configuration | null
  /** What can be kept; null if the snapshot is broken, and with it what the entries rest on. */
  readonly kept: RecoveredGroup | null
  /** Retained entries that can be read, at or below the snapshot. */
  readonly retained: readonly number[]
  /** Retained entries that cannot. */
  readonly damaged: readonly number[]
  /** Entries that were there behind what can be kept; null: none is known. */
  readonly lost: IndexRange | null
  /** Entries up to here were committed, as far as is known. */
  readonly commit: number
}

/** A replica that cannot be: no node is 0. */
const nobody = 1

/** What the rest of the directory says about how far a group had come. */
interface Evidence {
  readonly hasHole: boolean
  readonly reach: Reach | undefined
  readonly witnessed: WitnessedGroup | undefined
}

export async function salvageGroups(
  { state, hasHole, reach }: SalvagedState,
  source: RecordSource,
  witnessed: readonly WitnessedGroup[]
): Promise<readonly SalvagedGroup[]> {
  const loader = new BodyLoader(state, source)
  const known = new Map(witnessed.map((group) => [group.group, group]))
  const parts = state.sortedGroups().map((group) => {
    const { group: id } = group
    return plan(group, { hasHole, reach: reach.get(id), witnessed: known.get(id) }, loader)
  })
  await loader.load()
  return parts.map((part) => part())
}

function plan(group: GroupState, evidence: Evidence, loader: BodyLoader): () => SalvagedGroup {
  const { snapshot, group: id } = group
  const base = snapshot?.id.index ?? 0
  const found = new Map<number, Entry>()
  const damaged: number[] = []
  const retained: number[] = []
  group.log.forEach(0, Number.MAX_SAFE_INTEGER, (segment, at) => {
    const row = segment.read(at)
    const isFreed = segment.isFreed(at)
    loader.want(row, entryClaim(id, row), (body) => {
      const entry = body === null ? null : entryOf(body.head, body.data)
      if (row.index > base && entry !== null) found.set(row.index, entry)
      if (row.index > base || isFreed) return
      if (entry === null) damaged.push(row.index)
      else retained.push(row.index)
    })
  })
  let manifest: Uint8Array | null = snapshot === null ? new Uint8Array(0) : null
  let isSound = true
  if (snapshot !== null) {
    loader.want(snapshot.manifest, manifestClaim(id, snapshot.id), (body) => {
      manifest = body?.data ?? null
    })
  }
  const blobs: Blob[] = []
  for (const [blob, location] of group.blobs) {
    loader.want(location, blobClaim(id, blob), (body) => {
      if (body === null) isSound = false
      else blobs.push({ id: blob, bytes: body.data })
    })
  }
  return () => {
    const entries: Entry[] = []
    for (let index = base + 1; found.has(index); index += 1) {
      const entry = found.get(index)
      if (entry !== undefined) entries.push(entry)
    }
    const lastIndex = base + entries.length
    const meta = snapshot === null || manifest === null ? null : metaOf(snapshot, manifest)
    blobs.sort((a, b) => a.id - b.id)
    const isKept = isSound && manifest !== null
    const kept: RecoveredGroup | null = !isKept
      ? null
      : {
          group: id,
          hardState: promised(group, evidence, entries),
          snapshot: meta === null ? null : { meta, blobs },
          firstIndex: base + 1,
          terms: termsOf(group.log, base + 1, lastIndex),
          lastIndex,
          entries,
          staged: null
        }
    const first = (kept?.lastIndex ?? 0) + 1
    const last = Math.max(
      group.lastIndex,
      evidence.reach?.lastIndex ?? 0,
      evidence.witnessed?.lastIndex ?? 0
    )
    const lost = last >= first ? { first, last } : null
    const configuration = configurationOf(group, entries)
    const { commit } = group.hardState
    const known = Math.max(commit, evidence.reach?.commit ?? 0, evidence.witnessed?.commit ?? 0)
    retained.sort((a, b) => a - b)
    damaged.sort((a, b) => a - b)
    return { group: id, configuration, kept, retained, damaged, lost, commit: known }
  }
}

function configurationOf(group: GroupState, entries: readonly Entry[]): Configuration | null {
  const last = entries.findLast((entry) => entry.type === 'configuration')
  if (last !== undefined) return decodeConfiguration(last.data)
  return group.snapshot?.configuration ?? null
}

/** The hard state to go on with: no lower than any that this replica may have answered with. */
function promised(
  { hardState, snapshot, lastIndex: end }: GroupState,
  { hasHole, witnessed }: Evidence,
  entries: readonly Entry[]
): HardState {
  const lastIndex = entries.at(-1)?.index ?? snapshot?.id.index ?? 0
  const lastTerm = entries.at(-1)?.term ?? snapshot?.id.term ?? 0
  // Above the end of what was there it is a floor, and stays.
  const isFloor = hardState.commit > end
  const commit = isFloor ? hardState.commit : Math.min(hardState.commit, lastIndex)
  const isShort = witnessed !== undefined && witnessed.lastIndex > lastIndex
  const term = Math.max(hardState.term, lastTerm)
  if (!hasHole && !isShort && term === hardState.term) return { ...hardState, commit }
  return { term: term + 1, vote: nobody, commit }
}
