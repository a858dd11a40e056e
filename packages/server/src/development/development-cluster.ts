// `holdfast dev`: a cluster of processes on this machine, for whoever tries, develops or tests. It
// starts the nodes, makes one cluster of them, reports, and stops them all when it is stopped.
import { setTimeout as pause } from 'node:timers/promises'
import { HoldfastError } from '@holdfast/errors'
import { makeDirectory } from '../make-directory.ts'
import { Child, logTail } from './child.ts'
import { Forming, viewCluster } from './formation.ts'
import {
  checkPorts,
  isFirstStart,
  type Layout,
  listening,
  loadToken,
  markBootstrapped,
  type NodeLayout,
  planLayout
} from './layout.ts'
import type { Report, ReportedNode } from './report.ts'

const lookIntervalMs = 100
const watchIntervalMs = 2000

/**
 * Three nodes on one machine have no cores to spare. They collect garbage on the thread that made
 * it, though other threads would do that sooner; and they do not mark the whole heap three times
 * whenever they come to rest, 50 to 150 ms each, to give back what has a bound anyway.
 */
export const engineFlags: readonly string[] = ['--single-threaded-gc', '--no-memory-reducer']

/** A node drains within 5 s; what has not ended by then is killed. */
const stopTimeoutMs = 8000

export interface DevelopmentOptions {
  readonly nodes: number
  readonly data: string
  readonly portOffset: number
  readonly restart: boolean
  /** Program and first arguments that run `holdfast`. */
  readonly launcher: readonly string[]
  readonly report: Report
  /** Whether to look at the cluster after it is ready, and report changes. */
  readonly isWatching: boolean
}

export class DevelopmentCluster {
  readonly #options: DevelopmentOptions
  readonly #layout: Layout
  readonly #children: Child[] = []
  readonly #forming: Forming
  readonly #stop = new AbortController()
  #token = ''
  #ids: ReadonlyMap<string, number> = new Map()
  #isReady = false
  #failure: Error | null = null
  #stopped: Promise<void> | null = null

  /** @throws CONFIGURATION_INVALID */
  constructor(options: DevelopmentOptions) {
    this.#options = options
    this.#layout = planLayout(options.nodes, options.data, options.portOffset)
    this.#forming = new Forming(this.#layout.nodes)
  }

  /**
   * Runs until `stop` is called.
   * @throws CONFIGURATION_INVALID (a port is in use), UNAVAILABLE (a node ended before all were
   * ready)
   */
  async run(): Promise<void> {
    makeDirectory(this.#layout.directory)
    await checkPorts(this.#layout)
    this.#token = loadToken(this.#layout.directory)
    const isFirst = isFirstStart(this.#layout)
    const seeds = this.#layout.nodes.slice(1).flatMap(({ peer }) => ['--seed', peer])
    for (const node of this.#layout.nodes) {
      const child = this.#child(node)
      this.#children.push(child)
      child.start(isFirst && node.index === 0 ? ['--bootstrap', ...seeds] : [])
    }
    this.#options.report.started(this.#reported(), this.#layout.directory)
    try {
      await this.#form()
      await this.#watch()
    } catch (error) {
      if (!this.#stop.signal.aborted) throw error
    } finally {
      await this.stop()
    }
    if (this.#failure !== null) throw this.#failure
  }

  /** Stops all nodes in order; when called again, at once. */
  stop(): Promise<void> {
    if (this.#stopped !== null) {
      return this.#stopped
    }
    this.#stop.abort()
    this.#options.report.stopping()
    this.#stopped = Promise.all(this.#children.map((child) => child.stop(stopTimeoutMs))).then(
      () => undefined
    )
    return this.#stopped
  }

  /** Ends all nodes without waiting for anything. */
  kill(): void {
    this.#stop.abort()
    for (const child of this.#children) child.kill()
  }

  #child(node: NodeLayout): Child {
    const { data, client, amqp, peer, http } = node
    const [program = '', ...parameters] = this.#options.launcher
    const command = [
      program,
      ...engineFlags,
      ...parameters,
      'server',
      ...['--data', data, '--client', listening(client), '--amqp', listening(amqp)],
      ...['--peer', peer, '--http', listening(http)],
      ...['--token', this.#token]
    ]
    return new Child({
      node,
      command,
      isRestarting: this.#options.restart,
      started: (child) => this.#started(child),
      exited: (child, code, signal) => this.#exited(child, code, signal)
    })
  }

  /** Waits until every node is a member and ready. */
  async #form(): Promise<void> {
    const { signal } = this.#stop
    for (;;) {
      const running = this.#running()
      const formation = await this.#forming.look(running)
      signal.throwIfAborted()
      if (formation.ids.size > 0) {
        this.#ids = formation.ids
        markBootstrapped(this.#layout)
      }
      if (formation.isReady) break
      this.#options.report.waiting(formation.waitingFor)
      await pause(lookIntervalMs, undefined, { signal })
    }
    this.#isReady = true
    this.#options.report.ready(this.#reported(), this.#token)
  }

  async #watch(): Promise<void> {
    const { signal } = this.#stop
    for (;;) {
      await pause(watchIntervalMs, undefined, { signal })
      if (this.#options.isWatching) {
        this.#options.report.cluster(await viewCluster(this.#layout.nodes))
      }
    }
  }

  #running(): readonly NodeLayout[] {
    return this.#children.filter(({ pid }) => pid !== null).map(({ node }) => node)
  }

  #reported(): readonly ReportedNode[] {
    return this.#children.map((child) => this.#reportedOf(child))
  }

  #reportedOf({ node, pid, command }: Child): ReportedNode {
    return { id: this.#ids.get(node.peer) ?? null, pid, layout: node, command }
  }

  #started(child: Child): void {
    this.#forming.forget(child.node)
    if (this.#isReady) {
      this.#options.report.event('started', this.#reportedOf(child), String(child.pid ?? ''))
    }
  }

  #exited(child: Child, code: number | null, signal: string | null): void {
    if (this.#stop.signal.aborted) return
    const how = signal ?? `exit code ${code}`
    if (this.#isReady) {
      this.#options.report.event('exited', this.#reportedOf(child), how)
      return
    }
    if (this.#options.restart || code === 0) return
    const { logFile, index } = child.node
    this.#failure = new HoldfastError('UNAVAILABLE', {
      reason: `node ${index} ended (${how}) before the cluster was ready; see ${logFile}`
    })
    this.#options.report.waiting(`nothing any more: the log of node ${index} ends with`)
    this.#options.report.waiting(logTail(logFile))
    this.#stop.abort()
  }
}
