// LevelDB as it is on bad days, in memory: a batch is durable whole or not at all; a failed write
// leaves that open, and what is written after it is acknowledged and lost; deleted rows come back;
// disks lie, rot and fail. It asserts what the store promises it: every batch is synced, one is
// under way at a time, and no key is written twice.
import { mkdir } from 'node:fs/promises'
import { assert } from '@holdfast/errors'
import type { StoreOptions } from '@holdfast/storage'
import type { Random } from '@holdfast/testkit'

/** What a store opens in place of LevelDB. */
export type Database = ReturnType<NonNullable<StoreOptions['database']>>

/** What a write or a read ends with on request. */
export class SimError extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** Of a row: the heads of its first sections. */
const headBytes = 200

type Batch = readonly (readonly [key: string, value: Uint8Array | null])[]

/** Rows that outlive the processes that open them. */
export class SimDisk {
  readonly rows: Map<string, Uint8Array> = new Map()
  readonly #random: Random
  /** Rows that were deleted, and may come back. */
  readonly #graveyard = new Map<string, Uint8Array>()
  /** Batches in the order in which they became durable. */
  readonly batches: Batch[] = []
  /** The next write fails; its batch may be durable. */
  isFailing = false
  /** How often a read fails. */
  readFailureChance = 0
  /** Whether a write has failed since the last open. */
  hasFailed = false

  constructor(random: Random) {
    this.#random = random
  }

  write(batch: Batch): void {
    // What LevelDB acknowledges after a failed write may be gone later.
    if (this.hasFailed) return
    const isFailing = this.isFailing
    this.hasFailed = isFailing
    this.isFailing = false
    if (!isFailing || this.#random.chance(0.5)) this.#apply(batch)
    if (isFailing) throw new SimError('LEVEL_IO_ERROR', 'IO error: No space left on device')
  }

  #apply(batch: Batch): void {
    for (const [key, value] of batch) {
      const before = this.rows.get(key)
      if (value !== null) {
        assert(before === undefined, 'no key is written twice (storage rule S10)')
        this.rows.set(key, value)
      } else if (before !== undefined) {
        this.#graveyard.set(key, before)
        this.rows.delete(key)
      }
    }
    this.batches.push(batch)
  }

  read(key: string): Uint8Array | undefined {
    if (this.#random.chance(this.readFailureChance)) {
      throw new SimError('LEVEL_IO_ERROR', 'IO error: Input/output error')
    }
    return this.rows.get(key)
  }

  /** The process is gone: what it knew of is on the disk, and some of what was deleted. */
  crash(): void {
    this.hasFailed = false
    for (const [key, value] of this.#graveyard) {
      if (this.#random.chance(0.3)) this.rows.set(key, value)
    }
  }

  /** The last batches, or some in the middle, were never there; how many are gone. */
  lose(first: number, count: number): number {
    const lost = this.batches.splice(first, count)
    for (const batch of lost) for (const [key] of batch) this.rows.delete(key)
    return lost.length
  }

  /** Flips a bit in some row, as often near its beginning as anywhere. */
  rot(): void {
    const keys = [...this.rows.keys()]
    const key = keys[this.#random.integer(0, keys.length - 1)] ?? ''
    const bytes = new Uint8Array(this.rows.get(key) ?? [])
    const reach = this.#random.chance(0.5) ? bytes.length : Math.min(bytes.length, headBytes)
    const at = this.#random.integer(0, reach - 1)
    bytes[at] = (bytes[at] ?? 0) ^ (1 << this.#random.integer(0, 7))
    this.rows.set(key, bytes)
  }
}

const keyOf = (key: Uint8Array): string => Buffer.from(key).toString('hex')

/** What the store uses of a ClassicLevel. */
class SimLevel {
  readonly #disk: SimDisk
  readonly #path: string
  #isWriting = false

  constructor(disk: SimDisk, path: string) {
    this.#disk = disk
    this.#path = path
  }

  /** The store looks into the directory of its files. */
  async open(): Promise<void> {
    await mkdir(this.#path, { recursive: true })
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  compactRange(): Promise<void> {
    return Promise.resolve()
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#disk.read(keyOf(key))
  }

  async getMany(keys: readonly Uint8Array[]): Promise<readonly (Uint8Array | undefined)[]> {
    return keys.map((key) => this.#disk.read(keyOf(key)))
  }

  async *keys({ limit }: { readonly limit: number }): AsyncGenerator<Uint8Array> {
    const sorted = [...this.#disk.rows.keys()].sort().reverse().slice(0, limit)
    for (const key of sorted) yield Buffer.from(key, 'hex')
  }

  batch(): SimBatch {
    return new SimBatch(async (operations, isSync) => {
      assert(isSync, 'every batch is synced (storage rule S1)')
      assert(!this.#isWriting, 'one batch is under way at a time (storage rule S1)')
      this.#isWriting = true
      await Promise.resolve()
      this.#isWriting = false
      this.#disk.write(operations)
    })
  }
}

class SimBatch {
  readonly #operations: [string, Uint8Array | null][] = []
  readonly #write: (operations: Batch, isSync: boolean) => Promise<void>

  constructor(write: (operations: Batch, isSync: boolean) => Promise<void>) {
    this.#write = write
  }

  put(key: Uint8Array, value: Uint8Array): this {
    this.#operations.push([keyOf(key), new Uint8Array(value)])
    return this
  }

  del(key: Uint8Array): this {
    this.#operations.push([keyOf(key), null])
    return this
  }

  write(options?: { readonly sync?: boolean }): Promise<void> {
    return this.#write(this.#operations, options?.sync === true)
  }
}

export function simLevel(disk: SimDisk, path: string): Database {
  return new SimLevel(disk, path) as unknown as Database
}
