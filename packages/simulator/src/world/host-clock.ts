// The two clocks of a host: one that only measures, and one that people set. Both run at a speed of
// their own; only the second one jumps or stands still.
import type { Random } from '@holdfast/testkit'
import type { ClockPlan } from '../plan/plan.ts'

/** Wall clock at the start of a world. */
const epochMs = 1_700_000_000_000

export class HostClock {
  /** How much faster than the world's time the clocks run: 1.04 is four per cent. */
  rate = 1
  #skewMs: number
  #frozenMs: number | null = null
  /** By which the clock that measures is ahead; the other has it in its skew. */
  #leaptMs = 0

  constructor(plan: ClockPlan, random: Random) {
    this.#skewMs = random.integer(-plan.skewMsMax, plan.skewMsMax)
    this.rate = 1 + (random.fraction() * 2 - 1) * plan.driftMax
  }

  /** Never goes back. */
  monotonicMs(nowMs: number): number {
    return Math.floor(nowMs * this.rate) + this.#leaptMs
  }

  wallMs(nowMs: number): number {
    return this.#frozenMs ?? Math.floor(epochMs + nowMs * this.rate + this.#skewMs)
  }

  jump(byMs: number): void {
    this.#skewMs += byMs
  }

  /** Time goes by for this host, in which nothing happens to it. */
  leap(byMs: number): void {
    this.#leaptMs += byMs
    this.jump(byMs)
  }

  freeze(nowMs: number): void {
    this.#frozenMs = this.wallMs(nowMs)
  }

  thaw(): void {
    this.#frozenMs = null
  }
}
