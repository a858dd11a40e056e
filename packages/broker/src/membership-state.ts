// The nodes of the cluster as metadata knows them: ids, incarnations, addresses, agreed states. Ids
// and incarnations grow and are never given twice (architecture, A13). A node that is not in the
// table but whose id was given once has been removed, and is told so.
import { assert, HoldfastError } from '@holdfast/errors'
import type { MetadataLimits } from './limits.ts'
import { metadataLimits } from './limits.ts'
import type { DeclaredNodeState, NodeAddresses, ReplicaId } from './metadata-command.ts'

export interface Node {
  readonly node: number
  /** Counts the data directories this node has had, from 1. */
  readonly incarnation: number
  /** Born with the data directory. */
  readonly storeId: string
  readonly state: DeclaredNodeState
  readonly addresses: NodeAddresses
}

/** The data directory number `incarnation` of `node`, as Raft names it. */
export function replicaId(node: number, incarnation: number): ReplicaId {
  return node * metadataLimits.incarnationsMax + incarnation
}

export function nodeOfReplica(replica: ReplicaId): number {
  return Math.floor(replica / metadataLimits.incarnationsMax)
}

export function incarnationOfReplica(replica: ReplicaId): number {
  return replica % metadataLimits.incarnationsMax
}

export class MembershipState {
  readonly #nodes: Map<number, Node> = new Map()
  readonly #limits: MetadataLimits
  #nextNode = 1

  constructor(limits: MetadataLimits) {
    this.#limits = limits
  }

  /** Ascending by id. */
  get nodes(): readonly Node[] {
    return [...this.#nodes.values()].sort((a, b) => a.node - b.node)
  }

  /** The id that the next new node gets. */
  get nextNode(): number {
    return this.#nextNode
  }

  node(id: number): Node | null {
    return this.#nodes.get(id) ?? null
  }

  /** True for an id that was given once and whose node is a member no more. */
  isRemoved(id: number): boolean {
    return id >= 1 && id < this.#nextNode && !this.#nodes.has(id)
  }

  /** @throws NODE_REMOVED, NODE_NOT_FOUND */
  find(id: number): Node {
    const node = this.#nodes.get(id)
    if (node !== undefined) return node
    throw new HoldfastError(this.isRemoved(id) ? 'NODE_REMOVED' : 'NODE_NOT_FOUND', { node: id })
  }

  add(storeId: string, addresses: NodeAddresses, state: DeclaredNodeState): Node {
    for (const node of this.#nodes.values()) if (node.storeId === storeId) return node
    this.#checkAddress(addresses, 0)
    const limit = this.#limits.nodesMax
    if (this.#nodes.size >= limit) {
      throw new HoldfastError('LIMIT_REACHED', { limit, kind: 'nodes' })
    }
    const node: Node = { node: this.#nextNode, incarnation: 1, storeId, state, addresses }
    this.#nextNode += 1
    this.#nodes.set(node.node, node)
    return node
  }

  /** The same data directory again gets the answer it got before. */
  adopt(id: number, storeId: string, addresses: NodeAddresses): Node {
    const former = this.find(id)
    if (former.storeId === storeId) return former
    this.#checkAddress(addresses, id)
    const limit = this.#limits.incarnationsMax - 1
    if (former.incarnation >= limit) {
      throw new HoldfastError('LIMIT_REACHED', { limit, kind: `incarnations of node ${id}` })
    }
    const incarnation = former.incarnation + 1
    return this.#replace({ ...former, incarnation, storeId, addresses, state: 'joining' })
  }

  /** False if nothing was to change. */
  update(id: number, addresses: NodeAddresses): boolean {
    const node = this.find(id)
    const { client, peer, http } = node.addresses
    if (client === addresses.client && peer === addresses.peer && http === addresses.http) {
      return false
    }
    this.#checkAddress(addresses, id)
    this.#replace({ ...node, addresses })
    return true
  }

  setState(id: number, state: DeclaredNodeState): boolean {
    const node = this.find(id)
    if (node.state === state) return false
    this.#replace({ ...node, state })
    return true
  }

  /** Forgetting twice is no error. @throws LAST_NODE, NODE_NOT_FOUND */
  forget(id: number): boolean {
    if (this.isRemoved(id)) return false
    this.find(id)
    if (this.#nodes.size === 1) throw new HoldfastError('LAST_NODE', { node: id })
    this.#nodes.delete(id)
    return true
  }

  /** @internal For the snapshot. */
  restoreNode(node: Node): void {
    assert(node.node < this.#nextNode, 'a restored node has an id that was given')
    assert(!this.#nodes.has(node.node), 'a node is restored once')
    this.#nodes.set(node.node, node)
  }

  /** @internal For the snapshot. */
  restoreNextNode(nextNode: number): void {
    this.#nextNode = nextNode
  }

  #replace(node: Node): Node {
    this.#nodes.set(node.node, node)
    return node
  }

  /** Two nodes cannot listen for peers at one address; a blank node there is adopted instead. */
  #checkAddress(addresses: NodeAddresses, self: number): void {
    for (const { node, addresses: taken } of this.nodes) {
      if (node === self || taken.peer !== addresses.peer) continue
      throw new HoldfastError('NODE_ALREADY_MEMBER', { address: addresses.peer, node })
    }
  }
}
