// What a seed draws before anything happens in its world.
import type { ScenarioOptions } from './scenario.ts'

export function optionsOf(seed: number): ScenarioOptions {
  return { nodes: 3 + (seed % 3), stormMs: 8000, messages: 120, membership: seed % 2 === 0 }
}
