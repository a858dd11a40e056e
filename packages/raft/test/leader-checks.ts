// What leaders must be and do, seen from outside with the clock of the simulation: a lease is
// exclusive, and a leader without a quorum gives up.
import { assert } from '@holdfast/errors'
import type { Raft, ReplicaId } from '../src/index.ts'
import type { SimulatedCluster } from './simulated-cluster.ts'

/** All clocks run together, so a lease below the election timeout excludes every other leader. */
export function checkLeases({ awake, up, config }: SimulatedCluster): void {
  const leaders = up.filter(({ raft }) => raft.isLeader)
  for (const { raft } of awake) {
    if (!raft.isLeader || !raft.hasLeaderQuorum(config.electionTimeoutTicks - 1)) continue
    const isAlone = leaders.every((other) => other.raft.term <= raft.term)
    assert(isAlone, 'who holds a lease is the latest leader')
  }
}

/** A leader that hears no quorum gives up (thesis §6.2): others may be able to hear one. */
export function checkContact(cluster: SimulatedCluster): void {
  const { tickCount, config, awake } = cluster
  const sinceTick = tickCount - 2 * config.electionTimeoutTicks
  for (const replica of cluster.up) {
    const { raft, heardTick } = replica
    // Who sleeps cannot give up; who wakes, or has new members, needs time to find out.
    const isNew = replica.ledUnder !== raft.configuration
    replica.ledUnder = raft.configuration
    if (!raft.isLeader || isNew || !awake.includes(replica)) replica.leadsSinceTick = tickCount
    if (replica.leadsSinceTick > sinceTick) continue
    const isHeard = (id: ReplicaId): boolean =>
      id === raft.id || (heardTick.get(id) ?? 0) >= sinceTick
    assert(isQuorumOf(raft, isHeard), 'a leader without a quorum gives up')
  }
}

/** Counts by itself: the replica's own counting is under test. */
function isQuorumOf({ configuration }: Raft, isIn: (id: ReplicaId) => boolean): boolean {
  return [configuration.voters, configuration.outgoing].every(
    (side) => side.length === 0 || 2 * side.filter(isIn).length > side.length
  )
}
