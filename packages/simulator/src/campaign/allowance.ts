// How long a seed may take. What counts is what the process computes: one that is stopped, or gets
// little of a busy machine, has not failed. A thread that waits for ever computes nothing, and has.

/** Processor time that each thread may take for one seed. */
export const seedMsMax = 300_000
/** Where hardly anything is computed, the clock decides. */
const wallMsMax = 12 * seedMsMax

/** Milliseconds of the whole process. */
export interface Spent {
  readonly processorMs: number
  readonly wallMs: number
}

export function spentNow(): Spent {
  const { user, system } = process.cpuUsage()
  return { processorMs: (user + system) / 1000, wallMs: performance.now() }
}

/** `threads` that compute at a time, of which one has had its seed since. */
export function isOverdue(since: Spent, now: Spent, threads: number): boolean {
  const isComputed = now.processorMs - since.processorMs > seedMsMax * threads
  return isComputed || now.wallMs - since.wallMs > wallMsMax
}
