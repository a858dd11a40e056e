// The settings of a group's Raft. What goes to one follower is bounded for each group, and over all
// groups of this node: all of it waits on one link.
import type { RaftConfig, ReplicaId } from '@holdfast/raft'
import type { Core } from '../core.ts'
import { limits, times } from '../limits.ts'
import type { GroupId } from '../log-store.ts'
import type { AnyGroup } from './groups.ts'

export function configOf(core: Core, id: GroupId): RaftConfig {
  const { groups, options, tuning } = core
  return {
    id: groups.selfReplica,
    electionTimeoutTicks: times.electionTimeoutTicks,
    heartbeatIntervalTicks: times.heartbeatTicks,
    appendBytesMax: tuning.recordBytesMax / 4,
    inflightRequestsMax: limits.inflightRequestsMax,
    inflightBytesMax: tuning.inflightBytesMax,
    sharing: {
      bytesFree: tuning.entryBytesMax,
      admits: (replica, bytes) => groups.admits(id, replica, bytes)
    },
    uncommittedBytesMax: limits.uncommittedBytesMax,
    broadcastCommit: id === 0,
    checksum: options.checksum,
    random: options.random
  }
}

/** Payload bytes that these groups have in flight to a follower. A halted one hears no answers. */
export function bytesInFlight(groups: readonly AnyGroup[], replica: ReplicaId): number {
  return groups.reduce((bytes, { raft, haltedReason }) => {
    return haltedReason === null ? bytes + raft.bytesInFlight(replica) : bytes
  }, 0)
}
