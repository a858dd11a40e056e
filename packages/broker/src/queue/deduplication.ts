// The table of producers: which sequences of which producer were applied, so that a publish
// repeated with the same identity takes effect once (architecture, A9). A row is made only by a
// section that may, lives on log time, and is never evicted: a full table refuses newcomers instead
// of forgetting anybody.
import { reservedProducer } from '@holdfast/record'
import { blankSavedItem, forget, type SavedItem } from '../saved-item.ts'
import type { ShardLimits } from './limits.ts'
import { SequenceSet } from './sequence-set.ts'

export interface Producer {
  /** The 16 bytes of its id as characters below 256. */
  readonly key: string
  epoch: number
  sequences: SequenceSet
  /** Those of them that a queue refused, being full: a repeat is told so. */
  readonly refused: SequenceSet
  /** Log time of the last section. */
  lastMs: number
}

const reservedStart = String.fromCharCode(...reservedProducer)

function isReserved(key: string): boolean {
  return key.startsWith(reservedStart)
}

/** Rows are saved in buckets by the first byte of the id. */
export const bucketCount = 256

export class ProducerTable {
  /** In the order of `lastMs`. */
  readonly #rows: Map<string, Producer> = new Map()
  readonly #limits: ShardLimits
  /** Rows of nodes. */
  #reserved = 0
  readonly saved: readonly SavedItem[] = Array.from({ length: bucketCount }, blankSavedItem)

  constructor(limits: ShardLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#rows.size
  }

  /** Whether there is no room for a new row. Nodes and clients leave each other theirs. */
  isFull(key: string): boolean {
    const others = isReserved(key) ? this.#rows.size - this.#reserved : this.#reserved
    return this.#rows.size - others >= this.#limits.producersMax
  }

  #count(key: string, sign: 1 | -1): void {
    if (isReserved(key)) this.#reserved += sign
  }

  get(key: string): Producer | undefined {
    return this.#rows.get(key)
  }

  #forgetBucket(key: string): void {
    const saved = this.saved[key.charCodeAt(0)]
    if (saved !== undefined) forget(saved)
  }

  /** A new row, or a new life of an old one under another epoch. */
  open(key: string, epoch: number, timeMs: number): Producer {
    const row = {
      key,
      epoch,
      sequences: new SequenceSet(),
      lastMs: timeMs,
      refused: new SequenceSet()
    }
    this.#forgetBucket(key)
    if (!this.#rows.delete(key)) this.#count(key, 1)
    this.#rows.set(key, row)
    return row
  }

  /** The row changes now. */
  touch(row: Producer, timeMs: number): void {
    this.#forgetBucket(row.key)
    if (row.lastMs === timeMs) return
    row.lastMs = timeMs
    this.#rows.delete(row.key)
    this.#rows.set(row.key, row)
  }

  /** Forgets producers that were silent for too long. */
  expire(timeMs: number): void {
    for (const [key, row] of this.#rows) {
      if (timeMs - row.lastMs < this.#limits.producerExpiryMs) return
      this.#forgetBucket(key)
      this.#rows.delete(key)
      this.#count(key, -1)
    }
  }

  /** All rows, the one silent longest first; rows of one time in no particular order. */
  rows(): IterableIterator<Producer> {
    return this.#rows.values()
  }

  /** Puts saved rows back, which may come in any order. */
  restore(rows: Producer[]): void {
    for (const row of rows.sort((a, b) => a.lastMs - b.lastMs)) {
      this.#rows.set(row.key, row)
      this.#count(row.key, 1)
    }
  }
}
