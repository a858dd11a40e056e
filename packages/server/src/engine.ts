// How the engine collects a node's garbage. Most of what passes through a node are buffers outside
// of the engine's heap, while the heap itself is small and lives long. The engine counts both
// against the growth it allows a heap, so that a small one is marked from end to end again and
// again, for buffers that the next scavenge would have freed (docs/adr/0012).
import { setFlagsFromString } from 'node:v8'

/**
 * Growth of what is allocated, in percent of the live heap, until the next full collection. Buffers
 * have a bound of the engine's own besides: 64 MiB between two collections.
 */
const heapGrowingPercent = 400

/** Called first thing in the process of a node. The limit is computed anew at each collection. */
export function tuneEngine(): void {
  setFlagsFromString(`--heap-growing-percent=${heapGrowingPercent}`)
}
