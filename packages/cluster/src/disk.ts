// How full the disk is, as far as it decides what this node may take (storage rule S3): below the
// first limit it refuses publishes while acks and consumers go on, below the second it hands over
// what it leads, and below the third it ends, before a write fails.

import { handOver } from './consensus/leadership.ts'
import type { Core } from './core.ts'
import { log } from './core.ts'
import { times } from './limits.ts'
import type { ForwardOutcome } from './peers/peer-codec.ts'

/** Free bytes below which publishes are refused, leadership is given up, and the process ends. */
export const diskLimits = {
  publishBytes: 536_870_912,
  leadBytes: 268_435_456,
  /** A few commit records and a compaction: LevelDB on a full disk is not to be trusted. */
  runBytes: 33_554_432
} as const

export class Disk {
  readonly #core: Core
  freeBytes: number = Number.MAX_SAFE_INTEGER
  #wasLow = false
  #isStalled = false
  /** There was too little space to lead, and there has not been enough to take publishes since. */
  #isShort = false

  constructor(core: Core) {
    this.#core = core
  }

  /** Whether publishes to shards that this node leads are refused. */
  get isLow(): boolean {
    return this.freeBytes < diskLimits.publishBytes
  }

  /**
   * A disk that does not answer within an election timeout (storage rule S14): others lead better.
   * Heartbeats need no disk, so nobody else would notice.
   */
  tick(): void {
    const { commit, counters } = this.#core
    const { writingForMs } = commit
    const isStalled = writingForMs >= times.electionTimeoutTicks * times.tickMs
    if (isStalled) handOver(this.#core)
    if (isStalled === this.#isStalled) return
    this.#isStalled = isStalled
    this.#tellFitness()
    if (!isStalled) return log(this.#core, 'info', 'the disk answers again')
    counters.commitStalls++
    const message = 'the disk is slow: leadership is given up'
    log(this.#core, 'error', message, { writingForMs })
  }

  refusal(number: number): ForwardOutcome {
    const { freeBytes } = this
    const details = { freeBytes, limitBytes: diskLimits.publishBytes }
    return { type: 'refused', number, code: 'DISK_LOW', details }
  }

  measured(freeBytes: number, totalBytes: number): void {
    this.freeBytes = freeBytes
    if (this.isLow !== this.#wasLow) {
      this.#wasLow = this.isLow
      const message = this.isLow
        ? 'the disk is nearly full: publishes are refused'
        : 'the disk has room again'
      log(this.#core, this.isLow ? 'error' : 'info', message, { freeBytes, totalBytes })
    }
    this.#isShort = this.isLow && (this.#isShort || freeBytes < diskLimits.leadBytes)
    this.#tellFitness()
    if (this.#isShort) handOver(this.#core)
    if (freeBytes >= diskLimits.runBytes) return
    const reason = `the disk has ${freeBytes} bytes left: a full one loses what is written to it`
    this.#core.outputs.push({ type: 'exit', code: 70, reason })
  }

  /** What is handed over must not be given back. */
  #tellFitness(): void {
    this.#core.reports.diskFit(!this.#isStalled && !this.#isShort)
  }
}
