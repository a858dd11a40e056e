// What is done to a cluster: kill -9 of a leader, of all nodes at once, SIGSTOP and SIGCONT, nodes
// added, removed, or robbed of their data. Each fault is written to the history at its moment.
import { setTimeout as delay } from 'node:timers/promises'
import {
  AdminError,
  type ClusterProcess,
  eventually,
  type OperationView,
  type QueueView,
  type Random,
  removeDirectory
} from '@holdfast/testkit'
import { type HistoryWriter, monotonicNs } from './history.ts'

export interface PauseRange {
  readonly minMs: number
  readonly maxMs: number
}

const defaultPause: PauseRange = { minMs: 200, maxMs: 3_000 }
const readyTimeoutMs = 60_000
const operationTimeoutMs = 180_000

export class Faults {
  readonly #cluster: ClusterProcess
  readonly #random: Random
  readonly #history: HistoryWriter

  constructor(cluster: ClusterProcess, random: Random, history: HistoryWriter) {
    this.#cluster = cluster
    this.#random = random.split('faults')
    this.#history = history
  }

  /** Writes a fault, or the end of one, to the history at this moment. */
  note(fault: string, node: number | null = null, group: number | null = null): void {
    this.#history.append({ type: 'fault', at: monotonicNs(), fault, node, group })
    this.#history.flush()
  }

  async #pause({ minMs, maxMs }: PauseRange): Promise<void> {
    await delay(this.#random.integer(minMs, maxMs))
  }

  /** Node that leads the group, waiting until one does. */
  async leaderOf(group: number): Promise<number> {
    const look = (): Promise<number | null> => this.#cluster.leaderOf(group)
    return eventually(`leader of group ${group}`, look, { timeoutMs: readyTimeoutMs })
  }

  /** A shard that holds a queue of this prefix, or the metadata group one time in four. */
  async pickGroup(prefix: string): Promise<number> {
    if (this.#random.chance(0.25)) return 0
    const list = (): Promise<readonly QueueView[]> => this.#cluster.admin.queues()
    const queues = await eventually('list of queues', list, { timeoutMs: readyTimeoutMs })
    const groups = new Set<number>()
    for (const queue of queues) if (queue.name.startsWith(prefix)) groups.add(queue.group)
    return this.#random.pick([...groups].sort((left, right) => left - right))
  }

  /** Kills the leader of a group, restarts it after a pause, and waits until all have caught up. */
  async killLeader(group: number, pause: PauseRange = defaultPause): Promise<number> {
    const node = await this.leaderOf(group)
    this.note('kill-leader', node, group)
    await this.#cluster.kill(node)
    await this.#pause(pause)
    await this.#bringBack(node)
    return node
  }

  async #bringBack(node: number): Promise<void> {
    this.note('restart', node, null)
    this.#cluster.restart(node)
    await this.#cluster.waitReady(readyTimeoutMs)
    await this.#cluster.waitCaughtUp()
  }

  /** Kills every node in the same moment and starts them again. Returns ms until all were ready. */
  async killAll(pause: PauseRange = defaultPause): Promise<number> {
    const alive = this.#cluster.aliveNodes()
    this.note('kill-all')
    for (const { id } of alive) this.#cluster.signal(id, 'SIGKILL')
    for (const { id } of alive) await this.#cluster.kill(id)
    await this.#pause(pause)
    const startMs = performance.now()
    for (const { id } of alive) this.#cluster.restart(id)
    await this.#cluster.waitReady(readyTimeoutMs)
    return performance.now() - startMs
  }

  /** Stops a leader silently for a while. `meanwhile` runs while it is stopped. */
  async pauseLeader(
    group: number,
    pauseMs: number,
    meanwhile: (node: number) => Promise<void> = async () => {}
  ): Promise<number> {
    const node = await this.leaderOf(group)
    this.note('pause-leader', node, group)
    const wakeMs = performance.now() + pauseMs
    this.#cluster.signal(node, 'SIGSTOP')
    try {
      await meanwhile(node)
      await delay(Math.max(0, wakeMs - performance.now()))
    } finally {
      this.note('resume', node, null)
      this.#cluster.signal(node, 'SIGCONT')
    }
    await this.#cluster.waitReady(readyTimeoutMs)
    await this.#cluster.waitCaughtUp()
    return node
  }

  /** Stops nodes without restarting them. */
  async stopNodes(nodes: readonly number[]): Promise<void> {
    for (const node of nodes) {
      this.note('stop', node, null)
      await this.#cluster.kill(node)
    }
  }

  async startNode(node: number): Promise<void> {
    this.note('restart', node, null)
    this.#cluster.restart(node)
  }

