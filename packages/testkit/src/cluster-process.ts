// A real cluster for tests from outside: starts `holdfast dev --json`, knows its nodes by pid,
// kills, pauses and restarts them, adds further servers, and asks the admin API who leads what.
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { createWriteStream, type WriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AdminClient, type ClusterView, isNodeReady } from './admin-client.ts'
import { eventually } from './eventually.ts'
import { findPortOffset, portsOfNode } from './free-ports.ts'
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
}

const repository = new URL('../../', import.meta.resolve('@holdfast/testkit/package.json'))
export const repositoryRoot: string = fileURLToPath(repository)
export const defaultCli: string = fileURLToPath(new URL('packages/cli/bin/holdfast.js', repository))

/** The channel tells what is started here when this process is gone, also by SIGKILL. */
const stdio: StdioOptions = ['ignore', 'pipe', 'pipe', 'ipc']

function childEnvironment(options: ClusterOptions): NodeJS.ProcessEnv {
  // biome-ignore lint/style/noProcessEnv: children inherit PATH and the like.
  return { ...process.env, ...options.environment }
}

/** A running development cluster. Everything it started ends with `stop`, or with this process. */
export class ClusterProcess {
  readonly token: string
  readonly portOffset: number
  readonly admin: AdminClient
  /** Milliseconds from spawn to the ready line. */
  readonly readyAfterMs: number
  readonly #options: ClusterOptions
  readonly #development: ChildProcess
  readonly #log: WriteStream
  readonly #nodes: Map<number, ClusterNode> = new Map()
  #isStopped = false
  readonly #children: Map<number, ChildProcess> = new Map()

  private constructor(
    options: ClusterOptions & { readonly portOffset: number },
    development: ChildProcess,
    log: WriteStream,
    ready: ReadyLine,
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
    const cli = options.cli ?? defaultCli
    const flags = ['--nodes', String(nodes), '--data', options.data]
    flags.push('--port-offset', String(portOffset), '--json')
    if (options.restart === true) flags.push('--restart')
    await mkdir(options.data, { recursive: true })
    const startMs = performance.now()
    const development = spawn(process.execPath, [cli, 'dev', ...flags], {
      stdio,
      env: childEnvironment(options)
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

  /** Every node known, by id. */
  get nodes(): readonly ClusterNode[] {
    return [...this.#nodes.values()].sort((left, right) => left.id - right.id)
  }

  get developmentPid(): number {
    return this.#development.pid ?? 0
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
    this.#adopt({ ...node, pid: this.#spawn(id, node.command) })
  }

  /**
   * Starts a blank server at the ports of place `place` (from 0) that waits to be taken in. `id` is
   * the one it is known by here until the cluster has given it another: see `rename`.
   */
  startBlank(id: number, place: number): ClusterNode {
    const ports = portsOfNode(place, this.portOffset)
    const address = (port: number): string => `127.0.0.1:${port}`
    const [client, peer, http] = [address(ports.client), address(ports.peer), address(ports.http)]
    const data = join(this.#options.data, `place-${place}`)
    // A node that was here before and was removed has left its data.
    removeDirectory(data)
    const cli = this.#options.cli ?? defaultCli
    const flags = ['--data', data, '--client', client, '--peer', peer, '--http', http]
    for (const node of this.nodes) flags.push('--seed', node.peer)
    const command = [process.execPath, cli, 'server', ...flags, '--token', this.token]
    const node = { id, client, peer, http, data, command, pid: this.#spawn(id, command) }
    this.#adopt(node)
    return node
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

  /** Waits until every node of `ids` (default: all) runs and says it is ready. */
  async waitReady(timeoutMs: number = 30_000, ids?: readonly number[]): Promise<void> {
    const wanted = ids ?? this.nodes.map((node) => node.id)
    for (const id of wanted) {
      await eventually(`ready of node ${id}`, () => isNodeReady(this.node(id).http), { timeoutMs })
    }
  }

  /** Waits until every running replica has applied what its group had committed at the call. */
  async waitCaughtUp(timeoutMs: number = 60_000): Promise<void> {
    const views: ClusterView[] = []
    for (const node of this.aliveNodes()) views.push(await this.#viewOf(node))
    const targets = new Map<number, number>()
    for (const { groups } of views) {
      for (const { id, commitIndex } of groups) {
        targets.set(id, Math.max(targets.get(id) ?? 0, commitIndex))
      }
    }
    for (const node of this.aliveNodes()) {
      const look = async (): Promise<boolean> => {
        const { groups } = await this.#viewOf(node)
        return groups.every(
          (group) => group.leader !== null && group.appliedIndex >= (targets.get(group.id) ?? 0)
        )
      }
      await eventually(`node ${node.id} catching up`, look, { timeoutMs, intervalMs: 50 })
    }
  }

  /** Ends dev and everything else, first politely. A second call does nothing. */
  async stop(timeoutMs: number = 10_000): Promise<void> {
    if (this.#isStopped) return
    this.#isStopped = true
    const pids = this.nodes.map((node) => node.pid).filter((pid) => isOwnedAlive(pid))
    for (const pid of pids) signalOwned(pid, 'SIGCONT')
    signalOwned(this.developmentPid, 'SIGINT')
    for (const child of this.#children.values()) child.kill('SIGTERM')
    const all = [this.developmentPid, ...pids]
    const areGone = (): boolean => all.every((pid) => !isOwnedAlive(pid))
    try {
      await eventually('end of the cluster', areGone, { timeoutMs })
    } catch {
      for (const pid of all) signalOwned(pid, 'SIGKILL')
      await eventually('end of the killed cluster', areGone, { timeoutMs: 5_000 })
    }
    for (const pid of all) disownProcess(pid)
    await new Promise<void>((resolve) => this.#log.end(resolve))
  }

  async #viewOf(node: ClusterNode): Promise<ClusterView> {
    return new AdminClient(() => [node.http]).cluster()
  }

  #adopt(node: ClusterNode): void {
    ownProcess(node.pid)
    this.#nodes.set(node.id, node)
  }

  #spawn(id: number, command: readonly string[]): number {
    const [program = process.execPath, ...flags] = command
    const environment = childEnvironment(this.#options)
    const child = spawn(program, flags, { stdio, env: environment })
    if (child.pid === undefined) throw new Error(`cannot start node ${id}: ${command.join(' ')}`)
    child.stdout?.on('data', (chunk: Buffer) => this.#log.write(chunk))
    child.stderr?.on('data', (chunk: Buffer) => this.#log.write(chunk))
    child.once('exit', () => this.#children.delete(id))
    this.#children.set(id, child)
    return child.pid
  }

  /** Keeps pids right when dev restarts nodes itself. */
  async #follow(lines: AsyncGenerator<Readonly<Record<string, unknown>>>): Promise<void> {
    for await (const line of lines) {
      const { event, id, pid } = line
      if (event !== 'started' || typeof id !== 'number' || typeof pid !== 'number') continue
      const node = this.#nodes.get(id)
      if (node !== undefined && node.pid !== pid) this.#adopt({ ...node, pid })
    }
  }
}
