// A replica is one incarnation of one node, as a single number that Raft compares and stores. A
// node whose disk was lost comes back as a new incarnation, hence as another replica (architecture:
// identity).
import { assert } from '@holdfast/errors'
import type { ReplicaId } from '@holdfast/raft'

/** Incarnations a node can have had; a disk lost every minute for two years. */
const incarnationsMax = 2 ** 20

export function replicaOf(node: number, incarnation: number): ReplicaId {
  assert(node > 0 && incarnation > 0 && incarnation < incarnationsMax, 'a replica has a node')
  return node * incarnationsMax + incarnation
}

export function nodeOf(replica: ReplicaId): number {
  return Math.floor(replica / incarnationsMax)
}

export function incarnationOf(replica: ReplicaId): number {
  return replica % incarnationsMax
}
