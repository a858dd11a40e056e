// Plans cut short, for those who run many seeds in little time.
import type { Plan } from './plan.ts'

/** More of them cost much to form, and show little in a short storm. */
const shardsMax = 8

/** The same plan with a storm of at most `stormMsMax`, and few shards. */
export function briefly(plan: Plan, stormMsMax: number): Plan {
  const stormMs = Math.min(plan.stormMs, stormMsMax)
  const shardsAtBootstrap = Math.min(plan.tuning.shardsAtBootstrap ?? 1, shardsMax)
  const tuning = { ...plan.tuning, shardsAtBootstrap }
  return { ...plan, tuning, stormMs, faults: plan.faults.filter(({ atMs }) => atMs < stormMs) }
}
