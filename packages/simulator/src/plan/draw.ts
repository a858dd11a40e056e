// Draws a plan from a seed. Swarm testing: before anything happens, a seed decides which kinds of
// fault there are (half of them are off), how strong each is, and how large everything is, so that
// no kind is always drowned by the others (Groce et al., "Swarm testing").
import { Random } from '@holdfast/testkit'
import { drawFaults } from '../faults/fault.ts'
import { type FaultKind, faultKinds } from '../faults/kinds.ts'
import { calmWorld, eagerBounds, tightBounds } from './calm.ts'
import {
  type ChangeName,
  type ClientPlan,
  type ClockPlan,
  changeNames,
  type DiskPlan,
  type NetworkPlan,
  type Plan
} from './plan.ts'

/** Of any kind of fault, to be off in a seed. */
const offChance = 0.5
/** Of a seed in which one queue gets more messages than fit into a segment of its index. */
const floodChance = 0.1
/** Of a seed whose members have little room for anything. */
const tightChance = 0.3
/** Of a seed whose members take snapshots all the time. */
const eagerChance = 0.2
/** Of changes that cost more than others, or show less. */
const rareChances: { readonly [Name in ChangeName]?: number } = {
  bursts: 0.3,
  successions: 0.4,
  beginnings: 0.4,
  lifetimes: 0.2,
  rights: 0.3,
  transfers: 0.4,
  perishables: 0.4,
  overflows: 0.5,
  priorities: 0.5,
  copies: 0.4,
  commits: 0.4
}
/** Of a short storm in which changes follow each other so closely that they meet. */
const hasteChance = 0.15
const hastyStormMsMax = 60_000
/** Of a seed in which more may be lost than the cluster survives. */
const beyondChance = 0.04

/** A chance that is off in half of the seeds. */
function chanceUpTo(random: Random, max: number): number {
  // Cubed: mild ones are more usual, so that work gets done.
  return random.chance(offChance) ? 0 : random.fraction() ** 3 * max
}

function drawNetwork(random: Random): NetworkPlan {
  return {
    delayMsMean: random.pick([0.5, 1, 2, 2, 4, 10]),
    delayMsMax: 100,
    lossChance: chanceUpTo(random, 0.3),
    duplicateChance: chanceUpTo(random, 0.5),
    reorderChance: chanceUpTo(random, 0.3),
    lateChance: random.chance(offChance) ? 0 : random.fraction()
  }
}

function drawDisk(random: Random): DiskPlan {
  return {
    writeMsMax: random.pick([2, 6, 6, 20]),
    slowChance: random.pick([0, 0.01, 0.05]),
    slowMsMax: random.pick([100, 300, 1000]),
    readMsMax: random.pick([1, 5, 30]),
    readDamageChance: random.pick([0, 0, 0.01, 0.1]),
    readErrorChance: chanceUpTo(random, 0.1),
    keptChance: random.pick([0, 0.5, 0.5, 1])
  }
}

function drawClock(random: Random): ClockPlan {
  return {
    skewMsMax: random.pick([400, 400, 5000, 300_000]),
    driftMax: random.chance(offChance) ? 0 : random.pick([0.001, 0.01, 0.04])
  }
}

/** Storms of up to a minute have changes equally close; in longer ones they are further apart. */
function drawChangeGap(random: Random, stormMs: number): number {
  const isHasty = stormMs <= hastyStormMsMax && random.split('haste').chance(hasteChance)
  return isHasty ? Math.max(100, stormMs / 600) : Math.max(1500, stormMs / 40)
}

