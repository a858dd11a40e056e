// Exclusive queues by node and connection: a node looks for those whose connections are no more,
// and the leader of the metadata for those whose node is.
import { nodeOfReplica } from './membership-state.ts'
import type { QueueOwner } from './queue-owner.ts'
import type { Queue } from './topology-row.ts'

type Connection = Omit<QueueOwner, 'client'>

/** Those of one connection, never empty. */
interface Owned {
  readonly owner: QueueOwner
  readonly queues: Set<Queue>
}

const none: ReadonlySet<Queue> = new Set()

function keyOf({ replica, process, connection }: Connection): string {
  return `${replica} ${process} ${connection}`
}

export class OwnedQueues {
  readonly #byNode: Map<number, Map<string, Owned>> = new Map()

  /** Nodes whose connections have any. */
  get nodes(): Iterable<number> {
    return this.#byNode.keys()
  }

  /** By connections of a node. */
  of(node: number): Iterable<{
    readonly owner: QueueOwner
    readonly queues: ReadonlySet<Queue>
  }> {
    return this.#byNode.get(node)?.values() ?? []
  }

  ofConnection(connection: Connection): ReadonlySet<Queue> {
    const node = nodeOfReplica(connection.replica)
    return this.#byNode.get(node)?.get(keyOf(connection))?.queues ?? none
  }

  add(queue: Queue): void {
    const { owner } = queue
    if (owner === null) return
    const node = nodeOfReplica(owner.replica)
    const owned = this.#byNode.get(node) ?? new Map<string, Owned>()
    this.#byNode.set(node, owned)
    const known = owned.get(keyOf(owner))
    if (known === undefined) owned.set(keyOf(owner), { owner, queues: new Set([queue]) })
    else known.queues.add(queue)
  }

  remove(queue: Queue): void {
    const { owner } = queue
    if (owner === null) return
    const node = nodeOfReplica(owner.replica)
    const owned = this.#byNode.get(node)
    const known = owned?.get(keyOf(owner))
    known?.queues.delete(queue)
    if (known?.queues.size === 0) owned?.delete(keyOf(owner))
    if (owned?.size === 0) this.#byNode.delete(node)
  }
}
