// The groups of the cluster and the wish where each should have its replicas. What a group really
// consists of is said by its own log only (architecture, A13); balancers and operations compare the
// two.
import { HoldfastError } from '@holdfast/errors'
import type { MetadataLimits } from './limits.ts'
import type { MembershipState } from './membership-state.ts'
import { incarnationOfReplica, nodeOfReplica } from './membership-state.ts'
import type { GroupId, ReplicaId } from './metadata-command.ts'

export interface Placement {
  readonly group: GroupId
  /** Ascending; one a node, but a replaced incarnation may stand beside its successor. */
  readonly replicas: readonly ReplicaId[]
}

function equals(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index])
}

export class PlacementState {
  /** Group 0 and shards 1…; ids are dense and in order, since groups are never removed. */
  readonly #placements: Placement[] = []
  readonly #shards: GroupId[] = []
  readonly #limits: MetadataLimits

  constructor(limits: MetadataLimits) {
    this.#limits = limits
  }

  /** By group, the metadata group first; empty before the cluster is initialised. */
  get placements(): readonly Placement[] {
    return this.#placements
  }

  /** Ids of all shards, ascending: where queues can be placed. */
  get shards(): readonly GroupId[] {
    return this.#shards
  }

  get(group: GroupId): Placement | null {
    return this.#placements[group] ?? null
  }

  isShard(group: GroupId): boolean {
    return group >= 1 && group < this.#placements.length
  }

  /** Whether a placement names any incarnation of the node; the first such group, else null. */
  groupOnNode(node: number): GroupId | null {
    const found = this.#placements.find(({ replicas }) =>
      replicas.some((replica) => nodeOfReplica(replica) === node)
    )
    return found?.group ?? null
  }

  /** @throws REQUEST_INVALID, NODE_NOT_FOUND, NODE_REMOVED */
  check(replicas: readonly ReplicaId[], membership: MembershipState): void {
    const { replicasMax } = this.#limits
    if (replicas.length < 1 || replicas.length > replicasMax) {
      const reason = `a group has from 1 to ${replicasMax} replicas, not ${replicas.length}`
      throw new HoldfastError('REQUEST_INVALID', { reason })
    }
    if (new Set(replicas).size !== replicas.length) {
      throw new HoldfastError('REQUEST_INVALID', { reason: 'a replica is placed twice' })
    }
    for (const replica of replicas) {
      const { incarnation, node } = membership.find(nodeOfReplica(replica))
      const asked = incarnationOfReplica(replica)
      if (asked >= 1 && asked <= incarnation) continue
      const reason = `node ${node} has no incarnation ${asked}`
      throw new HoldfastError('REQUEST_INVALID', { reason })
    }
  }

  /** Appends groups with checked placements. Returns the ids of the first and the last. */
  add(placements: readonly (readonly ReplicaId[])[]): readonly [GroupId, GroupId] {
    const first = this.#placements.length
    const limit = this.#limits.shardsMax
    if (first + placements.length - 1 > limit) {
      throw new HoldfastError('LIMIT_REACHED', { limit, kind: 'shards' })
    }
    for (const replicas of placements) {
      const group = this.#placements.length
      this.#placements.push({ group, replicas: replicas.toSorted((a, b) => a - b) })
      if (group > 0) this.#shards.push(group)
    }
    return [first, this.#placements.length - 1]
  }

  /** Replaces the wish for a group by checked replicas; false if it is the wish already. */
  place(group: GroupId, replicas: readonly ReplicaId[]): boolean {
    const placement = this.#placements[group]
    if (placement === undefined) throw new HoldfastError('GROUP_NOT_FOUND', { group })
    const sorted = replicas.toSorted((a, b) => a - b)
    if (equals(placement.replicas, sorted)) return false
    this.#placements[group] = { group, replicas: sorted }
    return true
  }
}
