// A real cluster for tests from outside: starts `holdfast dev --json`, knows its nodes by pid,
// kills, pauses and restarts them, adds further servers, and asks the admin API who leads what.
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { createWriteStream, type WriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AdminClient, isNodeReady } from './admin-client.ts'
import { admit, provisionalId } from './admit.ts'
import { catchUp } from './catch-up.ts'
import { eventually } from './eventually.ts'
import { findPortOffset, placeOfPort, portsOfNode } from './free-ports.ts'
import { childEnvironment, childStdio, isRead, type NodeSite, spawnServer } from './node-site.ts'
import { disownProcess, isOwnedAlive, ownProcess, signalOwned } from './owned-processes.ts'
import { type ClusterNode, type ReadyLine, readReady } from './ready-line.ts'
import { removeDirectory } from './temporary-directory.ts'

export interface ClusterOptions {
  /** Directory for the data of all nodes; kept from one start to the next. */
  readonly data: string
  /** Default 3. */
  readonly nodes?: number
  /** Default: one at which all ports are free. */
  readonly portOffset?: number
  /** Passes `--restart`: dev itself restarts nodes that die. */
  readonly restart?: boolean
  /** Added to the environment, for instance NODE_OPTIONS. */
  readonly environment?: Readonly<Record<string, string>>
  /** Default 60,000. */
  readonly readyTimeoutMs?: number
  /** Launcher of the CLI; default that of this workspace. */
  readonly cli?: string
  /**
   * Where each node lives, by place (from 0), instead of among the nodes of `holdfast dev`: every
   * server is then started by itself, and the cluster is formed through the admin API.
   */
  readonly siteOf?: (place: number) => NodeSite
}

const repository = new URL('../../', import.meta.resolve('@holdfast/testkit/package.json'))
export const repositoryRoot: string = fileURLToPath(repository)
export const defaultCli: string = fileURLToPath(new URL('packages/cli/bin/holdfast.js', repository))

/** A running development cluster. Everything it started ends with `stop`, or with this process. */
export class ClusterProcess {
  readonly token: string
  readonly portOffset: number
  readonly admin: AdminClient
  /** Milliseconds from spawn to the ready line. */
  readyAfterMs: number
  readonly #options: ClusterOptions
  readonly #development: ChildProcess | null
  readonly #log: WriteStream
  readonly #nodes: Map<number, ClusterNode> = new Map()
  #isStopped = false
  readonly #children: Set<ChildProcess> = new Set()

  private constructor(
    options: ClusterOptions & { readonly portOffset: number },
    development: ChildProcess | null,
    log: WriteStream,
    ready: Pick<ReadyLine, 'token' | 'nodes'>,
    readyAfterMs: number
  ) {
    this.#options = options
    this.#development = development
    this.#log = log
    this.token = ready.token
    this.portOffset = options.portOffset
    this.readyAfterMs = readyAfterMs
    this.admin = new AdminClient(() => this.aliveNodes().map((node) => node.http))
    for (const node of ready.nodes) this.#adopt(node)
  }

  /** Starts dev and waits until it is ready. @throws Error with what dev said if it ends before. */
  static async start(options: ClusterOptions): Promise<ClusterProcess> {
    const nodes = options.nodes ?? 3
    const portOffset = options.portOffset ?? (await findPortOffset(nodes + 3))
    await mkdir(options.data, { recursive: true })
    if (options.siteOf !== undefined) return ClusterProcess.#form({ ...options, portOffset }, nodes)
    const cli = options.cli ?? defaultCli
    const flags = ['--nodes', String(nodes), '--data', options.data]
    flags.push('--port-offset', String(portOffset), '--json')
    if (options.restart === true) flags.push('--restart')
    const startMs = performance.now()
    const development = spawn(process.execPath, [cli, 'dev', ...flags], {
      stdio: childStdio,
      env: childEnvironment(options.environment)
    })
    if (development.pid === undefined) throw new Error(`cannot start ${cli}`)
    ownProcess(development.pid)
    const log = createWriteStream(join(options.data, 'test.log'), { flags: 'a' })
    const ready = await readReady(development, log, options.readyTimeoutMs ?? 60_000)
    const all = { ...options, portOffset }
    const readyMs = performance.now() - startMs
    const cluster = new ClusterProcess(all, development, log, ready.line, readyMs)
    void cluster.#follow(ready.rest)
    return cluster
  }