function drawClients(random: Random, stormMs: number, isLarge: boolean): ClientPlan {
  const publishers = random.integer(1, 4)
  // Longer storms have longer gaps: what a message costs is what limits the number of seeds.
  const gapMsMax = Math.ceil(stormMs * random.pick([0.005, 0.015, 0.015, 0.05]))
  const batchMax = random.pick([1, 3, 6, 20])
  // Most go on until the storm is over; the busiest end earlier.
  const messages = Math.min(400, Math.ceil((stormMs / gapMsMax) * (batchMax + 1)))
  return {
    publishers,
    careless: random.chance(0.3) ? random.integer(1, publishers) : 0,
    libraryShare: random.pick([0, 0.5, 0.5, 1]),
    messages,
    batchMax,
    gapMsMax,
    queues: isLarge ? random.integer(10, 40) : random.pick([0, 0, 2, 6]),
    flood: random.chance(floodChance) ? random.integer(1500, 2500) : 0,
    consumersMax: random.integer(1, 3),
    prefetchMax: random.pick([1, 20, 20, 100, 1000]),
    workMsMax: random.pick([5, 60, 60, 300]),
    releaseChance: random.pick([0, 0.1, 0.1, 0.4]),
    rejectChance: random.pick([0, 0.05, 0.2]),
    restlessChance: random.pick([0, 0.2, 0.5]),
    strangers: random.chance(offChance) ? 0 : 1,
    changes: drawChanges(random),
    changeGapMsMax: drawChangeGap(random, stormMs)
  }
}

function drawChanges(random: Random): readonly ChangeName[] {
  const isOn = (name: ChangeName): boolean => {
    const rareChance = rareChances[name]
    return rareChance === undefined ? random.chance(0.6) : random.split(name).chance(rareChance)
  }
  return changeNames.filter(isOn)
}

function drawShards(random: Random): number {
  const draw = random.fraction()
  if (draw < 0.01) return random.integer(50, 200)
  return draw < 0.1 ? random.integer(8, 32) : random.integer(1, 4)
}

/** Of a long storm, in which clusters grow old. Each of many shards has its price. */
const longStormMs = 3_600_000
const longLargeStormMs = 600_000
/** Clients of a long storm that never rest would do most of what happens in it. */
const longLeisure = 100

/** A long plan has a storm of an hour, with faults further apart. */
export function drawPlan(seed: number, isLong: boolean = false): Plan {
  const random = new Random(seed).split('plan')
  const shards = drawShards(random)
  const nodes = random.pick([1, 2, 3, 3, 3, 3, 4, 5, 5, 6, 7])
  const isLarge = shards > 8
  const longMs = isLarge ? longLargeStormMs : longStormMs
  const lengths = isLarge ? [4000, 8000] : [4000, 8000, 8000, 15_000, 30_000, 60_000]
  const stormMs = random.pick(isLong ? [longMs] : lengths)
  const all = Object.keys(faultKinds) as FaultKind[]
  const isBeyondTolerance = random.chance(beyondChance)
  const kinds = all.filter((kind) => {
    const isOn = !random.chance(offChance)
    // In a small cluster every loss is a whole one.
    return isOn && (nodes > 2 || kind !== 'host-loss')
  })
  const bounds = {
    ...(random.chance(tightChance) ? tightBounds : {}),
    ...(random.split('snapshots').chance(eagerChance) ? eagerBounds : {})
  }
  const longEveryMs = [1, 3, 3, 10].map((share) => (share * longMs) / 600)
  const everyMs = random.pick(isLong ? longEveryMs : [200, 500, 500, 1000, 3000])
  return {
    seed,
    nodes: isLarge ? Math.min(nodes, 3) : nodes,
    tuning: { ...calmWorld.tuning, ...bounds, shardsAtBootstrap: shards },
    network: drawNetwork(random),
    disk: drawDisk(random),
    clock: drawClock(random),
    clients: drawClients(random, stormMs, isLarge),
    ...(isLong ? { leisure: longLeisure } : {}),
    stormMs,
    isBeyondTolerance,
    deadMax: random.chance(0.4) ? random.integer(1, 3) : 0,
    faults: drawFaults(random, { kinds, stormMs, everyMs })
  }
}
