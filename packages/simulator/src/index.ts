// The public names of @holdfast/simulator: a world to test members in, and scenarios under seeds.
export {
  Bindings,
  Depths,
  Purges,
  Replacements,
  route,
  Watch
} from './clients/changes.ts'
export { Client } from './clients/client.ts'
export { Consumer } from './clients/consumer.ts'
export type { ConsumerOptions } from './clients/consumer-options.ts'
export { History } from './clients/history.ts'
export { Operator } from './clients/operator.ts'
export { Publisher, type Route, type Variant } from './clients/publisher.ts'
export { briefly } from './plan/brief.ts'
export { calmClock, calmDisk, calmNetwork, calmWorld } from './plan/calm.ts'
export { drawPlan } from './plan/draw.ts'
export type { Plan, WorldPlan } from './plan/plan.ts'
export { type Outcome, type RunOptions, runPlan } from './run.ts'
export type { Host } from './world/host.ts'
export type { Network } from './world/network.ts'
export type { Observer } from './world/observer.ts'
export type { Process } from './world/process.ts'
export { Schedule } from './world/schedule.ts'
export { type Tuning, World } from './world/world.ts'
