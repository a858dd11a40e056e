// Leaving groups: a replica that was removed from its group while it lagged never hears of it from
// the log, since leaders write to members only. It may go when the leader, in its own term or a
// later one and with all that this replica knows to be committed, says that the committed
// configuration does not name it; when metadata does not wish for it either; and when the leader
// has written nothing to it for long. A leader that had taken it in again would have written within
// that time.
import { members } from '@holdfast/raft'
import type { AnyGroup } from '../consensus/groups.ts'
import type { Core } from '../core.ts'
import { times } from '../limits.ts'
import type { GroupReport } from '../peers/peer-message.ts'

/** Drops the replicas of this node whose groups go on without them. */
export function leaveGroups(core: Core): void {
  for (const group of [...core.groups.all()]) {
    const leader = group.id === 0 ? null : dismissal(core, group)
    if (leader !== null) core.groups.drop(group.id, leader)
  }
}

/** The leader's report on which this replica may go; null if it may not. */
function dismissal(core: Core, group: AnyGroup): GroupReport | null {
  const { groups, metadata, reports } = core
  const self = groups.selfReplica
  const { raft } = group
  const placement = metadata.machine.placement.get(group.id)
  if (raft.isLeader || placement == null || placement.replicas.includes(self)) return null
  const heard = reports.heardFromLeader(group.id)
  if (heard === null || heard.atMs < group.heardMs + times.dismissedMs) return null
  const { term, commit, voters } = heard.report
  const isMember = members(heard.report).includes(self)
  if (isMember || voters.length === 0 || term < raft.term || commit < raft.commitIndex) return null
  // What it wrote here after that report may say that this replica is a member again.
  const isLastWord = raft.lastId.term < term || raft.lastId.index <= commit
  return isLastWord ? heard.report : null
}
