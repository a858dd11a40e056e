// A cluster of real nodes under the disk shim, whose power can be cut: some nodes are killed in the
// same moment, and each data directory becomes the image that a power cut leaves of it.

import { readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { ClusterProcess, eventually, isNodeReady, type Random } from '@holdfast/testkit'
import { FaultControl } from './fault-control.ts'
import { buildImage, type DiskMode, type ImageOptions, type ImageReport } from './image.ts'
import { shimEnvironment } from './shim-library.ts'

export interface CutOptions {
  readonly nodes: readonly number[]
  readonly mode: DiskMode
  readonly random: Random
  readonly unsynced?: ImageOptions['unsynced']
  readonly kept?: string
  /**
   * The first of the nodes dies before so many more operations of its disk, between any two system
   * calls, and the others as soon as that is seen. Null: all at once, at this moment.
   */
  readonly afterOperations?: number | null
}

export interface NodeCut extends ImageReport {
  readonly node: number
}

const dieTimeoutMs = 3_000
const readyTimeoutMs = 240_000

export class PoweredCluster {
  readonly cluster: ClusterProcess
  readonly #records: string

  private constructor(cluster: ClusterProcess, records: string) {
    this.cluster = cluster
    this.#records = records
  }

  /** Starts three nodes with their data in `directory`, and waits until they are ready. */
  static async start(directory: string): Promise<PoweredCluster> {
    const records = join(directory, 'records')
    const environment = shimEnvironment(records)
    const cluster = await ClusterProcess.start({ data: join(directory, 'data'), environment })
    return new PoweredCluster(cluster, records)
  }

  #recordsOf(id: number): string {
    return join(this.#records, basename(this.cluster.node(id).data))
  }

  /** The faults of the disk and the clock of one node. */
  control(id: number): FaultControl {
    return new FaultControl(this.#recordsOf(id))
  }

  /** Cuts the power of nodes; they stay down. Those that are dead already are only reduced. */
  async cut(options: CutOptions): Promise<NodeCut[]> {
    const { nodes, afterOperations = null } = options
    const [first] = nodes
    if (first !== undefined && afterOperations !== null) await this.#die(first, afterOperations)
    for (const id of nodes) this.cluster.signal(id, 'SIGKILL')
    for (const id of nodes) await this.cluster.kill(id)
    return nodes.map((id) => this.#image(id, options))
  }

  async #die(id: number, operations: number): Promise<void> {
    const control = this.control(id)
    control.set({ dieIn: operations })
    const endMs = performance.now() + dieTimeoutMs
    while (this.cluster.isAlive(id) && performance.now() < endMs) await delay(1)
    control.set({ dieIn: 0 })
  }

  #image(node: number, { mode, random, unsynced = 'some', kept = '' }: CutOptions): NodeCut {
    const { data } = this.cluster.node(node)
    const records = this.#recordsOf(node)
    return { node, ...buildImage({ data, records, mode, random, unsynced, kept }) }
  }

  /**
   * Starts nodes after a cut. `dieIn` has the first of them die before that operation of its start,
   * if it comes so far, and then cuts its power once more. Returns whether that happened.
   */
  async restart(options: CutOptions, dieIn: number | null = null): Promise<boolean> {
    const [first] = options.nodes
    if (first !== undefined && dieIn !== null) this.control(first).set({ dieIn })
    for (const id of options.nodes) this.cluster.restart(id)
    if (first === undefined || dieIn === null) return false
    const { http } = this.cluster.node(first)
    const look = async (): Promise<boolean> => {
      return !this.cluster.isAlive(first) || (await isNodeReady(http))
    }
    // A majority may be needed to be ready: then it is ready late, and dies before.
    await eventually(`node ${first} ready or dead`, look, { timeoutMs: readyTimeoutMs })
    const control = this.control(first)
    if (this.cluster.isAlive(first)) control.set({ dieIn: 0 })
    // One that was killed just before takes a while to be gone; it answers nothing any more.
    await eventually(`node ${first} still ready, or dead`, look, { timeoutMs: readyTimeoutMs })
    if (this.cluster.isAlive(first)) return false
    if (control.read('dieIn') > 0)
      throw new Error(`node ${first} ended by itself while it opened what a cut left`)
    await this.cut({ ...options, nodes: [first], afterOperations: null })
    this.cluster.restart(first)
    return true
  }

  /** Directories that were set aside as damaged, since the start. A power cut is no damage. */
  setAside(): readonly string[] {
    const directories = new Set(this.cluster.nodes.map(({ data }) => dirname(data)))
    const names = [...directories].flatMap((directory) => readdirSync(directory))
    return names.filter((name) => name.includes('.damaged-')).sort()
  }

  /** Waits until all nodes serve, and every replica has applied what is committed. */
  async waitWell(): Promise<void> {
    await this.cluster.waitReady(readyTimeoutMs)
    await this.cluster.waitCaughtUp(readyTimeoutMs)
  }

  async stop(): Promise<void> {
    for (const { id } of this.cluster.nodes) this.control(id).clear()
    await this.cluster.stop()
  }
}
