// A thread that runs given seeds, briefly, and tells each outcome that matters.
import { parentPort, workerData } from 'node:worker_threads'
import { briefly, drawPlan, runPlan } from '@holdfast/simulator'

/** Seeds from `first` to `last`. */
export interface Stretch {
  readonly first: number
  readonly last: number
}

export interface SeedOutcome {
  readonly seed: number
  readonly published: number
  readonly redeliveries: number
  readonly failures: readonly string[]
  /** What happened, where something failed. */
  readonly lines: readonly string[]
}

/** Many beginnings in little time; forming and coming to rest are whole. */
const stormMsMax = 300
/** Every fourth storm lasts longer, so that what one fault left meets the next. */
const longStormMsMax = 1000

const { first, last } = workerData as Stretch
for (let seed = first; seed <= last; seed += 1) {
  const plan = briefly(drawPlan(seed), seed % 4 === 0 ? longStormMsMax : stormMsMax)
  const { published, redeliveries, failures, lines } = await runPlan(plan)
  const told = failures.length === 0 ? [] : lines
  const outcome: SeedOutcome = { seed, published, redeliveries, failures, lines: told }
  parentPort?.postMessage(outcome)
}
