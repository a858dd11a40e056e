// The store of one node on LevelDB: one commit record is one value, written with sync, one at a time.
// Checkpoints and deletions ride in the batch of the commit record that makes them due, so that they cost
// no sync of their own. What comes back is verified; what does not verify is said to be damaged. How a
// directory becomes a store is in open-store.ts.
import type {
  CommitRecord,
  GroupId,
  IndexRange,
  LogStore,
  ReadResult,
  Recovered,
  RetainedEntry
} from '@holdfast/cluster'
import { assert, HoldfastError } from '@holdfast/errors'
import { CheckpointBuilder, type StoredRecord } from './checkpoint.ts'
import type { Checksum } from './checksum.ts'
import type { DataDirectory } from './data-directory.ts'
import { recordKey } from './keys.ts'
import { type StoreTuning, storageLimits } from './limits.ts'
import type { Row } from './log-index.ts'
import type { NodeState } from './node-state.ts'
import { Reclaimer } from './reclaimer.ts'
import { RecordEncoder } from './record-encoder.ts'
import { RecordReader, type RecordValue, takeBody } from './record-reader.ts'
import { assertRecord } from './record-rules.ts'
import { blobClaim, entryClaim, entryOf } from './recovered-groups.ts'
import type { Database } from './recovery.ts'
import type { Location } from './section.ts'
import type { WalDirectory } from './wal-directory.ts'

export interface StoreParts {
  readonly directory: DataDirectory
  readonly database: Database
  readonly wal: WalDirectory
  readonly state: NodeState
  readonly recovered: Recovered
  readonly checksum: Checksum
  readonly tuning: StoreTuning
  readonly lastSequence: number
  readonly checkpoint: number
  readonly checkpointBytes: number
  readonly replayedBytes: number
}

export class LevelStore implements LogStore {
  readonly recovered: Recovered
  readonly #directory: DataDirectory
  readonly #database: Database
  readonly #wal: WalDirectory
  readonly #state: NodeState
  readonly #checksum: Checksum
  readonly #tuning: StoreTuning
  readonly #storeId: Uint8Array
  readonly #encoder: RecordEncoder
  readonly #reader: RecordReader
  readonly #reclaimer: Reclaimer
  #lastSequence: number
  #checkpoint: number
  #checkpointBytes: number
  #bytesSinceCheckpoint: number
  #failure: HoldfastError | null = null
  #writing: Promise<void> | null = null
  #closing: Promise<void> | null = null

  constructor(parts: StoreParts) {
    this.recovered = parts.recovered
    this.#directory = parts.directory
    this.#database = parts.database
    this.#wal = parts.wal
    this.#state = parts.state
    this.#checksum = parts.checksum
    this.#tuning = parts.tuning
    this.#lastSequence = parts.lastSequence
    this.#checkpoint = parts.checkpoint
    this.#checkpointBytes = parts.checkpointBytes
    this.#bytesSinceCheckpoint = parts.replayedBytes
    this.#storeId = Buffer.from(parts.recovered.storeId, 'hex')
    this.#encoder = new RecordEncoder(this.#storeId, parts.checksum)
    const fetch = (sequence: number): Promise<Uint8Array | undefined> =>
      this.#database.get(recordKey(sequence))
    this.#reader = new RecordReader(fetch, this.#storeId, parts.checksum)
    this.#reclaimer = new Reclaimer(parts.database, parts.wal, parts.tuning)
  }

