// Plans cut short, for those who run many seeds in little time.
import type { Plan } from './plan.ts'

/** More of them cost much to form and to declare, and show little in a short storm. */
const shardsMax = 4
const queuesMax = 6

/** The same plan with a storm of at most `stormMsMax`, few shards, and few queues. */
export function briefly(plan: Plan, stormMsMax: number): Plan {
  const stormMs = Math.min(plan.stormMs, stormMsMax)
  const shardsAtBootstrap = Math.min(plan.tuning.shardsAtBootstrap ?? 1, shardsMax)
  const tuning = { ...plan.tuning, shardsAtBootstrap }
  const clients = { ...plan.clients, queues: Math.min(plan.clients.queues, queuesMax) }
  const faults = plan.faults.filter(({ atMs }) => atMs < stormMs)
  return { ...plan, tuning, clients, stormMs, faults }
}
