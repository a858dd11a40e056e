// One piece of a campaign: a cluster of its own, each node at a place of its own in the network,
// load, one strike after another until its time is over, then the drain, the audit of the replicas
// and the verdict on its history.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { engineFlags } from '@holdfast/server/terminal'
import {
  type ClusterProcess,
  eventually,
  type NodeSite,
  Random,
  WaitError
} from '@holdfast/testkit'
import { shimEnvironment } from '../../power/shim-library.ts'
import { type RunContext, type RunResult, runDirectory, runLoad } from '../chaos-run.ts'
import type { Namespaces } from '../network/namespaces.ts'
import { Violations } from '../violations.ts'
import { audit, auditEnvironment } from './audit.ts'
import { electionsOf, electionsOnceSettled } from './elections.ts'
import { watchMachine } from './machine.ts'
import { MembershipRecorder } from './membership-recorder.ts'
import type { Profile } from './profile.ts'
import { shimOf } from './resource-strikes.ts'
import { SmallDisk } from './small-disk.ts'
import { type Stage, smallDiskPlace } from './stage.ts'
import { type StrikeName, strikeOf } from './strikes.ts'

export interface PieceOptions {
  readonly seed: number
  readonly seconds: number
  readonly nodes: number
  readonly load: Pick<Profile, 'rate' | 'publishers'>
  /** Whether seconds without a confirm count. */
  readonly isTimed: boolean
  /** The next strike; null for a calm, `end` when there is nothing more to do. */
  readonly next: () => StrikeName | null | 'end'
  /** Null where there are no namespaces: then all is on loopback, without faults of the network. */
  readonly network: Namespaces | null
  readonly isKept: boolean
  /** A cluster that a strike leaves stuck is not helped up: it is the end of the piece. */
  readonly isLeftStuck?: boolean
  /** Added to the environment of every node. */
  readonly environment?: Readonly<Record<string, string>>
  readonly log: (sentence: string) => void
}

export interface PieceResult extends RunResult {
  readonly strikes: Readonly<Partial<Record<StrikeName, number>>>
  /** What could not be done on this machine. */
  readonly leftOut: readonly StrikeName[]
  /** Elections that began in the calm; null for a piece with strikes. */
  readonly calmElections: number | null
}

/** Where seconds do not count, no publish is given up because others share the machine. */
const patientMs = 240_000

interface Shim {
  readonly directory: string
  readonly environment: Readonly<Record<string, string>>
}

/** Well above the half GiB below which a node refuses publishes. */
const smallDiskBytes = 2 * 1_024 * 1_024 * 1_024
const ordinaryLoad = { messages: 500, isEndless: true, sizes: 'small', requeueShare: 0.01 } as const

export async function runPiece(options: PieceOptions): Promise<PieceResult> {
  const piece = new Piece(options)
  try {
    return await piece.run()
  } finally {
    piece.clear()
  }
}

class Piece {
  readonly #options: PieceOptions
  readonly #directory = runDirectory('chaos')
  readonly #violations = new Violations()
  readonly #strikes: Partial<Record<StrikeName, number>> = {}
  readonly #leftOut = new Set<StrikeName>()
  readonly #disk: SmallDisk | null
  readonly #shim: Shim | null
  #calmElections: number | null = null
  #isSound = false

  constructor(options: PieceOptions) {
    this.#options = options
    this.#disk = this.#mountDisk()
    this.#shim = this.#loadShim()
  }

  #loadShim(): Shim | null {
    const directory = join(this.#directory, 'shim')
    try {
      // It makes faults of disks and clocks; nothing is recorded, since no power is cut.
      const environment = { ...shimEnvironment(directory), HOLDFAST_SHIM_RECORDING: '0' }
      return { directory, environment }
    } catch (error) {
      this.#options.log(error instanceof Error ? error.message : String(error))
      return null
    }
  }

