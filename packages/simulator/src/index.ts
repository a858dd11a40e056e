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
export { Consumer, type ConsumerOptions } from './clients/consumer.ts'
export { History } from './clients/history.ts'
export { Operator } from './clients/operator.ts'
export { Publisher, type Route, type Variant } from './clients/publisher.ts'
export { optionsOf } from './options.ts'
export { type Outcome, runScenario, type ScenarioOptions } from './scenario.ts'
export type { Host } from './world/host.ts'
export type { Network } from './world/network.ts'
export type { Observer } from './world/observer.ts'
export type { Process } from './world/process.ts'
export { Schedule } from './world/schedule.ts'
export { tinyTuning, World } from './world/world.ts'
