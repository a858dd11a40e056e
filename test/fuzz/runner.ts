// Runs single inputs and judges them: what is thrown, how long it took. The same failure is
// reported once, with the smallest input found for it.
import { splice } from './resize.ts'
import type { Target } from './target.ts'
import type { Watchdog } from './watchdog.ts'

/** No input may hold up the event loop for longer. */
export const inputMsMax = 100

/** Hardware that others use makes anything slow: tests that run beside others do not judge time. */
export const untimed: number = Number.POSITIVE_INFINITY

/** An invariant that an input broke. */
export interface Finding {
  readonly sentence: string
  readonly input: Uint8Array
  /** With its stack. */
  readonly error: string
}

/** The same for the same defect, as far as that can be told. */
function signatureOf(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  return text.replaceAll(/\d+/g, 'N').slice(0, 300)
}

const minimiseRunsMax = 4_000
const nothing = new Uint8Array(0)

export class Runner {
  readonly findings: Finding[] = []
  /** Of the slowest input, at its quickest: others use the machine too. */
  slowestMs = 0
  readonly #target: Target
  readonly #watchdog: Watchdog | null
  readonly #inputMsMax: number
  readonly #known = new Set<string>()

  constructor(target: Target, watchdog: Watchdog | null, msMax: number = inputMsMax) {
    this.#inputMsMax = msMax
    this.#target = target
    this.#watchdog = watchdog
  }

  async run(input: Uint8Array): Promise<void> {
    const pending = this.runSoon(input)
    if (pending !== undefined) await pending
  }

  /** As `run`; returns nothing where there is nothing to wait for. */
  runSoon(input: Uint8Array): Promise<void> | undefined {
    this.#watchdog?.begins(input)
    const startMs = performance.now()
    try {
      const pending = this.#target.run(input)
      if (pending !== undefined) return this.#finish(pending, input, startMs)
    } catch (error) {
      return this.#report(error, input)
    }
    const tookMs = performance.now() - startMs
    return tookMs > this.slowestMs && tookMs > 5 ? this.#measure(input, tookMs) : undefined
  }

  async #finish(pending: Promise<void>, input: Uint8Array, startMs: number): Promise<void> {
    try {
      await pending
    } catch (error) {
      await this.#report(error, input)
      return
    }
    const tookMs = performance.now() - startMs
    if (tookMs > this.slowestMs && tookMs > 5) await this.#measure(input, tookMs)
  }

  /** A first time is the time of the compiler, the collector and everyone else as well. */
  async #measure(input: Uint8Array, firstMs: number): Promise<void> {
    let quickestMs = firstMs
    for (let time = 0; time < 4 && quickestMs > this.slowestMs; time += 1) {
      this.#watchdog?.begins(input)
      const startMs = performance.now()
      await this.#target.run(input)
      quickestMs = Math.min(quickestMs, performance.now() - startMs)
    }
    this.slowestMs = Math.max(this.slowestMs, quickestMs)
    if (quickestMs > this.#inputMsMax) {
      await this.#report(new Error(`an input takes more than ${this.#inputMsMax} ms`), input)
    }
  }

  async #report(error: unknown, input: Uint8Array): Promise<void> {
    const signature = signatureOf(error)
    if (this.#known.has(signature)) return
    this.#known.add(signature)
    const isSlow = signature.startsWith('Error: an input takes')
    const smallest = isSlow ? input : await this.#minimise(input, signature)
    Error.stackTraceLimit = 30
    const again = (await this.#errorOf(smallest)) ?? error
    Error.stackTraceLimit = 0
    const text = again instanceof Error ? (again.stack ?? again.message) : String(again)
    this.findings.push({ sentence: signature, input: smallest, error: text })
  }

  async #errorOf(input: Uint8Array): Promise<unknown> {
    try {
      await this.#target.run(input)
      return null
    } catch (error) {
      return error
    }
  }

  /** Leaves out stretches, ever smaller ones, as long as the failure stays the same. */
  async #minimise(input: Uint8Array, signature: string): Promise<Uint8Array> {
    let smallest = input
    let runs = 0
    for (let size = input.length >> 1; size >= 1; size >>= 1) {
      for (let at = 0; at < smallest.length && runs < minimiseRunsMax; runs += 1) {
        const shorter = splice(smallest, at, Math.min(size, smallest.length - at), nothing)
        const error = await this.#errorOf(shorter)
        if (error !== null && signatureOf(error) === signature) smallest = shorter
        else at += size
      }
    }
    return smallest
  }
}
