// One fault of a plan. Its numbers are drawn beforehand and name targets by chance, so that it
// means something in any cluster: also in a smaller one, and after other faults were left out.
import type { Random } from '@holdfast/testkit'
import { type FaultKind, faultKinds } from './kinds.ts'

export interface Fault {
  readonly kind: FaultKind
  /** From the beginning of the storm. */
  readonly atMs: number
  /** Draws from [0, 1): which host, which other one, how long, how much. */
  readonly host: number
  readonly other: number
  readonly duration: number
  readonly amount: number
}

export interface StormOptions {
  readonly kinds: readonly FaultKind[]
  readonly stormMs: number
  /** Mean time between two faults. */
  readonly everyMs: number
}

/** Faults of some kinds, as often as their weights say, in the order of their times. */
export function drawFaults(random: Random, options: StormOptions): readonly Fault[] {
  const { kinds, stormMs, everyMs } = options
  const total = kinds.reduce((sum, kind) => sum + faultKinds[kind].weight, 0)
  const faults: Fault[] = []
  if (total === 0) return faults
  for (let atMs = 0; ; ) {
    atMs += Math.ceil(-Math.log(1 - random.fraction()) * everyMs)
    if (atMs >= stormMs) return faults
    let draw = random.fraction() * total
    const kind = kinds.find((candidate) => {
      draw -= faultKinds[candidate].weight
      return draw < 0
    })
    const [host, other] = [random.fraction(), random.fraction()]
    const [duration, amount] = [random.fraction(), random.fraction()]
    if (kind !== undefined) faults.push({ kind, atMs, host, other, duration, amount })
  }
}
