// Majorities, single and joint (Raft §6). The only place that counts: commit, elections, read
// rounds, check-quorum and leases all ask here. The property test compares it with brute force.
import type { Configuration, ReplicaId } from './entry.ts'

export type VoteResult = 'won' | 'lost' | 'pending'

/** Highest value that a majority of `voters` has reached; none without voters. */
function majorityValue(
  voters: readonly ReplicaId[],
  progressed: (replica: ReplicaId) => number
): number {
  const values = voters.map(progressed).sort((left, right) => right - left)
  return values[Math.floor(values.length / 2)] ?? 0
}

/**
 * Highest value that the quorum has reached: of both majorities while a change is under way. Zero
 * for a configuration without voters: a quorum of nobody agrees on nothing.
 */
export function agreedValue(
  configuration: Configuration,
  progressed: (replica: ReplicaId) => number
): number {
  const agreed = majorityValue(configuration.voters, progressed)
  if (configuration.outgoing.length === 0) return agreed
  return Math.min(agreed, majorityValue(configuration.outgoing, progressed))
}

/** Whether those for whom `has` holds are a quorum. */
export function isQuorum(
  configuration: Configuration,
  has: (replica: ReplicaId) => boolean
): boolean {
  return agreedValue(configuration, (replica) => (has(replica) ? 1 : 0)) === 1
}

function majorityVote(
  voters: readonly ReplicaId[],
  votes: ReadonlyMap<ReplicaId, boolean>
): VoteResult {
  const needed = Math.floor(voters.length / 2) + 1
  let granted = 0
  let refused = 0
  for (const voter of voters) {
    const vote = votes.get(voter)
    if (vote === true) granted++
    else if (vote === false) refused++
  }
  if (granted >= needed) return 'won'
  return voters.length - refused < needed ? 'lost' : 'pending'
}

/** Result of an election; votes of replicas that are no voters do not count. */
export function voteResult(
  configuration: Configuration,
  votes: ReadonlyMap<ReplicaId, boolean>
): VoteResult {
  const result = majorityVote(configuration.voters, votes)
  if (configuration.outgoing.length === 0 || result === 'lost') return result
  const other = majorityVote(configuration.outgoing, votes)
  if (other === 'lost') return 'lost'
  return result === 'won' && other === 'won' ? 'won' : 'pending'
}
