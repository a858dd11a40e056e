// How often clients and nodes of the simulated world let each other know that they are there.
import type { World } from '../world/world.ts'

/** Two that are missed have to be noticed in time for what comes after a storm. */
const leisurelyMsMax = 5000

/** The interval that clients ask for, whatever they speak. */
export function heartbeatMs({ leisure }: World): number {
  return Math.min(1000 * leisure, leisurelyMsMax)
}