  /** Starts servers at the places 0 … `nodes` − 1 and makes one cluster of them. */
  static async #form(
    options: ClusterOptions & { readonly portOffset: number },
    nodes: number
  ): Promise<ClusterProcess> {
    const log = createWriteStream(join(options.data, 'test.log'), { flags: 'a' })
    const token = randomBytes(16).toString('hex')
    const cluster = new ClusterProcess(options, null, log, { token, nodes: [] }, 0)
    const startMs = performance.now()
    try {
      for (let place = 0; place < nodes; place += 1) {
        cluster.startBlank(provisionalId + place, place, place === 0 ? ['--bootstrap'] : [])
      }
      const servers = cluster.nodes
      for (const server of servers) {
        const isFirst = servers[0] === server
        const id = await admit(cluster.admin, server.peer, isFirst, options.readyTimeoutMs)
        cluster.rename(server.id, id)
      }
      await cluster.waitReady(options.readyTimeoutMs ?? 60_000)
    } catch (error) {
      await cluster.stop()
      throw error
    }
    cluster.readyAfterMs = performance.now() - startMs
    return cluster
  }

  /** Every node known, by id. */
  get nodes(): readonly ClusterNode[] {
    return [...this.#nodes.values()].sort((left, right) => left.id - right.id)
  }

  get developmentPid(): number {
    return this.#development?.pid ?? 0
  }

  node(id: number): ClusterNode {
    const found = this.#nodes.get(id)
    if (found === undefined) throw new Error(`no node ${id}`)
    return found
  }

  isAlive(id: number): boolean {
    return isOwnedAlive(this.node(id).pid)
  }

  aliveNodes(): readonly ClusterNode[] {
    return this.nodes.filter((node) => isOwnedAlive(node.pid))
  }

  /** `HOST:PORT` of the native protocol of every node. */
  clientAddresses(): string[] {
    return this.nodes.map((node) => node.client)
  }

  /** `HOST:PORT` of AMQP 0-9-1 of every node. */
  amqpAddresses(): string[] {
    return this.nodes.map((node) => node.amqp)
  }

  /** Sends a signal to one node, at once. False if it was not running. */
  signal(id: number, signal: NodeJS.Signals): boolean {
    return signalOwned(this.node(id).pid, signal)
  }

  /** Kills a node (SIGKILL) and waits until the process is gone. */
  async kill(id: number): Promise<void> {
    const { pid } = this.node(id)
    this.signal(id, 'SIGKILL')
    const isGone = (): boolean => !isOwnedAlive(pid)
    await eventually(`end of node ${id}`, isGone, { timeoutMs: 10_000, intervalMs: 2 })
  }

  /** Starts a node again with the command that dev gave for it. */
  restart(id: number): void {
    const node = this.node(id)
    if (isOwnedAlive(node.pid)) throw new Error(`node ${id} runs already`)
    this.#adopt({ ...node, pid: this.#spawn(node.command) })
  }

  /** At which place a node is: every place has ports of its own. */
  placeOf({ peer }: ClusterNode): number {
    return placeOfPort(Number(peer.split(':')[1]), this.portOffset)
  }

  /** Where the node of a place listens for its peers. */
  peerAt(place: number): string {
    return `${this.#siteOf(place).host}:${portsOfNode(place, this.portOffset).peer}`
  }

  /** Those of the places 0 … `end` − 1 at which no node is known. */
  freePlaces(end: number): number[] {
    const used = new Set(this.nodes.map((node) => this.placeOf(node)))
    return Array.from({ length: end }, (_, place) => place).filter((place) => !used.has(place))
  }

  /**
   * Starts a blank server at the ports of place `place` (from 0) that waits to be taken in. `id` is
   * the one it is known by here until the cluster has given it another: see `rename`. `extra`
   * arguments are for this start only.
   */
  startBlank(id: number, place: number, extra: readonly string[] = []): ClusterNode {
    const ports = portsOfNode(place, this.portOffset)
    const { host, data, launcher } = this.#siteOf(place)
    const address = (port: number): string => `${host}:${port}`
    const [client, amqp] = [address(ports.client), address(ports.amqp)]
    const [peer, http] = [address(ports.peer), address(ports.http)]
    // A node that was here before and was removed has left its data.
    removeDirectory(data)
    const cli = this.#options.cli ?? defaultCli
    const flags = ['--data', data, '--client', client, '--amqp', amqp]
    flags.push('--peer', peer, '--http', http)
    for (const node of this.nodes) flags.push('--seed', node.peer)
    const command = [...launcher, cli, 'server', ...flags, '--token', this.token]
    const pid = this.#spawn([...command, ...extra])
    const node = { id, client, amqp, peer, http, data, command, pid }
    this.#adopt(node)
    return node
  }

  #siteOf(place: number): NodeSite {
    const data = join(this.#options.data, `place-${place}`)
    const here: NodeSite = { host: '127.0.0.1', data, launcher: [process.execPath] }
    return this.#options.siteOf?.(place) ?? here
  }

  /** The cluster has given a node another id than the one it was started under. */
  rename(from: number, to: number): void {
    if (from === to) return
    const node = this.node(from)
    this.#nodes.delete(from)
    this.#nodes.set(to, { ...node, id: to })
  }

  /** Forgets a node that was removed; its process must have ended. */
  forget(id: number): void {
    this.#nodes.delete(id)
  }

  /** Node id of the leader of a group, as one node that answers sees it; null if none is known. */
  async leaderOf(group: number): Promise<number | null> {
    const view = await this.admin.cluster()
    return view.groups.find((one) => one.id === group)?.leader ?? null
  }

  /** Waits until the nodes `ids` (default: all) are ready. @throws WaitError, also if one ended. */
  async waitReady(
    timeoutMs: number = 30_000,
    ids: readonly number[] = this.nodes.map((node) => node.id)
  ): Promise<void> {
    const isFinal = this.#options.restart !== true
    const ended = `it has ended, see test.log in ${this.#options.data}`
    for (const id of ids) {
      const giveUp = (): string | null => (isFinal && !this.isAlive(id) ? ended : null)
      const look = (): Promise<boolean> => isNodeReady(this.node(id).http)
      await eventually(`ready of node ${id}`, look, { timeoutMs, giveUp })
    }
  }

  /** Waits until every running replica has applied what its group had committed at the call. */
  async waitCaughtUp(timeoutMs: number = 60_000): Promise<void> {
    await catchUp(this.aliveNodes(), timeoutMs)
  }

  /** Ends dev and everything else, first politely. A second call does nothing. */
  async stop(timeoutMs: number = 10_000): Promise<void> {
    if (this.#isStopped) return
    this.#isStopped = true
    const pids = this.nodes.map((node) => node.pid).filter((pid) => isOwnedAlive(pid))
    for (const pid of pids) signalOwned(pid, 'SIGCONT')
    if (this.#development !== null) signalOwned(this.developmentPid, 'SIGINT')
    for (const child of this.#children) child.kill('SIGTERM')
    const all = this.#development === null ? pids : [this.developmentPid, ...pids]
    const areGone = (): boolean => all.every((pid) => !isOwnedAlive(pid))
    try {
      await eventually('end of the cluster', areGone, { timeoutMs })
    } catch {
      for (const pid of all) signalOwned(pid, 'SIGKILL')
      await eventually('end of the killed cluster', areGone, { timeoutMs: 5_000 })
    }
    for (const pid of all) disownProcess(pid)
    const isSilent = (): boolean => this.#children.size === 0 && isRead(this.#development)
    await eventually('their last words', isSilent)
    await new Promise<void>((resolve) => this.#log.end(resolve))
  }

  #adopt(node: ClusterNode): void {
    ownProcess(node.pid)
    this.#nodes.set(node.id, node)
  }

  #spawn(command: readonly string[]): number {
    const { environment } = this.#options
    return spawnServer(command, environment, this.#log, this.#children).pid as number
  }

  /** Keeps pids right when dev restarts nodes itself. */
  async #follow(lines: AsyncGenerator<Readonly<Record<string, unknown>>>): Promise<void> {
    for await (const { event, id, pid } of lines) {
      if (event !== 'started' || typeof id !== 'number' || typeof pid !== 'number') continue
      const node = this.#nodes.get(id)
      if (node !== undefined && node.pid !== pid) this.#adopt({ ...node, pid })
    }
  }
}
