// Writes the history of the cluster's membership as a register: changes with their beginning and
// end, and what each node says when it is asked. Members are named by their peer addresses, which
// are known before the cluster gives them an id.
import type { ClusterNode, ClusterProcess } from '@holdfast/testkit'
import { type HistoryEvent, type HistoryWriter, monotonicNs } from '../history.ts'
import { adminOf } from './stage.ts'

export class MembershipRecorder {
  readonly #cluster: ClusterProcess
  readonly #history: HistoryWriter
  #lastCall = 0

  constructor(cluster: ClusterProcess, history: HistoryWriter) {
    this.#cluster = cluster
    this.#history = history
  }

  /** Records a change around what makes it: it has happened at some moment before `make` ends. */
  async change<Result>(
    action: 'add' | 'remove',
    member: string,
    make: () => Promise<Result>
  ): Promise<Result> {
    const call = this.#next()
    const reader = 0
    this.#append({ type: 'member-invoke', at: monotonicNs(), call, action, reader, member })
    try {
      const result = await make()
      this.#append({ type: 'member-ok', at: monotonicNs(), call, members: null })
      return result
    } catch (error) {
      this.#append({ type: 'member-info', at: monotonicNs(), call })
      throw error
    }
  }

  /** Asks every node that runs who is a member. One that does not answer has said nothing. */
  async read(): Promise<void> {
    await Promise.all(this.#cluster.aliveNodes().map((node) => this.#readFrom(node)))
  }

  async #readFrom(node: ClusterNode): Promise<void> {
    const call = this.#next()
    const read = { action: 'read', reader: node.pid, member: null } as const
    this.#append({ type: 'member-invoke', at: monotonicNs(), call, ...read })
    let members: string[] | null = null
    try {
      const { clusterId, nodes } = await adminOf(node).cluster()
      // A node that has not been taken in yet knows nobody.
      if (clusterId !== null && nodes.length > 0) members = nodes.map(({ peer }) => peer).sort()
    } catch {
      // It is stopped, dead or cut off.
    }
    if (members === null) this.#append({ type: 'member-info', at: monotonicNs(), call })
    else this.#append({ type: 'member-ok', at: monotonicNs(), call, members })
  }

  #next(): number {
    this.#lastCall += 1
    return this.#lastCall
  }

  #append(event: HistoryEvent): void {
    this.#history.append(event)
    this.#history.flush()
  }
}
