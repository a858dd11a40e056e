// Gives deleted bytes back to the file system. LevelDB drops a deleted value only when a compaction
// meets both the value and its deletion, which in a quiet store is never. A compaction of the
// deleted range does it: when there is enough to win and the store is quiet, or when there is very
// much.
import { recordKey } from './keys.ts'
import { type StoreTuning, storageLimits } from './limits.ts'
import type { Database } from './recovery.ts'
import type { WalDirectory } from './wal-directory.ts'

export class Reclaimer {
  readonly #database: Database
  readonly #wal: WalDirectory
  readonly #tuning: StoreTuning
  /** Deletes what is dead, if that is worth it and nobody writes. */
  readonly #tidy: () => Promise<void>
  readonly #timer: NodeJS.Timeout
  #first = Number.MAX_SAFE_INTEGER
  #last = 0
  #deletedBytes = 0
  #writtenBytes = 0
  #running: Promise<void> | null = null

  constructor(
    database: Database,
    wal: WalDirectory,
    tuning: StoreTuning,
    tidy: () => Promise<void>
  ) {
    this.#tidy = tidy
    this.#database = database
    this.#wal = wal
    this.#tuning = tuning
    this.#timer = setInterval(() => this.#look(), tuning.reclaimIntervalMs)
    this.#timer.unref()
  }

  noteWrite(bytes: number): void {
    this.#writtenBytes += bytes
  }

  noteDeletes(sequences: readonly number[], bytes: number): void {
    this.#deletedBytes += bytes
    for (const sequence of sequences) {
      this.#first = Math.min(this.#first, sequence)
      this.#last = Math.max(this.#last, sequence)
    }
  }

  #look(): void {
    const isQuiet = this.#writtenBytes < storageLimits.quietBytes
    this.#writtenBytes = 0
    if (this.#running !== null) return
    this.#running = this.#reclaim(isQuiet).finally(() => {
      this.#running = null
    })
  }

  async #reclaim(isQuiet: boolean): Promise<void> {
    if (isQuiet) await this.#tidy()
    const { reclaimQuietBytes } = this.#tuning
    const enough = isQuiet ? reclaimQuietBytes : storageLimits.reclaimBusyBytes
    if (this.#last > 0 && this.#deletedBytes >= enough) await this.#compact()
  }

  async #compact(): Promise<void> {
    const from = recordKey(this.#first)
    const to = recordKey(this.#last)
    this.#first = Number.MAX_SAFE_INTEGER
    this.#last = 0
    this.#deletedBytes = 0
    this.#wal.compactionBegins()
    try {
      await this.#database.compactRange(from, to)
    } catch {
      // What it met, a write meets too, and fails by rule S2: nothing is decided here.
    } finally {
      this.#wal.compactionEnds()
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#running
  }
}
