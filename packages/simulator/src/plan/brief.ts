// Plans cut short, for those who run many seeds in little time.
import type { Plan } from './plan.ts'

/** The same plan with a storm of at most `stormMsMax`. */
export function briefly(plan: Plan, stormMsMax: number): Plan {
  const stormMs = Math.min(plan.stormMs, stormMsMax)
  return { ...plan, stormMs, faults: plan.faults.filter(({ atMs }) => atMs < stormMs) }
}
