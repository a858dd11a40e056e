// The store of one node on LevelDB: one commit record is one value, written with sync, one at a
// time. Checkpoints and deletions ride in the batch of the commit record that makes them due, so
// that they cost no sync of their own. What comes back is verified; what does not verify is said to
// be damaged. How a directory becomes a store is in open-store.ts.
import type {
  CommitRecord,
  GroupId,
  IndexRange,
  LogStore,
  OfferedSnapshot,
  ReadResult,
  Recovered,
  RetainedEntry
} from '@holdfast/cluster'
import { assert, HoldfastError } from '@holdfast/errors'
import { BodyReads } from './body-reads.ts'
import type { StoredRecord } from './checkpoint.ts'
import { type CheckpointPlace, CheckpointSchedule } from './checkpoint-schedule.ts'
import type { Checksum } from './checksum.ts'
import type { DataDirectory } from './data-directory.ts'
import { recordKey } from './keys.ts'
import { type StoreTuning, storageLimits } from './limits.ts'
import { writeMemberNote } from './member-note.ts'
import type { NodeState } from './node-state.ts'
import { Reclaimer } from './reclaimer.ts'
import { type EncodedRecord, RecordEncoder } from './record-encoder.ts'
import { assertRecord } from './record-rules.ts'
import type { Database } from './recovery.ts'
import type { StartNote } from './start-note.ts'
import type { TailWitness } from './tail-witness.ts'
import type { WalDirectory } from './wal-directory.ts'
import { castsVote, WitnessSchedule } from './witness-schedule.ts'

export interface StoreParts extends CheckpointPlace {
  readonly directory: DataDirectory
  readonly database: Database
  readonly wal: WalDirectory
  readonly note: StartNote
  readonly witness: TailWitness
  readonly state: NodeState
  readonly recovered: Recovered
  readonly checksum: Checksum
  readonly tuning: StoreTuning
  readonly lastSequence: number
}

interface Deletes {
  readonly sequences: readonly number[]
  readonly bytes: number
}

export class LevelStore implements LogStore {
  readonly recovered: Recovered
  readonly #directory: DataDirectory
  readonly #database: Database
  readonly #wal: WalDirectory
  readonly #note: StartNote
  readonly #state: NodeState
  readonly #tuning: StoreTuning
  readonly #encoder: RecordEncoder
  readonly #reads: BodyReads
  readonly #reclaimer: Reclaimer
  readonly #witness: WitnessSchedule
  readonly #checkpoints: CheckpointSchedule
  #lastSequence: number
  #failure: HoldfastError | null = null
  #writing: Promise<void> | null = null
  /** A write of the store's own, between those of the caller. Never rejects. */
  #tidying: Promise<void> | null = null
  #closing: Promise<void> | null = null

