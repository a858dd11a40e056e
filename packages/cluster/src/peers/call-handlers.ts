// What this node does when another one, or a part of its own, calls: each call is answered once.
import { HoldfastError, unreachable } from '@holdfast/errors'
import { adminAtLeader } from '../administration/admin-calls.ts'
import { nodeOf } from '../consensus/replica-id.ts'
import { serveSnapshot } from '../consensus/snapshot-source.ts'
import type { Core } from '../core.ts'
import { type Answer, errorResult } from './calls.ts'
import type { Call, CallResult } from './peer-message.ts'

export function answerCall(core: Core, from: number, call: Call, answer: Answer): void {
  switch (call.type) {
    case 'metadata':
      return core.metadata.change(call.command, answer)
    case 'shard':
      return core.shards.command(call.group, call.command, answer)
    case 'reconfigure':
      return reconfigure(core, from, call, answer)
    case 'transfer':
      return transfer(core, call.group, call.to, answer)
    case 'inspect': {
      const gone = core.lifetimes.isOver(call.group, call.queue)
      if (gone !== null) return answer(errorResult(new HoldfastError('QUEUE_NOT_FOUND', gone)))
      const counts = core.deliveries.counts(call.group, call.queue)
      return answer(counts === null ? notLeader(core, call.group) : { type: 'counts', counts })
    }
    case 'admin':
      return adminAtLeader(core, call.request, answer)
    case 'snapshot-open':
    case 'snapshot-blobs':
    case 'snapshot-retained':
    case 'snapshot-entries':
      return serveSnapshot(core, call, answer)
    case 'relay-attach':
      return core.leaderRelay.attach(from, call, answer)
    case 'relay-get':
      return core.leaderRelay.get(from, call, answer)
    case 'relay-stop':
      return core.leaderRelay.stop(from, call.attachment, answer)
    case 'relay-detach':
      return core.leaderRelay.detach(from, call.attachment, answer)
    case 'relay-roll':
      return core.gatewayRelay.roll(from, call.group, answer)
    case 'compare-entries':
      return core.scrubber.serve(call.group, call.entries, answer)
    case 'fetch-entry':
      return core.repair.serve(call.group, call.index, answer)
    default:
      return unreachable(call)
  }
}

function notLeader(core: Core, group: number): CallResult {
  const leader = core.reports.locate(group) ?? 0
  return errorResult(new HoldfastError('NOT_LEADER', { group, leader }))
}

function reconfigure(
  core: Core,
  from: number,
  call: Extract<Call, { type: 'reconfigure' }>,
  answer: Answer
): void {
  const raft = core.groups.get(call.group)?.raft
  if (raft === undefined || !raft.isLeader) return answer(notLeader(core, call.group))
  // One that leads an older metadata group would take members for strangers.
  if (core.metadata.group?.leaderNode !== from) {
    const reason = 'members are changed by the metadata leader'
    return answer(errorResult(new HoldfastError('UNAVAILABLE', { reason })))
  }
  const { voters, learners } = call
  const replicas = [...voters, ...learners]
  const isSound = voters.length > 0 && new Set(replicas).size === replicas.length
  if (!isSound || replicas.some((replica) => replica === 0)) {
    const reason = 'a configuration needs voters, and names each replica once'
    throw new HoldfastError('REQUEST_INVALID', { reason })
  }
  // The caller goes by a report. A step from members of the past can bring back one that has left.
  const { configuration } = raft
  const isCurrent =
    isSame(configuration.voters, call.from.voters) &&
    isSame(configuration.learners, call.from.learners)
  const id = isCurrent ? raft.proposeConfiguration({ voters, learners }) : null
  if (id !== null) return answer({ type: 'done' })
  const reason = 'another change of this group is under way, or has just ended'
  answer(errorResult(new HoldfastError('UNAVAILABLE', { reason })))
}

function transfer(core: Core, group: number, to: number, answer: Answer): void {
  const raft = core.groups.get(group)?.raft
  if (raft === undefined || !raft.isLeader) return answer(notLeader(core, group))
  if (to === core.identity?.node) return answer({ type: 'done' })
  const target = raft.configuration.voters.find((replica) => nodeOf(replica) === to)
  if (target !== undefined && raft.transfer(target)) return answer({ type: 'done' })
  const reason = target === undefined ? 'it is no voter of that group' : 'it cannot take over now'
  answer(errorResult(new HoldfastError('TRANSFER_IMPOSSIBLE', { group, node: to, reason })))
}

function isSame(left: readonly number[], right: readonly number[]): boolean {
  return left.length === right.length && left.every((replica) => right.includes(replica))
}
