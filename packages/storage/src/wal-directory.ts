// Storage rule S12: LevelDB starts a new write-ahead log without an fsync of its directory, so that
// a power cut may lose the file with everything in it that was acknowledged. Here the directory is
// synced before a write that may have gone into a new file is acknowledged.
//
// Rotation happens at the beginning of a write, when the memtable holds more than the write buffer.
// What it can hold is bounded from above by what was written since the last rotation (LevelDB
// arena.cc: a value above 1 KiB has a block of its own, smaller ones waste at most a quarter of a 4
// KiB block; a skip list node has at most 12 links). Below that bound nothing is looked at; above
// it the directory is listed.
import { readdirSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'

const largeAllocationBytes = 900
const operationOverheadBytes = 256
const initialBytes = 8192

export class WalDirectory {
  readonly #directory: string
  readonly #writeBufferSizeBytes: number
  #handle: FileHandle | null = null
  #newest = 0
  #memtableBytesMax = initialBytes
  /** A manual compaction rotates at a moment of its own. */
  #compactions = 0
  #isUncertain = false

  constructor(directory: string, writeBufferSizeBytes: number) {
    this.#directory = directory
    this.#writeBufferSizeBytes = writeBufferSizeBytes
  }

  /** Number of the newest log whose directory entry is durable. */
  get newest(): number {
    return this.#newest
  }

  /** Syncs the directory as it is after the open of the database. */
  async start(): Promise<void> {
    this.#handle = await open(this.#directory, 'r')
    this.#newest = this.#newestLog()
    await this.#handle.sync()
  }

  /** Until the end of a manual compaction every write must look. */
  compactionBegins(): void {
    this.#compactions += 1
  }

  /** And the first one after it. */
  compactionEnds(): void {
    this.#compactions -= 1
    this.#isUncertain = true
  }

  /** To be called after a write of `valueBytes` each, and before it is acknowledged. */
  async afterWrite(valueBytes: readonly number[], deletes: number): Promise<void> {
    const isCompacting = this.#compactions > 0
    const isFull = this.#memtableBytesMax >= this.#writeBufferSizeBytes
    let bytes = deletes * operationOverheadBytes
    for (const size of valueBytes) {
      const share = size > largeAllocationBytes ? size : Math.ceil((size * 4) / 3)
      bytes += share + operationOverheadBytes
    }
    this.#memtableBytesMax += bytes
    if (!isFull && !isCompacting && !this.#isUncertain) return
    this.#isUncertain = isCompacting
    const newest = this.#newestLog()
    if (newest === this.#newest) return
    await this.#handle?.sync()
    this.#newest = newest
    this.#memtableBytesMax = initialBytes + bytes
  }

  #newestLog(): number {
    let newest = 0
    for (const name of readdirSync(this.#directory)) {
      if (name.endsWith('.log')) newest = Math.max(newest, Number.parseInt(name, 10) || 0)
    }
    return newest
  }

  async close(): Promise<void> {
    await this.#handle?.close()
    this.#handle = null
  }
}
