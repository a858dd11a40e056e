// A LogStore in memory, for tests and simulations: reads and writes of a MemoryDisk.
import { crc32 } from 'node:zlib'
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
import { bare, MemoryDisk } from './memory-disk.ts'

const readEntriesMax = 1024

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
    assert(record.id === this.#disk.lastRecord + 1, 'ids of commit records grow by one')
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
    const results: ReadResult[] = []
    let bytes = 0
    const last = Math.min(range.last, range.first + readEntriesMax - 1)
    for (let index = range.first; index <= last; index += 1) {
      const entry = this.#disk.groups.get(group)?.entries.get(index)
      bytes += entry?.data.length ?? 0
      if (bytes > bytesMax && results.length > 0) break
      results.push(entry === undefined ? { type: 'absent' } : { type: 'entry', entry: bare(entry) })
    }
    return results
  }

  async readBlobs(group: GroupId, ids: readonly number[]): Promise<readonly ReadResult[]> {
    return ids.map((id) => {
      const blob = this.#disk.groups.get(group)?.blobs.get(id)
      return blob === undefined ? { type: 'absent' } : { type: 'blob', blob }
    })
  }

  retained(group: GroupId, from: number, countMax: number): readonly RetainedEntry[] {
    const state = this.#disk.groups.get(group)
    const last = state?.meta?.id.index ?? 0
    return [...(state?.entries.values() ?? [])]
      .filter((entry) => entry.index >= from && entry.index <= last && !entry.isFreed)
      .sort((a, b) => a.index - b.index)
      .slice(0, Math.max(0, countMax))
      .map(({ index, term, data }) => ({
        index,
        term,
        checksum: crc32(data),
        sizeBytes: data.length
      }))
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
