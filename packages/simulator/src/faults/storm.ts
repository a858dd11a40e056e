// Carries the faults of a plan out, each at its time, until the storm is over.
import type { World } from '../world/world.ts'
import { Atlas } from './atlas.ts'
import { clientFaults } from './client-faults.ts'
import { clusterFaults } from './cluster-faults.ts'
import { diskFaults } from './disk-faults.ts'
import type { Fault } from './fault.ts'
import type { FaultKind } from './kinds.ts'
import { networkFaults } from './network-faults.ts'
import { processFaults } from './process-faults.ts'
import { type Strike, targetOf } from './target.ts'

const strikes: Readonly<Record<FaultKind, Strike>> = {
  ...networkFaults,
  ...diskFaults,
  ...processFaults,
  ...clusterFaults,
  ...clientFaults
}

/** What must wait until nothing else is missing: it is seldom that at just its moment. */
const losses: ReadonlySet<FaultKind> = new Set([
  'disk-loss',
  'disk-old-copy',
  'log-hole',
  'entry-rot',
  'blob-rot',
  'host-loss'
])
const retryMs = 250
const retriesMax = 30

export class Storm {
  readonly atlas: Atlas
  readonly #world: World
  #isOver = false

  constructor(world: World, faults: readonly Fault[], isBeyondTolerance: boolean) {
    this.#world = world
    this.atlas = new Atlas(world, isBeyondTolerance)
    world.rage()
    for (const fault of faults) {
      world.schedule.after(fault.atMs, () => {
        if (!this.#isOver) this.#strike(fault)
      })
    }
  }

  #strike(fault: Fault, tries = 0): void {
    const target = targetOf(fault, this.#world, this.atlas)
    if (target === null) return
    const hasStruck = strikes[fault.kind]({ ...target, isOver: () => this.#isOver })
    if (!hasStruck && losses.has(fault.kind) && tries < retriesMax) {
      this.#world.schedule.after(retryMs, () => {
        if (!this.#isOver) this.#strike(fault, tries + 1)
      })
      return
    }
    this.#world.note(`${hasStruck ? 'fault' : 'no'} ${fault.kind} (host ${target.host.number})`)
    if (hasStruck) this.#world.struck(fault.kind)
  }

  /** All is well again, and stays so; what is lost stays lost. */
  end(): void {
    this.#isOver = true
    this.#world.calm()
    for (const host of this.#world.hosts) {
      host.mend()
      host.start()
    }
  }
}
