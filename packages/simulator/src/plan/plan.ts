// A plan is everything that decides what happens in a run: how large the cluster is, how its parts
// behave, and every fault with its time. It is data, so that it can be drawn from a seed, made
// smaller, kept in a file, and run again without chance being asked once more.
import type { Fault } from '../faults/fault.ts'
import type { Tuning } from '../world/world.ts'

export interface NetworkPlan {
  /** Mean of the exponential delay of what is sent, and the longest. */
  readonly delayMsMean: number
  readonly delayMsMax: number
  /** Of a frame between nodes, in the Raft lane, which is treated as if it were datagrams. */
  readonly lossChance: number
  readonly duplicateChance: number
  readonly reorderChance: number
  /** Of what is under way on a link that breaks: it arrives all the same, until that is noticed. */
  readonly lateChance: number
}

export interface DiskPlan {
  /** A synced write takes between one millisecond and this. */
  readonly writeMsMax: number
  /** Of a write that takes up to `slowMsMax` more. */
  readonly slowChance: number
  readonly slowMsMax: number
  readonly readMsMax: number
  /** Of a read that finds one entry or blob damaged that the next read finds sound. */
  readonly readDamageChance: number
  /** Of a read that fails as a whole. */
  readonly readErrorChance: number
  /** Of the write under way at a crash: it reached the disk. */
  readonly keptChance: number
}

export interface ClockPlan {
  /** Wall clocks differ from the world's by up to this. */
  readonly skewMsMax: number
  /** Monotonic and wall clocks run faster or slower by up to this part. */
  readonly driftMax: number
}

export interface ClientPlan {
  readonly publishers: number
  /** Of those, how many do not wait for confirms and never repeat. */
  readonly careless: number
  /** Of publishers and consumers, those that are the client library, not a bare connection. */
  readonly libraryShare: number
  readonly messages: number
  readonly batchMax: number
  readonly gapMsMax: number
  readonly queues: number
  /** Messages of one more publisher, in large batches, for a queue of their own. */
  readonly flood: number
  readonly consumersMax: number
  readonly prefetchMax: number
  readonly workMsMax: number
  /** Outcomes of a delivery; what is left is accepted. */
  readonly releaseChance: number
  readonly rejectChance: number
  readonly restlessChance: number
  /** Of what a stranger sends. 0: there is no stranger. */
  readonly strangers: number
  /** What comes and goes, each kind by its name. */
  readonly changes: readonly ChangeName[]
  /** From one change to the next of its kind, at most. */
  readonly changeGapMsMax: number
}

export const changeNames = [
  'bindings',
  'routes',
  'bursts',
  'replacements',
  'purges',
  'watch',
  'successions',
  'beginnings',
  'lifetimes',
  'owners',
  'rights',
  'transfers',
  'perishables',
  'overflows',
  'priorities',
  'copies',
  'commits'
] as const
export type ChangeName = (typeof changeNames)[number]

export interface WorldPlan {
  readonly tuning: Tuning
  readonly network: NetworkPlan
  readonly disk: DiskPlan
  readonly clock: ClockPlan
  /** How many times longer than usual clients rest from what they do again and again (1). */
  readonly leisure?: number
}

export interface Plan extends WorldPlan {
  readonly seed: number
  readonly nodes: number
  readonly clients: ClientPlan
  /** How long faults go on. */
  readonly stormMs: number
  /**
   * More copies may be lost than the cluster promises to survive. Then it may halt and lose, but
   * never be wrong.
   */
  readonly isBeyondTolerance: boolean
  /** Nodes that stay dead in the second phase, while the others must get everything done. */
  readonly deadMax: number
  readonly faults: readonly Fault[]
}
