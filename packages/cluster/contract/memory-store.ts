// A LogStore in memory, for tests and simulations: reads and writes of a MemoryDisk.
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
import { MemoryDisk } from './memory-disk.ts'

export class MemoryStore implements LogStore {
  readonly recovered: Recovered
  readonly #disk: MemoryDisk
  #failure: HoldfastError | null = null
  #isWriting = false

  constructor(disk: MemoryDisk = new MemoryDisk()) {
    this.#disk = disk
    this.recovered = disk.recover()
  }

  /** Every write from now on fails, as on a disk that is full or gone. */
  fail(reason: string): void {
    this.#failure = new HoldfastError('WRITE_FAILED', { directory: 'memory', reason })
  }

  async write(record: CommitRecord): Promise<void> {
    if (this.#failure !== null) throw this.#failure
    assert(!this.#isWriting, 'one write is in flight at a time')
    assert(record.id > this.#disk.lastRecord, 'ids of commit records grow')
    this.#isWriting = true
    try {
      await Promise.resolve()
      this.#disk.apply(record)
    } finally {
      this.#isWriting = false
    }
  }

  async readEntries(
    group: GroupId,
    range: IndexRange,
    bytesMax: number
  ): Promise<readonly ReadResult[]> {
    return this.#disk.readEntries(group, range, bytesMax)
  }

  async readBlobs(group: GroupId, ids: readonly number[]): Promise<readonly ReadResult[]> {
    return this.#disk.readBlobs(group, ids)
  }

  retained(group: GroupId, from: number, countMax: number): readonly RetainedEntry[] {
    return this.#disk.retained(group, from, countMax)
  }

  async readStaged(
    group: GroupId,
    offer: OfferedSnapshot,
    ids: readonly number[]
  ): Promise<readonly ReadResult[]> {
    return this.#disk.readStaged(group, offer, ids)
  }

  held(group: GroupId, indexes: readonly number[]): readonly RetainedEntry[] {
    return this.#disk.held(group, indexes)
  }

  sizeBytes(): number {
    let bytes = 0
    for (const { entries, blobs } of this.#disk.groups.values()) {
      for (const entry of entries.values()) bytes += entry.data.length
      for (const blob of blobs.values()) bytes += blob.bytes.length
    }
    return bytes
  }

  async close(): Promise<void> {}
}