  constructor(parts: StoreParts) {
    this.recovered = parts.recovered
    this.#directory = parts.directory
    this.#database = parts.database
    this.#wal = parts.wal
    this.#note = parts.note
    this.#state = parts.state
    this.#tuning = parts.tuning
    this.#lastSequence = parts.lastSequence
    const { checksum } = parts
    const storeId = Buffer.from(parts.recovered.storeId, 'hex')
    this.#checkpoints = new CheckpointSchedule(
      parts.state,
      { storeId, checksum },
      parts.tuning,
      parts
    )
    this.#encoder = new RecordEncoder(storeId, checksum)
    this.#reads = new BodyReads(parts.database, parts.state, parts.directory, checksum)
    this.#reclaimer = new Reclaimer(parts.database, parts.wal, parts.tuning, () => this.#tidy())
    const { witness, state, tuning } = parts
    this.#witness = new WitnessSchedule(witness, state, tuning.witnessIntervalMs, (error) => {
      this.#fail(error)
    })
    this.#note.opened(parts.tuning.startedAfterMs)
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
    if (this.#tidying !== null) await this.#tidying
    if (this.#failure !== null) throw this.#failure
    const checkpoints = this.#checkpoints
    const isDue = checkpoints.isDue(this.#lastSequence)
    const before = isDue ? checkpoints.build(this.#lastSequence) : []
    const sequence = this.#lastSequence + before.length + 1
    const { value, changes } = await this.#encode(record, sequence, checkpoints.sequence, before)
    await this.#commit([...before, { sequence, value }])
    this.#state.table.register(sequence, value.length)
    const isVote = castsVote(this.#state, changes)
    this.#state.apply(changes, record.id)
    checkpoints.noteWrite(value.length)
    if (isVote) await this.#beside(() => this.#witness.now())
    const { identity, peers } = this.#state
    const isNews = record.identity !== null || record.peers !== null
    if (!isNews || identity === null) return
    await this.#beside(() => writeMemberNote(this.#directory.path, { identity, peers }))
  }

  /**
   * A record that cannot be encoded is refused; a checkpoint that was built already is written
   * anyway.
   */
  async #encode(
    record: CommitRecord,
    sequence: number,
    checkpoint: number,
    before: readonly StoredRecord[]
  ): Promise<EncodedRecord> {
    try {
      return this.#encoder.encode(record, sequence, checkpoint)
    } catch (error) {
      if (before.length > 0) await this.#commit(before)
      throw error
    }
  }

  /** Writes records, and the deletions that are due, as one synced batch. @throws WRITE_FAILED */
  async #commit(
    records: readonly StoredRecord[],
    deletes: Deletes = this.#takeDeletes()
  ): Promise<void> {
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
    const last = records.at(-1)
    if (last !== undefined) this.#witness.note(last.sequence, last.value)
    this.#checkpoints.noteDeletes(deletes.sequences.length)
  }

  /** Rule S2: what LevelDB does after a failed write is not to be trusted. */
  #fail(error: unknown): HoldfastError {
    const reason = error instanceof Error ? error.message : String(error)
    const directory = this.#directory.path
    this.#failure = new HoldfastError('WRITE_FAILED', { directory, reason }, { cause: error })
    return this.#failure
  }

  /** What goes beside the log and belongs to a write fails as it does. @throws WRITE_FAILED */
  async #beside(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      throw this.#fail(error)
    }
  }

  /** In a quiet store: what is dead goes although no write comes along that could take it. */
  #tidy(): Promise<void> {
    const { table } = this.#state
    const isIdle = this.#writing === null && this.#tidying === null && this.#closing === null
    const isWorthIt = table.deadBytes + table.heldBackBytes >= this.#tuning.reclaimQuietBytes
    if (!isIdle || !isWorthIt || this.#failure !== null) return Promise.resolve()
    const tidying = this.#tidyNow()
      // The failure is kept: the next write reports it.
      .catch(() => undefined)
      .finally(() => {
        this.#tidying = null
      })
    this.#tidying = tidying
    return tidying
  }

  async #tidyNow(): Promise<void> {
    if (this.#state.table.heldBackBytes > 0) {
      await this.#commit(this.#checkpoints.build(this.#lastSequence))
    }
    while (this.#state.table.deadCount > 0 && this.#writing === null) {
      await this.#commit([], this.#takeDeletes(true))
    }
  }

  #takeDeletes(isForced: boolean = false): Deletes {
    const { table } = this.#state
    const isWorthIt =
      isForced ||
      table.deadBytes >= this.#tuning.deleteChunkBytes ||
      table.deadCount >= storageLimits.deleteChunkRecords
    if (!isWorthIt) return { sequences: [], bytes: 0 }
    const before = table.deadBytes
    const sequences = table.takeDead(storageLimits.deletesPerBatchMax)
    for (const sequence of sequences) this.#reads.forget(sequence)
    return { sequences, bytes: before - table.deadBytes }
  }

  readEntries(group: GroupId, range: IndexRange, bytesMax: number): Promise<readonly ReadResult[]> {
    this.#assertOpen()
    return this.#reads.entries(group, range, bytesMax)
  }

  readBlobs(group: GroupId, ids: readonly number[]): Promise<readonly ReadResult[]> {
    this.#assertOpen()
    return this.#reads.blobs(group, ids)
  }

  retained(group: GroupId, from: number, countMax: number): readonly RetainedEntry[] {
    return this.#reads.retained(group, from, countMax)
  }

  readStaged(
    group: GroupId,
    offer: OfferedSnapshot,
    ids: readonly number[]
  ): Promise<readonly ReadResult[]> {
    this.#assertOpen()
    return this.#reads.staged(group, offer, ids)
  }

  held(group: GroupId, indexes: readonly number[]): readonly RetainedEntry[] {
    return this.#reads.held(group, indexes)
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
    await this.#tidying
    try {
      if (this.#failure === null && this.#tuning.checkpointOnClose) {
        await this.#lastCheckpoint()
        await this.#beside(() => this.#witness.now())
      }
      await this.#reclaimer.close()
      await this.#note.closed(this.#failure === null)
    } finally {
      await this.#witness.close()
      await this.#wal.close()
      await this.#database.close()
      await this.#directory.release()
    }
  }

  /** So that the next open has nothing to replay. */
  async #lastCheckpoint(): Promise<void> {
    if (!this.#checkpoints.isStale(this.#lastSequence)) return
    await this.#commit(this.#checkpoints.build(this.#lastSequence))
  }
}
