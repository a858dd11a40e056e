// One piece of a campaign of power cuts: a cluster under load, its power cut again and again, and
// at the end the verdict over everything that was confirmed.

import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Random } from '@holdfast/testkit'
import { monotonicNs } from '../chaos/history.ts'
import type { Report } from '../chaos/violations.ts'
import type { DiskMode } from './image.ts'
import { PowerLoad } from './power-load.ts'
import { type NodeCut, PoweredCluster } from './powered-cluster.ts'

/** Whose power is cut; `mix` draws for each cut. */
export type Who = 'one' | 'majority' | 'all' | 'mix'

export interface PowerRunOptions {
  /** Where data, records and histories go; the caller removes it. */
  readonly directory: string
  readonly seed: number
  readonly cuts: number
  readonly who: Who
  readonly mode: DiskMode | 'mix'
  /** Messages a second. */
  readonly rate: number
  /** Asked before each cut; true ends the piece early. */
  readonly isOver?: () => boolean
  readonly onCut?: (cut: Cut) => void
}

export interface Cut {
  readonly number: number
  readonly who: Exclude<Who, 'mix'>
  readonly mode: DiskMode
  readonly nodes: readonly NodeCut[]
  /** Whether a node lost its power again while it opened what the first cut left. */
  readonly isRepeated: boolean
  /** Directories that were set aside as damaged, since the start of the piece. */
  readonly setAside: readonly string[]
  readonly seconds: number
  readonly confirmed: number
}

const nodesOf = { one: 1, majority: 2, all: 3 } as const

export class PowerRun {
  readonly #options: PowerRunOptions
  readonly #random: Random

  constructor(options: PowerRunOptions) {
    this.#options = options
    this.#random = new Random(options.seed).split('cuts')
  }

  /** @throws WaitError if a cut cluster does not come back, or lacks what it had confirmed */
  async run(): Promise<Report> {
    const { directory, seed, rate, cuts, isOver = () => false, onCut } = this.#options
    const powered = await PoweredCluster.start(directory)
    let load: PowerLoad | null = null
    try {
      const histories = join(directory, 'histories')
      load = await PowerLoad.start({ cluster: powered.cluster, histories, seed, rate })
      await load.goOn(100)
      for (let number = 1; number <= cuts && !isOver(); number += 1) {
        const cut = await this.#cut(number, powered, load)
        onCut?.(cut)
      }
      return await load.finish()
    } finally {
      load?.kill()
      await powered.stop()
    }
  }

  async #cut(number: number, powered: PoweredCluster, load: PowerLoad): Promise<Cut> {
    const startMs = performance.now()
    const random = this.#random
    const who = this.#drawWho()
    const mode = this.#drawMode()
    const ids = powered.cluster.nodes.map(({ id }) => id)
    const nodes = random.shuffle(ids).slice(0, nodesOf[who])
    await delay(random.integer(0, 600))
    // At any moment, or between two system calls of one of the nodes.
    const afterOperations = random.chance(0.5) ? random.integer(1, 200) : null
    const options = { nodes, mode, random, afterOperations }
    const images = await powered.cut(options)
    const at = monotonicNs()
    const dieIn = random.chance(0.2) ? random.integer(1, 80) : null
    const isRepeated = await powered.restart(options, dieIn)
    await powered.waitWell()
    await load.settle(at)
    await load.goOn(20)
    const seconds = (performance.now() - startMs) / 1_000
    const confirmed = load.confirmed()
    const setAside = powered.setAside()
    return { number, who, mode, nodes: images, isRepeated, setAside, seconds, confirmed }
  }

  #drawWho(): Exclude<Who, 'mix'> {
    const { who } = this.#options
    if (who !== 'mix') return who
    const draw = this.#random.fraction()
    if (draw < 0.4) return 'all'
    return draw < 0.7 ? 'majority' : 'one'
  }

  #drawMode(): DiskMode {
    const { mode } = this.#options
    if (mode !== 'mix') return mode
    return this.#random.chance(0.5) ? 'ordered' : 'adversarial'
  }
}
