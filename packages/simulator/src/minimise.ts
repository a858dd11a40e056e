// Makes a failing plan as small as it can be: first faults are left out, half of them, a quarter,
// one by one (delta debugging, Zeller and Hildebrandt), then nodes, clients and time. A smaller
// plan counts if it fails as well, for whatever reason: another bug is a bug, too.

import { calmClock, calmDisk, calmNetwork } from './plan/calm.ts'
import type { Plan } from './plan/plan.ts'

export interface MinimiseOptions {
  /** Whether a plan fails. */
  readonly fails: (plan: Plan) => Promise<boolean>
  /** Runs at most. */
  readonly runsMax: number
  readonly progress?: (plan: Plan, runs: number) => void
}

type Shrink = (plan: Plan) => Plan

/** What to try beside leaving out faults, each as long as it helps. */
const shrinks: readonly Shrink[] = [
  (plan) => ({ ...plan, network: calmNetwork }),
  (plan) => ({ ...plan, disk: calmDisk }),
  (plan) => ({ ...plan, clock: calmClock }),
  (plan) => ({ ...plan, deadMax: 0 }),
  (plan) => ({ ...plan, stormMs: lastFaultMs(plan) + 500 }),
  (plan) => ({ ...plan, clients: { ...plan.clients, strangers: 0 } }),
  (plan) => ({ ...plan, clients: { ...plan.clients, changes: plan.clients.changes.slice(1) } }),
  (plan) => ({ ...plan, clients: { ...plan.clients, changes: plan.clients.changes.slice(0, -1) } }),
  (plan) => ({ ...plan, clients: { ...plan.clients, careless: 0 } }),
  (plan) => ({ ...plan, clients: { ...plan.clients, libraryShare: 0 } }),
  (plan) => ({ ...plan, clients: { ...plan.clients, queues: 0 } }),
  (plan) => ({ ...plan, clients: { ...plan.clients, consumersMax: 1 } }),
  (plan) => ({ ...plan, clients: { ...plan.clients, restlessChance: 0 } }),
  (plan) => ({
    ...plan,
    clients: { ...plan.clients, publishers: halved(plan.clients.publishers) }
  }),
  (plan) => ({ ...plan, clients: { ...plan.clients, messages: halved(plan.clients.messages) } }),
  (plan) => ({ ...plan, clients: { ...plan.clients, batchMax: halved(plan.clients.batchMax) } }),
  (plan) => ({ ...plan, nodes: Math.max(1, plan.nodes - 1) }),
  (plan) => {
    const shardsAtBootstrap = halved(plan.tuning.shardsAtBootstrap ?? 1)
    return { ...plan, tuning: { ...plan.tuning, shardsAtBootstrap } }
  }
]

function halved(count: number): number {
  return Math.max(1, Math.floor(count / 2))
}

function lastFaultMs({ faults, stormMs }: Plan): number {
  return Math.min(stormMs, faults.at(-1)?.atMs ?? 0)
}

/** The smallest plan found that fails, starting from one that does. */
export async function minimise(plan: Plan, options: MinimiseOptions): Promise<Plan> {
  const search = new Search(plan, options)
  let before: Plan
  do {
    before = search.smallest
    await search.dropFaults()
    await search.shrink()
  } while (search.smallest !== before && !search.isOver)
  return search.smallest
}

class Search {
  smallest: Plan
  readonly #options: MinimiseOptions
  #runs = 0

  constructor(plan: Plan, options: MinimiseOptions) {
    this.smallest = plan
    this.#options = options
  }

  get isOver(): boolean {
    return this.#runs >= this.#options.runsMax
  }

  async #try(plan: Plan): Promise<boolean> {
    if (this.isOver || JSON.stringify(plan) === JSON.stringify(this.smallest)) return false
    this.#runs += 1
    if (!(await this.#options.fails(plan))) return false
    this.smallest = plan
    this.#options.progress?.(plan, this.#runs)
    return true
  }

  async dropFaults(): Promise<void> {
    for (let size = this.smallest.faults.length; size >= 1; size = Math.floor(size / 2)) {
      for (let at = 0; at < this.smallest.faults.length && !this.isOver; ) {
        const faults = this.smallest.faults.filter((_, place) => place < at || place >= at + size)
        const hasHelped = await this.#try({ ...this.smallest, faults })
        if (!hasHelped) at += size
      }
    }
  }

  async shrink(): Promise<void> {
    for (const make of shrinks) {
      while (await this.#try(make(this.smallest)));
    }
  }
}
