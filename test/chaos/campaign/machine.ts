// The machine that carries a campaign, and whether it can be held to seconds at this moment. Where
// it stands still, or others crowd it, so do the nodes, and none of them is to blame.
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'

export type MachineTrouble = 'machine-stall' | 'machine-crowded'

const intervalMs = 50
const lagMaxMs = 400
/** A cluster and its clients under ordinary load want less than this. */
const runnablePerCoreMax = 5

/** Tells of every moment in which this process was late, or too many wanted the processor. */
export function watchMachine(tell: (trouble: MachineTrouble) => void): NodeJS.Timeout {
  let lastMs = performance.now()
  return setInterval(() => {
    const nowMs = performance.now()
    if (nowMs - lastMs > intervalMs + lagMaxMs) tell('machine-stall')
    else if (runnable() > runnablePerCoreMax * availableParallelism()) tell('machine-crowded')
    lastMs = nowMs
  }, intervalMs)
}

/** How many want the processor, those that have it included; 0 where the system does not tell. */
export function runnable(): number {
  try {
    const [, , , counts = ''] = readFileSync('/proc/loadavg', 'utf8').split(' ')
    return Number(counts.split('/')[0])
  } catch {
    return 0
  }
}
