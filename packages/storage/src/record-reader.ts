// Reads whole records for their bodies: at most a few LevelDB reads at once, the rest in a bounded
// line, one read for all who want the same record meanwhile, and a small cache, so that the entries
// of one record cost one read. A value's header is verified when it comes in, a body each time it
// is taken.
import { HoldfastError } from '@holdfast/errors'
import { Unreadable } from './byte-reader.ts'
import type { Checksum } from './checksum.ts'
import { storageLimits } from './limits.ts'
import {
  type Location,
  readHeader,
  readSectionData,
  readSectionHead,
  type SectionHead,
  type SectionKind
} from './section.ts'

/** Null: there is no such record, or it is not intact. */
export type RecordValue = Uint8Array | null
export type Fetch = (sequence: number) => Promise<Uint8Array | undefined>

/** What a body must say of itself. */
export interface BodyClaim {
  readonly kinds: readonly SectionKind[]
  readonly group: number
  readonly index: number
  readonly term: number
}

export class RecordReader {
  readonly #fetch: Fetch
  readonly #storeId: Uint8Array
  readonly #checksum: Checksum
  /** In the order of their last use. */
  readonly #cache = new Map<number, Uint8Array>()
  readonly #pending = new Map<number, Promise<RecordValue>>()
  readonly #waiting: (() => void)[] = []
  #cacheBytes = 0
  #running = 0

  constructor(fetch: Fetch, storeId: Uint8Array, checksum: Checksum) {
    this.#fetch = fetch
    this.#storeId = storeId
    this.#checksum = checksum
  }

  /** @throws UNAVAILABLE if too many reads wait already. */
  read(sequence: number): Promise<RecordValue> {
    const cached = this.#cache.get(sequence)
    if (cached !== undefined) {
      this.#cache.delete(sequence)
      this.#cache.set(sequence, cached)
      return Promise.resolve(cached)
    }
    let pending = this.#pending.get(sequence)
    if (pending === undefined) {
      pending = this.#readNow(sequence).finally(() => this.#pending.delete(sequence))
      this.#pending.set(sequence, pending)
    }
    return pending
  }

  /** Deleted records need no room any more. */
  forget(sequence: number): void {
    const value = this.#cache.get(sequence)
    if (value === undefined) return
    this.#cache.delete(sequence)
    this.#cacheBytes -= value.length
  }

  async #readNow(sequence: number): Promise<RecordValue> {
    if (this.#running >= storageLimits.readsConcurrentMax) {
      if (this.#waiting.length >= storageLimits.readsWaitingMax) {
        throw new HoldfastError('UNAVAILABLE', { reason: 'too many reads wait for the disk' })
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    } else {
      this.#running += 1
    }
    try {
      const value = await this.#fetch(sequence)
      if (value === undefined) return null
      readHeader(value, this.#storeId, sequence, this.#checksum)
      this.#remember(sequence, value)
      return value
    } catch (error) {
      if (error instanceof Unreadable || isReadError(error)) return null
      throw error
    } finally {
      // The place is handed on rather than given back, so that nobody overtakes the line.
      const next = this.#waiting.shift()
      if (next !== undefined) next()
      else this.#running -= 1
    }
  }

  #remember(sequence: number, value: Uint8Array): void {
    if (value.length > storageLimits.readCacheBytesMax) return
    this.#cache.set(sequence, value)
    this.#cacheBytes += value.length
    for (const [oldest, stale] of this.#cache) {
      if (this.#cacheBytes <= storageLimits.readCacheBytesMax) break
      this.#cache.delete(oldest)
      this.#cacheBytes -= stale.length
    }
  }
}

/**
 * LevelDB found its own files unreadable: for the reader the same as a record that is not there.
 */
export function isReadError(error: unknown): boolean {
  const code = (error as { readonly code?: unknown } | null)?.code
  return code === 'LEVEL_CORRUPTION' || code === 'LEVEL_IO_ERROR'
}

/** The verified body at a place, with its head; null if it is not what the index says it is. */
export function takeBody(
  value: Uint8Array,
  location: Location,
  claim: BodyClaim,
  checksum: Checksum
): { readonly head: SectionHead; readonly data: Uint8Array } | null {
  try {
    const head = readSectionHead(value, location.position, checksum)
    const isClaimed =
      claim.kinds.includes(head.kind) &&
      head.group === claim.group &&
      head.index === claim.index &&
      head.term === claim.term &&
      head.length === location.length &&
      head.checksum === location.checksum
    if (!isClaimed) return null
    const data = readSectionData(value, location.position, head, checksum)
    // A small body is copied, so that keeping it does not keep a record that is many times as
    // large.
    return { head, data: data.length * 8 < value.length ? new Uint8Array(data) : data }
  } catch (error) {
    if (error instanceof Unreadable) return null
    throw error
  }
}
