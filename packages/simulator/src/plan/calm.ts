// A world in which little goes wrong: what tests of single subjects begin with, and what a storm
// ends in.
import type { ClockPlan, DiskPlan, NetworkPlan, WorldPlan } from './plan.ts'

export const calmNetwork: NetworkPlan = {
  delayMsMean: 2,
  delayMsMax: 60,
  lossChance: 0,
  duplicateChance: 0,
  reorderChance: 0,
  lateChance: 0
}

export const calmDisk: DiskPlan = {
  writeMsMax: 6,
  slowChance: 0.01,
  slowMsMax: 200,
  readMsMax: 5,
  readDamageChance: 0,
  readErrorChance: 0,
  keptChance: 0.5
}

export const calmClock: ClockPlan = { skewMsMax: 400, driftMax: 0 }

/**
 * Bounds so low that a batch takes several entries, an append several records, a backlog several
 * requests and runs, and a queue many marks.
 */
export const tightBounds: WorldPlan['tuning'] = {
  entryBytesMax: 300,
  recordBytesMax: 1600,
  forwardBytesMax: 2000,
  inflightBytesMax: 900,
  laneBytesMax: 1500,
  deliverBytesMax: 250,
  markBlockMin: 2
}

/**
 * Snapshots after every few entries, and no entry kept for those that lag: a change of members is
 * seldom applied before one is taken, and who was cut off finds the log begun anew.
 */
export const eagerBounds: WorldPlan['tuning'] = {
  snapshotEntries: 3,
  snapshotBytes: 600,
  keepBytesMax: 300
}

/** Bounds so low that snapshots, transfers and reads from disk happen all the time. */
export const calmWorld: WorldPlan = {
  tuning: {
    snapshotBytes: 4000,
    snapshotEntries: 40,
    snapshotPageBytes: 1000,
    snapshotChunkBytes: 1500,
    retainedPerList: 8,
    keepBytesMax: 4000,
    digestEntries: 48,
    bodyBytesMax: 6000,
    readCacheBytesMax: 2000,
    shardsAtBootstrap: 3
  },
  network: calmNetwork,
  disk: calmDisk,
  clock: calmClock
}
