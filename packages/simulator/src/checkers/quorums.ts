// Majorities by counting, as the paper says it: an oracle that shares no line with the product's
// own quorums (Raft §6, thesis §4.3).
import { type Configuration, members, type ReplicaId } from '@holdfast/raft'

function isMajority(voters: readonly ReplicaId[], has: (replica: ReplicaId) => boolean): boolean {
  let count = 0
  for (const voter of voters) if (has(voter)) count += 1
  return count * 2 > voters.length
}

/** Whether those for whom `has` holds are a quorum: of both majorities during a change. */
export function isQuorumOf(
  { voters, outgoing }: Configuration,
  has: (replica: ReplicaId) => boolean
): boolean {
  return isMajority(voters, has) && (outgoing.length === 0 || isMajority(outgoing, has))
}

/**
 * Whether every quorum of one configuration meets every quorum of the other. Tries all sets, which
 * is affordable for the sizes groups have.
 */
export function quorumsOverlap(left: Configuration, right: Configuration): boolean {
  if (left.voters.length === 0 || right.voters.length === 0) return true
  const all = [...new Set([...members(left), ...members(right)])]
  for (let set = 0; set < 2 ** all.length; set += 1) {
    const isIn = (replica: ReplicaId): boolean =>
      Math.floor(set / 2 ** all.indexOf(replica)) % 2 === 1
    if (isQuorumOf(left, isIn) && isQuorumOf(right, (replica) => !isIn(replica))) return false
  }
  return true
}
