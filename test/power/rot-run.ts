// One piece of a campaign of bit rot: under load, bits of one node's files flip again and again, or
// its whole data is deleted. It is the same node throughout a piece, since damage that nobody has
// met yet stays: more than a minority would be beyond what is promised.
import { readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { ClusterProcess, eventually, isNodeReady, Random, removeDirectory } from '@holdfast/testkit'
import { monotonicNs } from '../chaos/history.ts'
import type { Report } from '../chaos/violations.ts'
import { drawKind, type Rot, rot } from './bit-rot.ts'
import { PowerLoad } from './power-load.ts'

/** `flip`: bits of a file; `blank`: the directory is deleted. */
export type Damage = 'flip' | 'blank'

export interface RotRunOptions {
  /** Where data and histories go; the caller removes it. */
  readonly directory: string
  readonly seed: number
  readonly runs: number
  readonly damage: Damage
  /** Messages a second. */
  readonly rate: number
  readonly isOver?: () => boolean
  readonly onRot?: (done: RotDone) => void
}

export interface RotDone {
  readonly number: number
  /** `running`: the files changed under the running node, which was killed later. */
  readonly state: 'stopped' | 'running'
  readonly rot: Rot | null
  /** A directory was set aside as damaged. */
  readonly isQuarantined: boolean
  /** Of the node afterwards; null where the next damage came before it was well again. */
  readonly incarnation: number | null
  /** How often the process ended by itself. */
  readonly exits: number
  readonly seconds: number
  readonly confirmed: number
}

/**
 * Bounds a hang: on a machine that does much else, a node is copied anew in a minute or more. It
 * ends before the limit of the test, which does not say what was seen last.
 */
const wellTimeoutMs = 200_000
const exitsMax = 20

export class RotRun {
  readonly #options: RotRunOptions
  readonly #random: Random
  #exits = 0

  constructor(options: RotRunOptions) {
    this.#options = options
    this.#random = new Random(options.seed).split('rot')
  }

  /** @throws WaitError if the damaged node does not come back, or something confirmed is missing */
  async run(): Promise<Report> {
    const { directory, seed, rate, runs, isOver = () => false, onRot } = this.#options
    const cluster = await ClusterProcess.start({ data: join(directory, 'data') })
    let load: PowerLoad | null = null
    try {
      load = await PowerLoad.start({
        cluster,
        histories: join(directory, 'histories'),
        seed,
        rate
      })
      await load.goOn(200)
      const victim = this.#random.pick(cluster.nodes).id
      for (let number = 1; number <= runs && !isOver(); number += 1) {
        onRot?.(await this.#damage(number, victim, cluster, load))
      }
      await this.#waitWell(victim, cluster)
      return await load.finish()
    } finally {
      load?.kill()
      await cluster.stop()
    }
  }

  async #damage(
    number: number,
    victim: number,
    cluster: ClusterProcess,
    load: PowerLoad
  ): Promise<RotDone> {
    const random = this.#random
    const startMs = performance.now()
    this.#exits = 0
    const state = random.chance(0.5) ? 'running' : 'stopped'
    if (state === 'stopped') await this.#stop(victim, cluster)
    const found = await this.#harm(cluster.node(victim).data, state)
    const at = monotonicNs()
    if (state === 'running') {
      await delay(random.integer(0, 1_000))
      await this.#stop(victim, cluster)
    }
    if (this.#options.damage === 'blank') removeDirectory(cluster.node(victim).data)
    if (!cluster.isAlive(victim)) cluster.restart(victim)
    const isHurried = number < this.#options.runs && random.chance(0.4)
    if (isHurried) await delay(random.integer(500, 4_000))
    else {
      await this.#waitWell(victim, cluster)
      await load.settle(at)
      await load.goOn(20)
    }
    const incarnation = isHurried ? null : await this.#incarnationOf(victim, cluster)
    const isQuarantined = forgetQuarantined(cluster.node(victim).data) > 0
    const seconds = (performance.now() - startMs) / 1_000
    const done = { number, state, rot: found, isQuarantined, incarnation, seconds } as const
    return { ...done, exits: this.#exits, confirmed: load.confirmed() }
  }

  async #harm(data: string, state: RotDone['state']): Promise<Rot | null> {
    if (this.#options.damage === 'blank') {
      if (state === 'running') return null
      removeDirectory(data)
      return null
    }
    const random = this.#random
    const look = (): Rot | null => rot(data, drawKind(random), random)
    return eventually('a file whose bits can flip', look, { timeoutMs: 30_000 })
  }

  /** At once, or politely: the one leaves the end of a log torn, the other a checkpoint. */
  async #stop(victim: number, cluster: ClusterProcess): Promise<void> {
    if (!cluster.isAlive(victim)) return
    if (this.#random.chance(0.7)) return cluster.kill(victim)
    cluster.signal(victim, 'SIGTERM')
    const isGone = (): boolean => !cluster.isAlive(victim)
    await eventually(`end of node ${victim}`, isGone, { timeoutMs: 30_000 })
  }

  /** Until the node is ready and votes everywhere; it is started again whenever it ends. */
  async #waitWell(victim: number, cluster: ClusterProcess): Promise<void> {
    const look = async (): Promise<boolean> => {
      if (!cluster.isAlive(victim)) {
        this.#exits += 1
        if (this.#exits <= exitsMax) cluster.restart(victim)
        return false
      }
      if (!(await isNodeReady(cluster.node(victim).http))) throw new Error('it is not ready')
      const { groups } = await cluster.admin.cluster()
      const waiting = groups.find(({ voters, learners }) => {
        return !voters.includes(victim) || learners.length > 0
      })
      if (waiting !== undefined) throw new Error(JSON.stringify(waiting))
      return true
    }
    const giveUp = (): string | null => {
      return this.#exits > exitsMax ? `the process ended ${exitsMax} times` : null
    }
    const options = { timeoutMs: wellTimeoutMs, intervalMs: 50, giveUp }
    await eventually(`node ${victim} back in all groups`, look, options)
    await cluster.waitCaughtUp()
  }

  async #incarnationOf(node: number, cluster: ClusterProcess): Promise<number> {
    const { nodes } = await cluster.admin.cluster()
    return nodes.find((one) => one.id === node)?.incarnation ?? 0
  }
}

/** What was set aside is not looked at again. Returns how much it was. */
function forgetQuarantined(data: string): number {
  const names = readdirSync(dirname(data))
  const aside = names.filter((name) => name.startsWith(`${basename(data)}.damaged-`))
  for (const name of aside) removeDirectory(join(dirname(data), name))
  return aside.length
}
