// What a campaign remembers of one seed: a line of its ledger.
import type { Outcome } from '../run.ts'

export interface SeedResult {
  readonly seed: number
  readonly hash: string
  readonly failures: readonly string[]
  readonly virtualMs: number
  readonly realMs: number
  readonly steps: number
  readonly published: number
  readonly deliveries: number
  readonly redeliveries: number
  readonly strikes: Readonly<Record<string, number>>
  readonly marks: Readonly<Record<string, number>>
}

export function resultOf(seed: number, outcome: Outcome, realMs: number): SeedResult {
  const { hash, failures, virtualMs, steps, published, deliveries, redeliveries } = outcome
  return {
    seed,
    hash,
    failures,
    virtualMs: Math.round(virtualMs),
    realMs: Math.round(realMs),
    steps,
    published,
    deliveries,
    redeliveries,
    strikes: Object.fromEntries(outcome.strikes),
    marks: Object.fromEntries(outcome.marks)
  }
}

/** A seed that never came to an end, or threw. */
export function failedResult(seed: number, failure: string, realMs: number): SeedResult {
  const nothing = { virtualMs: 0, steps: 0, published: 0, deliveries: 0, redeliveries: 0 }
  const failures = [failure]
  return { seed, hash: '', failures, realMs, ...nothing, strikes: {}, marks: {} }
}
