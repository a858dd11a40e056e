// Many seeds, over several threads, each of them once: what the ledger has already is not run
// again. A seed that hangs is a seed that failed.
import { Worker } from 'node:worker_threads'
import { isOverdue, longSeedMsMax, seedMsMax, spentNow } from './allowance.ts'
import type { Ledger } from './ledger.ts'
import { failedResult, type SeedResult } from './result.ts'
import type { SeedWorkerData } from './seed-worker.ts'

export interface CampaignOptions {
  readonly ledger: Ledger
  readonly from: number
  /** Seeds in all, or as many as it takes for so many simulated hours. */
  readonly seeds: number | null
  readonly hours: number | null
  /** Storms of an hour. */
  readonly isLong: boolean
  readonly jobs: number
  /** No seed is begun after so many minutes of real time. */
  readonly minutes: number | null
  readonly finished: (result: SeedResult) => void
}

const lookMs = 1000
const hourMs = 3_600_000
/** What lives for a step and no longer should be gone before anybody looks at it. */
const resourceLimits = { maxYoungGenerationSizeMb: 128 }

export class Campaign {
  readonly #options: CampaignOptions
  readonly #startedMs = performance.now()
  #next: number
  #virtualMs = 0

  constructor(options: CampaignOptions) {
    this.#options = options
    this.#next = options.from
    for (const result of options.ledger.results.values()) this.#virtualMs += result.virtualMs
  }

  /** Resolves when all are done, or the time is over. */
  async run(): Promise<void> {
    await Promise.all(Array.from({ length: this.#options.jobs }, () => this.#work()))
  }

  /** The next seed that nobody has; null: there is none, or no time. */
  #take(): number | null {
    const { ledger, from, seeds, hours, minutes } = this.#options
    while (ledger.results.has(this.#next)) this.#next += 1
    const isOver = minutes !== null && performance.now() - this.#startedMs > minutes * 60_000
    if (isOver || (seeds !== null && this.#next >= from + seeds)) return null
    if (hours !== null && this.#virtualMs >= hours * hourMs) return null
    this.#next += 1
    return this.#next - 1
  }

  async #work(): Promise<void> {
    const msMax = this.#options.isLong ? longSeedMsMax : seedMsMax
    let worker: Worker | null = null
    for (let seed = this.#take(); seed !== null; seed = this.#take()) {
      worker ??= this.#makeWorker()
      const result = await runIn(worker, seed, this.#options.jobs, msMax)
      if (result === null) {
        await worker.terminate()
        worker = null
      }
      const overdue = `no end within ${msMax} ms of processor time`
      this.#finished(result ?? failedResult(seed, overdue, msMax))
    }
    await worker?.terminate()
  }

  #makeWorker(): Worker {
    const workerData: SeedWorkerData = { isLong: this.#options.isLong }
    return new Worker(new URL('./seed-worker.js', import.meta.url), { workerData, resourceLimits })
  }

  #finished(result: SeedResult): void {
    this.#virtualMs += result.virtualMs
    this.#options.ledger.add(result)
    this.#options.finished(result)
  }
}

/** Null: it did not answer in time. */
function runIn(
  worker: Worker,
  seed: number,
  threads: number,
  msMax: number
): Promise<SeedResult | null> {
  return new Promise((resolve) => {
    const since = spentNow()
    const timer = setInterval(() => {
      if (isOverdue(since, spentNow(), threads, msMax)) done(null)
    }, lookMs)
    const answered = (result: SeedResult): void => done(result)
    const broke = (error: unknown): void => {
      done(failedResult(seed, `the thread broke: ${String(error)}`, 0))
    }
    const done = (result: SeedResult | null): void => {
      clearInterval(timer)
      worker.off('message', answered)
      worker.off('error', broke)
      resolve(result)
    }
    worker.on('message', answered)
    worker.on('error', broke)
    worker.postMessage(seed)
  })
}
