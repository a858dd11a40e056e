// The store of a damaged directory: reads what is intact, refuses to write.
import type {
  GroupId,
  IndexRange,
  LogStore,
  NodeIdentity,
  OfferedSnapshot,
  ReadResult,
  Recovered,
  RetainedEntry
} from '@holdfast/cluster'
import { HoldfastError } from '@holdfast/errors'
import { BodyReads } from './body-reads.ts'
import { zlibChecksum } from './checksum.ts'
import type { DataDirectory } from './data-directory.ts'
import { NodeState } from './node-state.ts'
import type { Database } from './recovery.ts'
import { removeCopy } from './salvage-copy.ts'

export interface SalvageParts {
  readonly directory: Pick<DataDirectory, 'path' | 'storeId' | 'release'>
  /** Null if the log cannot be read at all. */
  readonly database: Database | null
  readonly state: NodeState | null
  readonly identity: NodeIdentity | null
  readonly peers: Uint8Array | null
}

export class SalvageStore implements LogStore {
  readonly recovered: Recovered
  readonly #parts: SalvageParts
  readonly #reads: BodyReads | null

  constructor(parts: SalvageParts) {
    const { directory, database, state, identity, peers } = parts
    const { storeId } = directory
    this.#parts = parts
    this.recovered = { storeId, identity, peers, groups: [], lastRecord: 0 }
    // That something is damaged is known.
    const marked = { storeId, markSuspect: (): Promise<void> => Promise.resolve() }
    this.#reads =
      database === null
        ? null
        : new BodyReads(database, state ?? new NodeState(), marked, zlibChecksum)
  }

  write(): Promise<void> {
    const reason = 'a damaged directory is not written to'
    const { path } = this.#parts.directory
    return Promise.reject(new HoldfastError('WRITE_FAILED', { directory: path, reason }))
  }

  async readEntries(
    group: GroupId,
    range: IndexRange,
    bytesMax: number
  ): Promise<readonly ReadResult[]> {
    return (await this.#reads?.entries(group, range, bytesMax)) ?? [{ type: 'absent' }]
  }

  async readBlobs(group: GroupId, ids: readonly number[]): Promise<readonly ReadResult[]> {
    return (await this.#reads?.blobs(group, ids)) ?? ids.map(() => ({ type: 'absent' }))
  }

  async readStaged(
    group: GroupId,
    offer: OfferedSnapshot,
    ids: readonly number[]
  ): Promise<readonly ReadResult[]> {
    return (await this.#reads?.staged(group, offer, ids)) ?? ids.map(() => ({ type: 'absent' }))
  }

  retained(group: GroupId, from: number, countMax: number): readonly RetainedEntry[] {
    return this.#reads?.retained(group, from, countMax) ?? []
  }

  held(group: GroupId, indexes: readonly number[]): readonly RetainedEntry[] {
    return this.#reads?.held(group, indexes) ?? []
  }

  sizeBytes(): number {
    return this.#parts.state?.table.sizeBytes ?? 0
  }

  async close(): Promise<void> {
    const { database, directory } = this.#parts
    await database?.close()
    await removeCopy(directory.path)
    await directory.release()
  }
}
