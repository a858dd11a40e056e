// The cluster as this node sees it, for operators: its own replicas exactly, the rest as its
// leaders last reported.
import type { ReplicaId } from '@holdfast/raft'
import { incarnationOf, nodeOf } from '../consensus/replica-id.ts'
import type { Core } from '../core.ts'
import type { ClusterStatus, GroupStatus, NodeState, NodeStatus } from '../status.ts'
import { Reports } from './reports.ts'

export function clusterStatus(core: Core): ClusterStatus {
  const nodes = nodeStatuses(core)
  const reason = notReadyReason(core)
  return {
    clusterId: core.identity?.clusterId ?? null,
    self: core.identity?.node ?? null,
    nodes,
    groups: groupStatuses(core),
    ready: reason === null,
    notReadyReason: reason,
    warnings: warnings(core, nodes)
  }
}

function nodeStatuses(core: Core): NodeStatus[] {
  return core.metadata.machine.membership.nodes.map(({ node, incarnation, state, addresses }) => {
    const isDown = state !== 'leaving' && !core.membership.isUp(node)
    const isDamaged = isDown && core.peers.isDamaged(node)
    const shown: NodeState = isDamaged ? 'damaged' : isDown ? 'down' : state
    return { id: node, incarnation, state: shown, ...addresses }
  })
}

function groupStatuses(core: Core): GroupStatus[] {
  const statuses: GroupStatus[] = []
  for (const { group } of core.metadata.machine.placement.placements) {
    const report = core.reports.report(group)
    if (report === null) continue
    // How far a replica of this node has come is its own to say; the leader tells how far there is.
    const raft = core.groups.get(group)?.raft
    statuses.push({
      id: group,
      kind: group === 0 ? 'metadata' : 'shard',
      leader: report.leader,
      term: report.term,
      voters: Reports.nodes(
        [...report.voters, ...report.outgoing].filter((replica) => !isLost(core, replica))
      ),
      learners: Reports.nodes(report.learners),
      commitIndex: Math.max(report.commit, raft?.commitIndex ?? 0),
      appliedIndex: raft?.appliedIndex ?? report.applied
    })
  }
  return statuses
}

/** A replica whose data is gone for good: its node has come back as another incarnation. */
function isLost({ metadata }: Core, replica: ReplicaId): boolean {
  const current = metadata.machine.membership.node(nodeOf(replica))?.incarnation ?? 0
  return incarnationOf(replica) < current
}

function notReadyReason(core: Core): string | null {
  if (core.identity === null) return 'this node is in no cluster yet'
  for (const group of core.groups.all()) {
    if (group.haltedReason !== null) return `the replica of group ${group.id} halted; see the log`
    const isVoter = group.raft.configuration.voters.includes(core.groups.selfReplica)
    if (isVoter && group.leaderNode === null) return `group ${group.id} has no leader`
  }
  return core.lease.isValid ? null : 'the metadata of this node may not be current'
}

function warnings(core: Core, nodes: readonly NodeStatus[]): string[] {
  const sentences: string[] = []
  const members = nodes.filter(({ state }) => state !== 'leaving')
  if (members.length === 1)
    sentences.push('One node keeps one copy: add two more to survive a loss.')
  if (members.length === 2) sentences.push('Two nodes tolerate no failure: add a third.')
  for (const { id, state } of nodes) {
    if (state === 'down') sentences.push(`Node ${id} does not answer.`)
    if (state === 'damaged') sentences.push(`Node ${id} has damaged data, and does not vote.`)
  }
  for (const [node, group] of regressedNodes(core)) {
    sentences.push(
      `Node ${node} has lost entries of group ${group} that it had acknowledged: its data is set ` +
        'aside as soon as every group has a majority without it.'
    )
  }
  if (core.disk.isLow) sentences.push('The disk of this node is nearly full.')
  return sentences
}

/** Nodes that refuse what they had acknowledged to a leader here, each with one of the groups. */
function regressedNodes(core: Core): ReadonlyMap<number, number> {
  const found = new Map<number, number>()
  for (const { id, raft } of core.groups.all()) {
    if (!raft.isLeader) continue
    for (const { replica, isRegressed } of raft.progress()) {
      if (isRegressed) found.set(nodeOf(replica), id)
    }
  }
  return found
}