  #mountDisk(): SmallDisk | null {
    try {
      return SmallDisk.mount(join(this.#directory, 'small'), smallDiskBytes)
    } catch (error) {
      const reason = error instanceof Error ? error.message.split('\n')[0] : String(error)
      this.#options.log(`no disk that can be filled: ${reason}`)
      return null
    }
  }

  async run(): Promise<PieceResult> {
    const { seed, nodes, load, isTimed, network, log, environment } = this.#options
    const audits = join(this.#directory, 'audit')
    const siteOf = (place: number): NodeSite => this.#site(place)
    const result = await runLoad(
      {
        name: 'chaos',
        seed,
        directory: this.#directory,
        cluster: {
          nodes,
          // The ports are all ours in a network of our own.
          ...(network === null ? {} : { portOffset: 0 }),
          siteOf,
          environment: auditEnvironment(audits, { ...this.#shim?.environment, ...environment })
        },
        load: { ...ordinaryLoad, ...load, ...(isTimed ? {} : { publishTimeoutMs: patientMs }) },
        isTimed,
        violations: this.#violations,
        isKept: true,
        audit: (cluster) => audit(cluster, audits, this.#violations),
        log
      },
      (context) => this.#act(context)
    )
    const { report, isDrained } = result
    this.#isSound = report.isSound && report.errors === 0 && isDrained
    const leftOut = [...this.#leftOut]
    const calmElections = this.#calmElections
    return { ...result, strikes: this.#strikes, leftOut, calmElections }
  }

  #site(place: number): NodeSite {
    const { network } = this.#options
    const isSmall = place === smallDiskPlace && this.#disk !== null
    const parent = isSmall ? (this.#disk?.directory ?? '') : join(this.#directory, 'data')
    const data = join(parent, `place-${place}`)
    if (network === null) {
      return { host: '127.0.0.1', data, launcher: [process.execPath, ...engineFlags] }
    }
    const station = network.node(place)
    return { host: station.host, data, launcher: [...network.launcher(station), ...engineFlags] }
  }

  async #act({ cluster, load, faults, history, random, log }: RunContext): Promise<void> {
    const { network, seconds } = this.#options
    const membership = new MembershipRecorder(cluster, history)
    const disk = this.#disk
    const shimDirectory = this.#shim?.directory ?? null
    const places = { network, disk, shimDirectory }
    const stage: Stage = { cluster, load, faults, random, membership, ...places }
    await load.confirmed(100)
    await membership.read()
    const endMs = performance.now() + seconds * 1_000
    faults.note('healed')
    const watch = watchMachine((what) => faults.note(what))
    try {
      await this.#strikeUntil(endMs, stage, log)
    } finally {
      clearInterval(watch)
    }
  }

  async #strikeUntil(endMs: number, stage: Stage, log: (sentence: string) => void): Promise<void> {
    const { cluster, load, faults, membership } = stage
    let electionsBefore: number | null = null
    for (let number = 1; performance.now() < endMs; number += 1) {
      const name = this.#options.next()
      if (name === 'end') return
      if (name === null) {
        electionsBefore ??= await electionsOnceSettled(cluster.nodes)
        await delay(Math.min(1_000, Math.max(0, endMs - performance.now())))
        this.#calmElections = (await electionsOf(cluster.nodes)) - electionsBefore
      } else {
        const what = await this.#strike(name, stage)
        log(`${number}. ${name}: ${what}; ${load.progress().confirmed} confirmed`)
        // Some strikes are among clients, or leave something out: none of them may end a node.
        this.#watch(cluster)
        faults.note('healed')
        await membership.read()
        await delay(new Random(this.#options.seed + number).integer(200, 800))
      }
      const failure = load.failure()
      if (failure !== null) throw new Error(failure)
    }
  }

  async #strike(name: StrikeName, stage: Stage): Promise<string> {
    const { run, needs } = strikeOf(name)
    const isMissing =
      (needs === 'network' && stage.network === null) ||
      (needs === 'disk' && stage.disk === null) ||
      (needs === 'shim' && stage.shimDirectory === null)
    if (isMissing) {
      this.#leftOut.add(name)
      return 'left out'
    }
    this.#strikes[name] = (this.#strikes[name] ?? 0) + 1
    try {
      return await run(stage)
    } catch (error) {
      const sentence = error instanceof Error ? error.message : String(error)
      if (this.#options.isLeftStuck) throw new WaitError(`stuck after ${name}: ${sentence}`)
      this.#violations.add('stuck', `${name}: ${sentence}`)
      await this.#rescue(stage)
      return `FAILED: ${sentence}`
    }
  }

  /** What a strike that failed has left: without this, each one after it would fail as well. */
  async #rescue({ cluster, disk, network, shimDirectory }: Stage): Promise<void> {
    disk?.free()
    network?.heal()
    for (const node of cluster.nodes) {
      if (shimDirectory !== null) shimOf(shimDirectory, node).clear()
    }
    this.#watch(cluster)
    const look = async (): Promise<boolean> => {
      await cluster.waitReady(5_000)
      return true
    }
    await eventually('rescue of the cluster', look)
  }

  /** Every node that is a member runs, unless a strike has ended it and not yet started it. */
  #watch(cluster: ClusterProcess): void {
    for (const { id } of cluster.nodes) {
      if (cluster.isAlive(id)) continue
      this.#violations.add('node-ended', `node ${id}`)
      cluster.restart(id)
    }
  }

  /** Nothing of a sound piece is kept. */
  clear(): void {
    const isKept = this.#options.isKept || !this.#isSound
    if (this.#disk !== null && isKept) this.#options.log('the small disk is not kept')
    this.#disk?.unmount()
    if (!isKept) rmSync(this.#directory, { recursive: true, force: true })
  }
}
