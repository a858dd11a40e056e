// Waits of a member, ended by ticks. For retries and deadlines, which are few; nothing here is
// exact.
import type { Clock } from './clock.ts'

interface Wait {
  readonly atMs: number
  readonly run: () => void
}

export class Timers {
  readonly #clock: Clock
  #waits: Wait[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whether anything waits. */
  get isWaiting(): boolean {
    return this.#waits.length > 0
  }

  /** Runs `run` at the first tick at least `delayMs` from now. */
  after(delayMs: number, run: () => void): void {
    this.#waits.push({ atMs: this.#clock.nowMs + delayMs, run })
  }

  tick(): void {
    const { nowMs } = this.#clock
    if (!this.#waits.some((wait) => wait.atMs <= nowMs)) return
    const due = this.#waits.filter((wait) => wait.atMs <= nowMs)
    this.#waits = this.#waits.filter((wait) => wait.atMs > nowMs)
    for (const wait of due) wait.run()
  }
}