  /** Kills a node, deletes its data, starts it blank: it must come back as a new incarnation. */
  async wipe(node: number): Promise<{ before: number; after: number }> {
    const before = await this.#incarnationOf(node)
    const voting = await this.#votesOf(node)
    this.note('kill-and-wipe', node, null)
    await this.#cluster.kill(node)
    removeDirectory(this.#cluster.node(node).data)
    await this.#pause(defaultPause)
    this.note('restart', node, null)
    this.#cluster.restart(node)
    const look = async (): Promise<number | null> => {
      const after = await this.#incarnationOf(node)
      return after > before ? after : null
    }
    const timeoutMs = operationTimeoutMs
    const after = await eventually(`new incarnation of node ${node}`, look, { timeoutMs })
    await this.#cluster.waitReady(operationTimeoutMs)
    // Until it votes again wherever it did, one more loss would be one too many.
    const votes = async (): Promise<boolean> => (await this.#votesOf(node)) >= voting
    await eventually(`node ${node} voting as before`, votes, { timeoutMs })
    await this.#cluster.waitCaughtUp(operationTimeoutMs)
    return { before, after }
  }

  /** In how many groups a node is a voter, with none of them catching up. */
  async #votesOf(node: number): Promise<number> {
    const { groups } = await this.#cluster.admin.cluster()
    return groups.filter(({ voters }) => voters.includes(node)).length
  }

  async #incarnationOf(node: number): Promise<number> {
    const { nodes } = await this.#cluster.admin.cluster()
    return nodes.find((one) => one.id === node)?.incarnation ?? 0
  }

  /** Starts a blank server at a place (from 0) and has the cluster take it in. Returns its id. */
  async addNode(place: number, watch: (seen: OperationView) => void = () => {}): Promise<number> {
    const provisional = 1_000 + place
    const { peer } = this.#cluster.startBlank(provisional, place)
    this.note('add-node')
    const operation = await this.#submit(() => this.#cluster.admin.addNode(peer))
    await this.followOperation(operation.id, watch)
    const { nodes } = await this.#cluster.admin.cluster()
    const found = nodes.find((one) => one.peer === peer)
    if (found === undefined) throw new Error(`the node at ${peer} was added and is not listed`)
    this.#cluster.rename(provisional, found.id)
    return found.id
  }

  /** Adds a node at a free place, removes another at random, and ends the removed one's process. */
  async exchangeNode(): Promise<{ added: number; removed: number }> {
    const others = this.#cluster.nodes
    const added = await this.addNode(this.#cluster.freePlaces(6)[0] ?? others.length)
    const removed = this.#random.pick(others).id
    await this.removeNode(removed)
    await this.dismiss(removed)
    await this.#cluster.waitCaughtUp()
    return { added, removed }
  }

  /** Ends the process of a node that was removed, and forgets it. */
  async dismiss(node: number): Promise<void> {
    if (this.#cluster.isAlive(node)) await this.#cluster.kill(node)
    this.#cluster.forget(node)
  }

  /** Removes a node and waits until the operation has succeeded. Its process is left to itself. */
  async removeNode(node: number, watch: (seen: OperationView) => void = () => {}): Promise<void> {
    this.note('remove-node', node, null)
    const operation = await this.#submit(() => this.#cluster.admin.removeNode(node))
    await this.followOperation(operation.id, watch)
  }

  /**
   * Asks again while nobody can take the order. If the answer to an order that was taken is lost
   * with the node that gave it, the next one is refused: then the operation that runs is the one.
   */
  async #submit(call: () => Promise<OperationView>): Promise<OperationView> {
    const look = async (): Promise<OperationView | null> => {
      try {
        return await call()
      } catch (error) {
        if (!(error instanceof AdminError) || error.status >= 500) throw error
        const running = await this.#cluster.admin.operations()
        const mine = running.find((operation) => operation.state === 'running')
        if (mine === undefined) throw error
        return mine
      }
    }
    return eventually('operation accepted', look, { timeoutMs: 30_000, intervalMs: 200 })
  }

  async followOperation(id: string, watch: (seen: OperationView) => void): Promise<void> {
    const look = async (): Promise<OperationView | null> => {
      const seen = await this.#cluster.admin.operation(id)
      watch(seen)
      return seen.state === 'running' ? null : seen
    }
    const options = { timeoutMs: operationTimeoutMs, intervalMs: 100 }
    const last = await eventually(`end of operation ${id}`, look, options)
    if (last.state === 'succeeded') return
    throw new Error(`operation ${id} ${last.state}: ${last.error?.code} ${last.error?.message}`)
  }

  /** Kills the leader of the metadata group without any waiting: for the middle of an operation. */
  async strikeMetadata(): Promise<number> {
    const node = await this.leaderOf(0)
    this.note('kill-leader', node, 0)
    await this.#cluster.kill(node)
    return node
  }
}
