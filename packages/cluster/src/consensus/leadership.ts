// What follows when this node begins or ceases to lead a group, and handing leadership over.
import type { Core } from '../core.ts'
import { log } from '../core.ts'
import type { GroupId } from '../log-store.ts'
import { nodeOf } from './replica-id.ts'

export function metadataLeadership(core: Core): void {
  const { lease, topologyDriver, metadata, membership, reports } = core
  logLeadership(core, 0, metadata.isLeading)
  if (!metadata.isLeading) metadata.leadershipLost()
  lease.leadershipChanged()
  topologyDriver.leadershipChanged()
  membership.leadershipChanged()
  reports.changed()
}

export function shardLeadership(core: Core, group: GroupId, isLeading: boolean): void {
  const { shards, lackingQueues, bodies, deliveries, leaderRelay, reports } = core
  logLeadership(core, group, isLeading)
  shards.leadershipChanged(group)
  lackingQueues.leadershipChanged(group, isLeading)
  bodies.leadershipChanged(group)
  deliveries.leadershipChanged(group, isLeading)
  core.lifetimes.leadershipChanged(group, isLeading)
  core.expiry.leadershipChanged(group, isLeading)
  core.deadLettering.leadershipChanged(group, isLeading)
  leaderRelay.leadershipChanged(group)
  core.rollCalls.leadershipChanged(group, isLeading)
  reports.changed()
}

function logLeadership(core: Core, group: GroupId, isLeading: boolean): void {
  const term = core.groups.get(group)?.raft.term ?? 0
  log(core, 'info', isLeading ? 'leads a group' : 'leads a group no more', { group, term })
}

/**
 * Gives every leadership to the replica that is active and caught up most, on a node that does not
 * hand over its own; how many there were to give.
 */
export function handOver(core: Core): number {
  const { groups, reports } = core
  let count = 0
  for (const { raft, haltedReason } of groups.all()) {
    if (!raft.isLeader || haltedReason !== null) continue
    const [heir] = raft
      .progress()
      .filter(({ isVoter, recentlyActive, state, replica }) => {
        const isOther = replica !== groups.selfReplica && !reports.isDraining(nodeOf(replica))
        return isVoter && recentlyActive && state === 'replicate' && isOther
      })
      .sort((a, b) => b.match - a.match)
    if (heir === undefined) continue
    count++
    raft.transfer(heir.replica)
  }
  return count
}
