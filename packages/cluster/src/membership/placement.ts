// Where the replicas of groups should be: a wish, computed from the nodes and the wish so far. Pure
// and deterministic; it moves as little as it can, and spreads what it must move.
import type { ReplicaId } from '@holdfast/raft'
import { nodeOf } from '../consensus/replica-id.ts'
import type { GroupId } from '../log-store.ts'

export interface Wish {
  readonly group: GroupId
  /** Ascending. */
  readonly replicas: readonly ReplicaId[]
}

/**
 * Replicas of each shard on `eligible` (one replica id per node), at most `replicasMax` a shard.
 */
export function placeShards(
  current: readonly Wish[],
  eligible: readonly ReplicaId[],
  replicasMax: number
): readonly Wish[] {
  const target = Math.min(replicasMax, eligible.length)
  const byNode = new Map(eligible.map((replica) => [nodeOf(replica), replica]))
  const load = new Map(eligible.map((replica) => [replica, 0]))
  const wishes = current.map(({ group, replicas }) => {
    const kept = new Set<ReplicaId>()
    for (const replica of replicas) {
      // A node that came back with a new disk takes the place of what it was.
      const now = byNode.get(nodeOf(replica))
      if (now !== undefined && kept.size < target) kept.add(now)
    }
    for (const replica of kept) load.set(replica, (load.get(replica) ?? 0) + 1)
    return { group, replicas: kept }
  })
  for (const { replicas } of wishes) fill(replicas, eligible, load, target)
  level(wishes, eligible, load)
  return wishes.map(({ group, replicas }) => ({ group, replicas: ascending(replicas) }))
}

interface Draft {
  readonly group: GroupId
  readonly replicas: Set<ReplicaId>
}

function fill(
  replicas: Set<ReplicaId>,
  eligible: readonly ReplicaId[],
  load: Map<ReplicaId, number>,
  target: number
): void {
  while (replicas.size < target) {
    const free = eligible.filter((replica) => !replicas.has(replica))
    const chosen = lightest(free, load)
    if (chosen === undefined) return
    replicas.add(chosen)
    load.set(chosen, (load.get(chosen) ?? 0) + 1)
  }
}

/** Moves single replicas from the fullest node to the emptiest until they differ by at most one. */
function level(
  wishes: readonly Draft[],
  eligible: readonly ReplicaId[],
  load: Map<ReplicaId, number>
): void {
  for (;;) {
    const empty = lightest(eligible, load)
    const full = [...eligible].sort((a, b) => (load.get(b) ?? 0) - (load.get(a) ?? 0) || a - b)[0]
    if (empty === undefined || full === undefined) return
    if ((load.get(full) ?? 0) - (load.get(empty) ?? 0) <= 1) return
    const movable = wishes.find(({ replicas }) => replicas.has(full) && !replicas.has(empty))
    if (movable === undefined) return
    movable.replicas.delete(full)
    movable.replicas.add(empty)
    load.set(full, (load.get(full) ?? 0) - 1)
    load.set(empty, (load.get(empty) ?? 0) + 1)
  }
}

function lightest(
  replicas: readonly ReplicaId[],
  load: ReadonlyMap<ReplicaId, number>
): ReplicaId | undefined {
  let best: ReplicaId | undefined
  for (const replica of [...replicas].sort((a, b) => a - b)) {
    if (best === undefined || (load.get(replica) ?? 0) < (load.get(best) ?? 0)) best = replica
  }
  return best
}

/** Voters of the metadata group: those it has, as far as they are eligible, then the lowest ids. */
export function placeMetadata(
  current: readonly ReplicaId[],
  eligible: readonly ReplicaId[],
  votersMax: number
): readonly ReplicaId[] {
  const [wish] = placeShards([{ group: 0, replicas: current }], eligible, votersMax)
  return wish?.replicas ?? []
}

function ascending(replicas: Iterable<ReplicaId>): readonly ReplicaId[] {
  return [...replicas].sort((a, b) => a - b)
}
