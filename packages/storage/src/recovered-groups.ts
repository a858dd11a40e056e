// What a member is started with: for each group its hard state, snapshot, terms, and the bodies
// above the snapshot. Also the full verification that follows a suspect mark. Both read each record
// once.
import type { Blob, RecoveredGroup } from '@holdfast/cluster'
import type { Entry, EntryId, SnapshotMeta, TermRun } from '@holdfast/raft'
import { Unreadable } from './byte-reader.ts'
import { entryTypeOf } from './change.ts'
import type { LogIndex } from './log-index.ts'
import type { GroupState, NodeState } from './node-state.ts'
import { type BodyClaim, takeBody } from './record-reader.ts'
import type { RecordSource } from './recovery.ts'
import type { Location, SectionHead } from './section.ts'

interface Wanted {
  readonly location: Location
  readonly claim: BodyClaim
  /** Null: the body is not there, or not intact. */
  readonly take: (body: { readonly head: SectionHead; readonly data: Uint8Array } | null) => void
}

/** Reads bodies, each record once, in the order of the records. */
export class BodyLoader {
  readonly #state: NodeState
  readonly #source: RecordSource
  readonly #wanted = new Map<number, Wanted[]>()

  constructor(state: NodeState, source: RecordSource) {
    this.#state = state
    this.#source = source
  }

  want(location: Location, claim: BodyClaim, take: Wanted['take']): void {
    const known = this.#wanted.get(location.sequence)
    const wanted = { location, claim, take }
    if (known === undefined) this.#wanted.set(location.sequence, [wanted])
    else known.push(wanted)
  }

  async load(): Promise<void> {
    const sequences = [...this.#wanted.keys()].sort((a, b) => a - b)
    const sizeOf = (sequence: number): number => this.#state.table.sizeOf(sequence)
    await this.#source.forEach(sequences, sizeOf, (sequence, value, header) => {
      for (const { location, claim, take } of this.#wanted.get(sequence) ?? []) {
        const isIntact = value !== null && header !== null
        take(isIntact ? takeBody(value, location, claim, this.#source.checksum) : null)
      }
    })
  }
}

const entryKinds = ['entry', 'staged-entry', 'repaired-entry'] as const
const blobKinds = ['blob', 'staged-blob'] as const

export function entryClaim(group: number, id: EntryId): BodyClaim {
  return { kinds: entryKinds, group, index: id.index, term: id.term }
}

export function blobClaim(group: number, id: number): BodyClaim {
  return { kinds: blobKinds, group, index: id, term: 0 }
}

export function manifestClaim(group: number, id: EntryId): BodyClaim {
  return { kinds: ['manifest'], group, index: id.index, term: id.term }
}

export function entryOf(head: SectionHead, data: Uint8Array): Entry | null {
  const type = entryTypeOf(head.type)
  return type === undefined ? null : { index: head.index, term: head.term, type, data }
}

/** @throws Unreadable if a body that a member cannot start without is damaged */
export async function recoverGroups(
  state: NodeState,
  source: RecordSource
): Promise<readonly RecoveredGroup[]> {
  const loader = new BodyLoader(state, source)
  const parts = state.sortedGroups().map((group) => planGroup(group, loader))
  await loader.load()
  return parts.map((part) => part())
}

function planGroup(group: GroupState, loader: BodyLoader): () => RecoveredGroup {
  const { snapshot, lastIndex } = group
  const entries: Entry[] = []
  const base = (snapshot?.id.index ?? 0) + 1
  group.log.forEach(base, lastIndex, (segment, at) => {
    const row = segment.read(at)
    loader.want(row, entryClaim(group.group, row), (body) => {
      const entry = body === null ? null : entryOf(body.head, body.data)
      if (entry === null)
        throw new Unreadable(`entry ${row.index} of group ${group.group} is broken`)
      entries[row.index - base] = entry
    })
  })
  let manifest: Uint8Array = new Uint8Array(0)
  if (snapshot !== null) {
    loader.want(snapshot.manifest, manifestClaim(group.group, snapshot.id), (body) => {
      if (body === null) throw new Unreadable(`the snapshot of group ${group.group} is broken`)
      manifest = body.data
    })
  }
  const blobs: Blob[] = []
  for (const id of sortedIds(group.blobs)) {
    const location = group.blobs.get(id)
    if (location === undefined) continue
    loader.want(location, blobClaim(group.group, id), (body) => {
      if (body === null) throw new Unreadable(`blob ${id} of group ${group.group} is broken`)
      blobs.push({ id, bytes: body.data })
    })
  }
  return () => {
    blobs.sort((a, b) => a.id - b.id)
    const firstIndex = group.log.contiguousFrom(lastIndex)
    return {
      group: group.group,
      hardState: group.hardState,
      snapshot: snapshot === null ? null : { meta: metaOf(snapshot, manifest), blobs },
      firstIndex,
      terms: termsOf(group.log, firstIndex, lastIndex),
      lastIndex,
      entries,
      staged: stagedOf(group)
    }
  }
}

export function metaOf(
  snapshot: NonNullable<GroupState['snapshot']>,
  manifest: Uint8Array
): SnapshotMeta {
  return { id: snapshot.id, configuration: snapshot.configuration, manifest }
}

function sortedIds(blobs: ReadonlyMap<number, Location>): readonly number[] {
  return [...blobs.keys()].sort((a, b) => a - b)
}

export function termsOf(log: LogIndex, first: number, last: number): readonly TermRun[] {
  const runs: TermRun[] = []
  let term = -1
  log.forEach(first, last, (segment, at) => {
    const row = segment.terms[at] ?? 0
    if (row === term) return
    term = row
    runs.push({ firstIndex: segment.read(at).index, term })
  })
  return runs
}

function stagedOf(group: GroupState): RecoveredGroup['staged'] {
  if (group.staged === null) return null
  const { source, snapshot, blobs, log } = group.staged
  const entries: EntryId[] = []
  log.forEach(0, Number.MAX_SAFE_INTEGER, (segment, at) => {
    const { index, term } = segment.read(at)
    entries.push({ index, term })
  })
  return { source, snapshot, blobs: sortedIds(blobs), entries }
}

/** Reads and verifies everything that is alive; returns what is broken, in words. */
export async function verifyAll(
  state: NodeState,
  source: RecordSource
): Promise<readonly string[]> {
  const loader = new BodyLoader(state, source)
  const broken: string[] = []
  for (const group of state.sortedGroups()) {
    const logs = group.staged === null ? [group.log] : [group.log, group.staged.log]
    for (const log of logs) {
      log.forEach(0, Number.MAX_SAFE_INTEGER, (segment, at) => {
        const row = segment.read(at)
        loader.want(row, entryClaim(group.group, row), (body) => {
          if (body === null) broken.push(`entry ${row.index} of group ${group.group}`)
        })
      })
    }
    for (const blobs of group.staged === null ? [group.blobs] : [group.blobs, group.staged.blobs]) {
      for (const [id, location] of blobs) {
        loader.want(location, blobClaim(group.group, id), (body) => {
          if (body === null) broken.push(`blob ${id} of group ${group.group}`)
        })
      }
    }
  }
  await loader.load()
  return broken
}
