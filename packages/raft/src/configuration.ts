// Questions about a Configuration (Raft §6, thesis §4): who counts, who receives entries, and
// whether a change is under way. Pure functions over sorted lists; the rules of change are in
// membership.ts.
import { assert } from '@holdfast/errors'
import type { Configuration, ReplicaId } from './entry.ts'

/** The configuration of a replica that knows nothing yet: it never campaigns. */
export const emptyConfiguration: Configuration = { voters: [], outgoing: [], learners: [] }

/** Whether a change is under way: both majorities are needed (Raft §6). */
export function isJoint(configuration: Configuration): boolean {
  return configuration.outgoing.length > 0
}

/** Whether the replica counts in at least one of the majorities. */
export function isVoter(configuration: Configuration, replica: ReplicaId): boolean {
  return configuration.voters.includes(replica) || configuration.outgoing.includes(replica)
}

/** Everyone who receives entries, ascending. */
export function members(configuration: Configuration): readonly ReplicaId[] {
  const all = new Set([
    ...configuration.voters,
    ...configuration.outgoing,
    ...configuration.learners
  ])
  return [...all].sort(ascending)
}

/** Everyone who counts in a majority, ascending. */
export function allVoters(configuration: Configuration): readonly ReplicaId[] {
  if (!isJoint(configuration)) return configuration.voters
  return [...new Set([...configuration.voters, ...configuration.outgoing])].sort(ascending)
}

export function ascending(left: number, right: number): number {
  return left - right
}

export function sameReplicas(left: readonly ReplicaId[], right: readonly ReplicaId[]): boolean {
  return left.length === right.length && left.every((replica, at) => replica === right[at])
}

/**
 * Sorted and free of repeats. @throws AssertionError on a repeat or an id that is no safe integer.
 */
export function sortedReplicas(replicas: readonly ReplicaId[]): readonly ReplicaId[] {
  const sorted = [...replicas].sort(ascending)
  assertAscending(sorted)
  return sorted
}

/** @throws AssertionError unless ids are positive safe integers, ascending, free of repeats. */
export function assertAscending(replicas: readonly ReplicaId[]): void {
  let before = 0
  for (const replica of replicas) {
    assert(Number.isSafeInteger(replica), 'a replica id is a safe integer')
    assert(replica > before, 'replica ids are positive, ascending and free of repeats')
    before = replica
  }
}

/** @throws AssertionError unless the lists obey what the type says about them. */
export function assertConfiguration(configuration: Configuration): void {
  const { voters, outgoing, learners } = configuration
  assertAscending(voters)
  assertAscending(outgoing)
  assertAscending(learners)
  assert(!voters.some((voter) => learners.includes(voter)), 'no replica is voter and learner')
  assert(voters.length > 0 || outgoing.length === 0, 'a joint configuration has voters')
}
