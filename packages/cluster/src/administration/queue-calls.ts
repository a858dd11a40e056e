// Finding, describing, purging and deleting a queue from any node: metadata knows where it is, its
// shard's leader knows what is in it.
import type { QueueTarget, Refused, SectionReply, ShardCommand } from '@holdfast/broker'
import type { WireError } from '@holdfast/errors'
import type { Core } from '../core.ts'
import { times } from '../limits.ts'
import type { QueueCounts } from '../peers/peer-message.ts'
import { type Responder, refusal } from '../sessions/responder.ts'
import type { QueueStatus } from '../status.ts'

/**
 * Runs `look` when this node's metadata is current: under the routing lease, or behind a fence. For
 * answers that are not checked by anybody further on.
 */
export function whenCurrent(core: Core, to: Responder, look: () => void): void {
  if (core.lease.isValid) return look()
  core.fence.wait((isCurrent) => {
    if (isCurrent) look()
    else to.refuse(refusal('UNAVAILABLE', { reason: 'there is no metadata leader' }))
  })
}

/** Looks the queue up; 'not found' only once this node is as current as the metadata leader. */
export function findQueue(
  core: Core,
  vhost: string,
  name: string,
  to: Responder,
  found: (queue: QueueTarget) => void
): void {
  const known = core.metadata.machine.topology.queue(vhost, name)
  if (known !== null) return found(known)
  core.fence.wait((isCurrent) => {
    const { topology } = core.metadata.machine
    const queue = topology.queue(vhost, name)
    if (queue !== null) return found(queue)
    if (!isCurrent) {
      return to.refuse(refusal('UNAVAILABLE', { reason: 'there is no metadata leader' }))
    }
    const code = topology.vhost(vhost) === null ? 'VHOST_NOT_FOUND' : 'QUEUE_NOT_FOUND'
    to.refuse(refusal(code, { queue: name, vhost }))
  })
}

/** A shard that does not have a queue knows its id only; who asked knows the name. */
export function shardRefusal(refused: Refused, { vhost, name }: QueueTarget): WireError {
  const isGone = refused.code === 'QUEUE_NOT_FOUND'
  return refusal(refused.code, isGone ? { queue: name, vhost } : refused.details)
}

/** Brings a command to a shard's leader until it is answered or the time is up. */
export function submitToShard(
  core: Core,
  queue: QueueTarget,
  command: ShardCommand,
  to: Responder,
  done: (reply: SectionReply) => void,
  deadlineMs: number = core.clock.nowMs + times.requestTimeoutMs
): void {
  const { group } = queue
  core.shards.submit(group, command, (reply) => {
    if (reply?.type === 'refused') return to.refuse(shardRefusal(reply, queue))
    if (reply !== null) return done(reply)
    if (core.clock.nowMs >= deadlineMs) {
      return to.refuse(refusal('UNAVAILABLE', { reason: `group ${group} has no leader` }))
    }
    core.timers.after(times.retryMs, () => {
      submitToShard(core, queue, command, to, done, deadlineMs)
    })
  })
}

export function clearQueue(core: Core, vhost: string, name: string, to: Responder): void {
  findQueue(core, vhost, name, to, (target) => {
    // The leader adds what consumers hold, which stays.
    const command: ShardCommand = { type: 'purge-queue', queue: target.id, keep: [] }
    submitToShard(core, target, command, to, (reply) => {
      to.done({ messages: messagesOf(reply) })
    })
  })
}

/** The shard decides whether it may go, atomically; then metadata forgets it, then the shard. */
export function deleteQueue(
  core: Core,
  vhost: string,
  request: { readonly name: string; readonly ifUnused: boolean; readonly ifEmpty: boolean },
  to: Responder
): void {
  const { name, ifUnused, ifEmpty } = request
  findQueue(core, vhost, name, to, (target) => {
    const queue = target.id
    const condition: ShardCommand = { type: 'delete-queue-if', queue, ifUnused, ifEmpty }
    submitToShard(core, target, condition, to, (reply) => {
      const messages = messagesOf(reply)
      core.metadata.submit({ type: 'delete-queue', vhost, name, queue }, (answer) => {
        // Asked again after a lost answer: it is gone, as wanted.
        const isGone = 'error' in answer && answer.error.code === 'QUEUE_NOT_FOUND'
        if ('error' in answer && !isGone) to.refuse(answer.error)
        else to.done({ messages })
      })
    })
  })
}

function messagesOf(reply: SectionReply): number {
  return 'messages' in reply ? reply.messages : 0
}

export function describeQueue(core: Core, vhost: string, name: string, to: Responder): void {
  whenCurrent(core, to, () => {
    findQueue(core, vhost, name, to, (queue) => {
      queueStatus(core, queue, (status) => to.done(status))
    })
  })
}

/** What is known of a queue; the counts are null where its leader does not answer. */
export function queueStatus(
  core: Core,
  queue: QueueTarget,
  done: (status: QueueStatus) => void
): void {
  const { vhost, name, group, id } = queue
  const leader = core.reports.locate(group)
  const answer = (counts: QueueCounts | null): void => {
    const { ready = null, unsettled = null, consumers = null, bytes = null } = counts ?? {}
    done({ vhost, name, type: 'durable', group, leader, ready, unsettled, consumers, bytes })
  }
  if (leader === null) return answer(null)
  core.calls.call(leader, { type: 'inspect', group, queue: id }, (result) => {
    answer(result.type === 'counts' ? result.counts : null)
  })
}
