// Reads of bodies by group and index or by group and id: finds the places, reads each record once,
// and says honestly of each body whether it is there and intact.
import type {
  GroupId,
  IndexRange,
  OfferedSnapshot,
  ReadResult,
  RetainedEntry
} from '@holdfast/cluster'
import type { Checksum } from './checksum.ts'
import type { DataDirectory } from './data-directory.ts'
import { recordKey } from './keys.ts'
import { storageLimits } from './limits.ts'
import type { Row } from './log-index.ts'
import { isSameOffer, type NodeState } from './node-state.ts'
import { type BodyClaim, RecordReader, type RecordValue, takeBody } from './record-reader.ts'
import { blobClaim, entryClaim, entryOf } from './recovered-groups.ts'
import type { Database } from './recovery.ts'
import type { Location } from './section.ts'

/** Where a mark is left of what could not be read. */
export type Marked = Pick<DataDirectory, 'storeId' | 'markSuspect'>

export class BodyReads {
  readonly #state: NodeState
  readonly #directory: Marked
  readonly #checksum: Checksum
  readonly #reader: RecordReader

  constructor(database: Database, state: NodeState, directory: Marked, checksum: Checksum) {
    this.#state = state
    this.#directory = directory
    this.#checksum = checksum
    const fetch = (sequence: number): Promise<Uint8Array | undefined> =>
      database.get(recordKey(sequence))
    this.#reader = new RecordReader(fetch, Buffer.from(directory.storeId, 'hex'), checksum)
  }

  /** A record that is being deleted needs no room any more. */
  forget(sequence: number): void {
    this.#reader.forget(sequence)
  }

  async entries(
    group: GroupId,
    range: IndexRange,
    bytesMax: number
  ): Promise<readonly ReadResult[]> {
    const rows: (Row | null)[] = []
    let bytes = 0
    const last = Math.min(range.last, range.first + storageLimits.readEntriesMax - 1)
    const log = this.#state.groups.get(group)?.log
    for (let index = range.first; index <= last; index += 1) {
      const row = log?.get(index) ?? null
      bytes += row?.length ?? 0
      if (bytes > bytesMax && rows.length > 0) break
      rows.push(row)
    }
    const values = await this.#readAll(rows)
    return Promise.all(
      rows.map(async (row): Promise<ReadResult> => {
        if (row === null) return { type: 'absent' }
        const value = values.get(row.sequence) ?? null
        const body = this.#take(value, row, entryClaim(group, row))
        const entry = body === null ? null : entryOf(body.head, body.data)
        if (entry !== null) return { type: 'entry', entry }
        const now = this.#state.groups.get(group)?.log.get(row.index)
        return this.#unreadable(now?.sequence === row.sequence, `entry ${row.index}`, group)
      })
    )
  }

  blobs(group: GroupId, ids: readonly number[]): Promise<readonly ReadResult[]> {
    return this.#blobs(group, ids, (id) => this.#state.groups.get(group)?.blobs.get(id))
  }

  staged(
    group: GroupId,
    offer: OfferedSnapshot,
    ids: readonly number[]
  ): Promise<readonly ReadResult[]> {
    return this.#blobs(group, ids, (id) => {
      const staged = this.#state.groups.get(group)?.staged ?? null
      return staged !== null && isSameOffer(staged, offer) ? staged.blobs.get(id) : undefined
    })
  }

  async #blobs(
    group: GroupId,
    ids: readonly number[],
    find: (id: number) => Location | undefined
  ): Promise<readonly ReadResult[]> {
    const locations = ids.map((id) => find(id) ?? null)
    const values = await this.#readAll(locations)
    return Promise.all(
      ids.map(async (id, at): Promise<ReadResult> => {
        const location = locations[at] ?? null
        if (location === null) return { type: 'absent' }
        const value = values.get(location.sequence) ?? null
        const body = this.#take(value, location, blobClaim(group, id))
        if (body !== null) return { type: 'blob', blob: { id, bytes: body.data } }
        return this.#unreadable(find(id)?.sequence === location.sequence, `blob ${id}`, group)
      })
    )
  }

  #take(value: RecordValue, location: Location, claim: BodyClaim): ReturnType<typeof takeBody> {
    return value === null ? null : takeBody(value, location, claim, this.#checksum)
  }

  /** Each record once, however many bodies of it are wanted. */
  async #readAll(
    locations: readonly (Location | null)[]
  ): Promise<ReadonlyMap<number, RecordValue>> {
    const values = new Map<number, RecordValue>()
    const sequences = new Set<number>()
    for (const location of locations) if (location !== null) sequences.add(location.sequence)
    const read = async (sequence: number): Promise<void> => {
      values.set(sequence, await this.#reader.read(sequence))
    }
    await Promise.all([...sequences].map(read))
    return values
  }

  /** A body that was freed while it was read is absent; any other was damaged. */
  async #unreadable(isStillThere: boolean, what: string, group: GroupId): Promise<ReadResult> {
    if (!isStillThere) return { type: 'absent' }
    await this.#directory.markSuspect(`${what} of group ${group} could not be read`)
    return { type: 'damaged' }
  }

  held(group: GroupId, indexes: readonly number[]): readonly RetainedEntry[] {
    const state = this.#state.groups.get(group)
    return indexes.flatMap((index) => {
      const row = state?.staged?.log.get(index) ?? state?.log.get(index) ?? null
      if (row === null) return []
      return [{ index, term: row.term, checksum: row.checksum, sizeBytes: row.length }]
    })
  }

  retained(group: GroupId, from: number, countMax: number): readonly RetainedEntry[] {
    const found: RetainedEntry[] = []
    const state = this.#state.groups.get(group)
    const last = state?.snapshot?.id.index ?? 0
    if (countMax < 1) return found
    state?.log.forEach(from, last, (segment, at) => {
      if (segment.isFreed(at)) return true
      const { index, term, checksum, length } = segment.read(at)
      found.push({ index, term, checksum, sizeBytes: length })
      return found.length < countMax
    })
    return found
  }
}