  write(record: CommitRecord): Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure)
    try {
      assert(this.#closing === null, 'a closed store is not written to')
      assert(this.#writing === null, 'one write is in flight at a time')
      assertRecord(this.#state, record)
    } catch (error) {
      return Promise.reject(error)
    }
    const writing = this.#write(record).finally(() => {
      this.#writing = null
    })
    this.#writing = writing
    return writing
  }

  async #write(record: CommitRecord): Promise<void> {
    const before = this.#isCheckpointDue() ? this.#buildCheckpoint() : []
    const sequence = this.#lastSequence + before.length + 1
    const checkpoint = before.at(-1)?.sequence ?? this.#checkpoint
    const { value, changes } = this.#encoder.encode(record, sequence, checkpoint)
    await this.#commit([...before, { sequence, value }])
    this.#state.table.register(sequence, value.length)
    this.#state.apply(changes, record.id)
    this.#bytesSinceCheckpoint += value.length
  }

  /** Writes records, and the deletions that are due, as one synced batch. @throws WRITE_FAILED */
  async #commit(records: readonly StoredRecord[]): Promise<void> {
    const deletes = this.#takeDeletes()
    try {
      const batch = this.#database.batch()
      for (const { sequence, value } of records) batch.put(recordKey(sequence), value)
      for (const sequence of deletes.sequences) batch.del(recordKey(sequence))
      await batch.write({ sync: true })
      const sizes = records.map((stored) => stored.value.length)
      await this.#wal.afterWrite(sizes, deletes.sequences.length)
      this.#reclaimer.noteWrite(sizes.reduce((sum, size) => sum + size, 0))
      this.#reclaimer.noteDeletes(deletes.sequences, deletes.bytes)
    } catch (error) {
      throw this.#fail(error)
    }
    this.#lastSequence += records.length
  }

  /** Rule S2: what LevelDB does after a failed write is not to be trusted. */
  #fail(error: unknown): HoldfastError {
    const reason = error instanceof Error ? error.message : String(error)
    const directory = this.#directory.path
    this.#failure = new HoldfastError('WRITE_FAILED', { directory, reason }, { cause: error })
    return this.#failure
  }

  #takeDeletes(): { readonly sequences: readonly number[]; readonly bytes: number } {
    const { table } = this.#state
    const isWorthIt =
      table.deadBytes >= this.#tuning.deleteChunkBytes ||
      table.deadCount >= storageLimits.deleteChunkRecords
    if (!isWorthIt) return { sequences: [], bytes: 0 }
    const before = table.deadBytes
    const sequences = table.takeDead(storageLimits.deletesPerBatchMax)
    for (const sequence of sequences) this.#reader.forget(sequence)
    return { sequences, bytes: before - table.deadBytes }
  }

  #isCheckpointDue(): boolean {
    const interval = Math.max(this.#tuning.checkpointIntervalBytes, 16 * this.#checkpointBytes)
    return (
      this.#bytesSinceCheckpoint >= interval ||
      this.#lastSequence - this.#checkpoint >= this.#tuning.checkpointIntervalRecords
    )
  }

  #buildCheckpoint(): readonly StoredRecord[] {
    const records = new CheckpointBuilder(this.#state, this.#storeId, this.#checksum, {
      nextSequence: this.#lastSequence + 1,
      previous: this.#checkpoint
    }).build()
    const root = records.at(-1)
    if (root !== undefined) {
      this.#checkpoint = root.sequence
      this.#checkpointBytes = root.value.length
    }
    this.#bytesSinceCheckpoint = 0
    return records
  }

  async readEntries(
    group: GroupId,
    range: IndexRange,
    bytesMax: number
  ): Promise<readonly ReadResult[]> {
    this.#assertOpen()
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

  async readBlobs(group: GroupId, ids: readonly number[]): Promise<readonly ReadResult[]> {
    this.#assertOpen()
    const blobs = this.#state.groups.get(group)?.blobs
    const locations = ids.map((id) => blobs?.get(id) ?? null)
    const values = await this.#readAll(locations)
    return Promise.all(
      ids.map(async (id, at): Promise<ReadResult> => {
        const location = locations[at] ?? null
        if (location === null) return { type: 'absent' }
        const value = values.get(location.sequence) ?? null
        const body = this.#take(value, location, blobClaim(group, id))
        if (body !== null) return { type: 'blob', blob: { id, bytes: body.data } }
        const now = this.#state.groups.get(group)?.blobs.get(id)
        return this.#unreadable(now?.sequence === location.sequence, `blob ${id}`, group)
      })
    )
  }

  #take(
    value: RecordValue,
    location: Location,
    claim: Parameters<typeof takeBody>[2]
  ): ReturnType<typeof takeBody> {
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

  sizeBytes(): number {
    return this.#state.table.sizeBytes
  }

  #assertOpen(): void {
    assert(this.#closing === null, 'a closed store is not read from')
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    // Its own caller hears of a failed write.
    await this.#writing?.catch(() => undefined)
    try {
      if (this.#failure === null && this.#tuning.checkpointOnClose) await this.#lastCheckpoint()
      await this.#reclaimer.close()
    } finally {
      await this.#wal.close()
      await this.#database.close()
      await this.#directory.release()
    }
  }

  /** So that the next open has nothing to replay. */
  async #lastCheckpoint(): Promise<void> {
    if (this.#lastSequence > this.#checkpoint) await this.#commit(this.#buildCheckpoint())
  }
}
