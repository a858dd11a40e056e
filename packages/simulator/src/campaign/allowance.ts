// How long a seed may take. What counts is what the process computes: one that is stopped, or gets
// little of a busy machine, has not failed. A thread that waits for ever computes nothing, and has.

/** Processor time that each thread may take for one seed, and for one with a long storm. */
export const seedMsMax = 300_000
export const longSeedMsMax = 3_000_000
/** Where hardly anything is computed, the clock decides. */
const wallRatio = 12

/** Milliseconds of the whole process. */
export interface Spent {
  readonly processorMs: number
  readonly wallMs: number
}

export function spentNow(): Spent {
  const { user, system } = process.cpuUsage()
  return { processorMs: (user + system) / 1000, wallMs: performance.now() }
}

/** `threads` that compute at a time, each up to `msMax` for a seed; one has had its seed since. */
export function isOverdue(since: Spent, now: Spent, threads: number, msMax: number): boolean {
  const isComputed = now.processorMs - since.processorMs > msMax * threads
  return isComputed || now.wallMs - since.wallMs > wallRatio * msMax
}
