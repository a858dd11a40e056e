// One piece of fuzzing of one target: inputs in batches, coverage after each, what reached new code
// joins the corpus. With the same seed, corpus and number of inputs it makes the same inputs.
import { Random } from '@holdfast/testkit'
import type { BlockCoverage, CoverageReading } from './block-coverage.ts'
import { InputMaker } from './input-maker.ts'
import { heldBytes } from './memory-meter.ts'
import { type Finding, Runner } from './runner.ts'
import type { Target } from './target.ts'
import type { Watchdog } from './watchdog.ts'

export interface CampaignOptions {
  readonly target: Target
  readonly corpus: readonly Uint8Array[]
  readonly seed: number
  /** Ends with whichever comes first. */
  readonly inputsMax: number
  readonly secondsMax: number
  /** Null: nothing leads to new code but the corpus, and no time goes into looking for it. */
  readonly coverage: BlockCoverage | null
  readonly watchdog?: Watchdog
  /** Longest time for one input; left out: that which the product promises. */
  readonly inputMsMax?: number
  readonly onProgress?: (progress: CampaignResult) => void
}

export interface CampaignResult {
  readonly inputs: number
  readonly seconds: number
  /** Inputs that reached something, those of the beginning first. */
  readonly corpus: readonly Uint8Array[]
  /** Characters of our code that were reached, whole blocks at a time. */
  readonly reached: number
  /** Memory held at the end beyond that of the beginning; the corpus itself not counted. */
  readonly grownBytes: number
  readonly slowestMs: number
  readonly findings: readonly Finding[]
}

const batchMin = 128
const batchMax = 8_192
/** Reading the coverage is to cost a few per cent: a batch takes this long. */
const batchMsTarget = 400
const progressMs = 10_000
/** Inputs after which everything that is kept once is there: compiled code, tables, caches. */
const warmInputs = 20_000

export async function runCampaign(options: CampaignOptions): Promise<CampaignResult> {
  Error.stackTraceLimit = 0
  const campaign = new Campaign(options)
  await campaign.begin()
  return await campaign.run()
}

class Campaign {
  readonly #options: CampaignOptions
  readonly #maker: InputMaker
  readonly #runner: Runner
  readonly #startMs = performance.now()
  #inputs = 0
  #baseBytes: number | null = null
  #grownBytes = 0

  constructor(options: CampaignOptions) {
    this.#options = options
    this.#runner = new Runner(options.target, options.watchdog ?? null, options.inputMsMax)
    this.#maker = new InputMaker(options.target, [], new Random(options.seed))
  }

  /** Runs what is known: nothing of what it reaches is new afterwards. */
  async begin(): Promise<void> {
    const { target, corpus, coverage } = this.#options
    coverage?.forget()
    this.#maker.corpus.push(...target.seeds, ...corpus)
    await this.#runAll(this.#maker.corpus)
    this.#inputs += this.#maker.corpus.length
    coverage?.merge(coverage.read())
    if (this.#maker.corpus.length === 0) this.#maker.corpus.push(new Uint8Array(1))
  }

  async run(): Promise<CampaignResult> {
    const { inputsMax, secondsMax, coverage, onProgress } = this.#options
    let batchSize = batchMin
    let shownMs = this.#startMs
    while (this.#inputs < inputsMax && this.#seconds < secondsMax) {
      const batch: Uint8Array[] = []
      const size = Math.min(batchSize, inputsMax - this.#inputs)
      for (let i = 0; i < size; i += 1) batch.push(this.#maker.make())
      const batchStartMs = performance.now()
      await this.#runAll(batch)
      this.#inputs += batch.length
      const tookMs = performance.now() - batchStartMs
      if (tookMs < batchMsTarget / 2) batchSize = Math.min(batchMax, batchSize * 2)
      else if (tookMs > batchMsTarget * 2) batchSize = Math.max(batchMin, batchSize >> 1)
      const reading = coverage?.read() ?? []
      if (coverage?.isNew(reading)) {
        await this.#attribute(batch, reading, coverage)
        // Halving a large batch takes long: while much is new, batches are small.
        batchSize = Math.max(batchMin, batchSize >> 2)
      }
      if (this.#baseBytes === null && this.#inputs >= warmInputs) this.#baseBytes = this.#held()
      if (performance.now() - shownMs < progressMs) continue
      shownMs = performance.now()
      this.#weigh()
      onProgress?.(this.#result())
    }
    this.#weigh()
    return this.#result()
  }

  get #seconds(): number {
    return (performance.now() - this.#startMs) / 1000
  }

  async #runAll(inputs: readonly Uint8Array[]): Promise<void> {
    for (const input of inputs) {
      const pending = this.#runner.runSoon(input)
      if (pending !== undefined) await pending
    }
  }

  /**
   * Finds the inputs of a batch that reach what was not reached before, by halves. `reading` is
   * what the whole batch reached: once that is accounted for, the rest needs no look.
   */
  async #attribute(
    inputs: readonly Uint8Array[],
    reading: CoverageReading,
    coverage: BlockCoverage
  ): Promise<void> {
    const [only] = inputs
    if (only === undefined) return
    if (inputs.length === 1) {
      coverage.merge(reading)
      this.#maker.corpus.push(new Uint8Array(only))
      return
    }
    const middle = inputs.length >> 1
    for (const half of [inputs.slice(0, middle), inputs.slice(middle)]) {
      await this.#runAll(half)
      const halfReading = coverage.read()
      if (coverage.isNew(halfReading)) await this.#attribute(half, halfReading, coverage)
      if (!coverage.isNew(reading)) return
    }
    // What only several inputs together reach is nobody's, and not new any more.
    coverage.merge(reading)
  }

  /** What the corpus takes is the fuzzer's own. */
  #held(): number {
    return heldBytes() - this.#maker.corpus.reduce((sum, input) => sum + input.length, 0)
  }

  #weigh(): void {
    if (this.#baseBytes === null) return
    this.#grownBytes = Math.max(this.#grownBytes, this.#held() - this.#baseBytes)
  }

  #result(): CampaignResult {
    return {
      inputs: this.#inputs,
      seconds: this.#seconds,
      corpus: this.#maker.corpus,
      reached: this.#options.coverage?.characters ?? 0,
      grownBytes: this.#grownBytes,
      slowestMs: this.#runner.slowestMs,
      findings: this.#runner.findings
    }
  }
}
