// Finding, describing, purging and deleting a queue from any node: metadata knows where it is, its
// shard's leader knows what is in it.
import {
  checkUse,
  type QueueTarget,
  type Refused,
  type SectionReply,
  type ShardCommand
} from '@holdfast/broker'
import { HoldfastError, type WireError } from '@holdfast/errors'
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
    else to.refuse(noMetadataLeader())
  })
}

type Find = (
  core: Core,
  vhost: string,
  name: string,
  to: Responder,
  found: (queue: QueueTarget) => void
) => void

/** Finds a queue that its client may use: it is not exclusive to another one. */
export const findQueue: Find = (core, vhost, name, to, found) => {
  findAnyQueue(core, vhost, name, to, (queue) => whenUsable(queue, to, () => found(queue)))
}

/** For a queue by its id: whose it is never changes. */
function whenUsable(queue: QueueTarget, to: Responder, go: () => void): void {
  const refused = lockRefusal(queue, to.client)
  if (refused === null) go()
  else to.refuse(refused)
}

/** Null: the client may use it, as far as that goes. */
export function lockRefusal(queue: QueueTarget, client: string | undefined): WireError | null {
  try {
    checkUse(queue, client)
    return null
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error
    return error.toWire()
  }
}

/** Looks the queue up; 'not found' only once this node is as current as the metadata leader. */
export const findAnyQueue: Find = (core, vhost, name, to, found) => {
  const known = core.metadata.machine.topology.queue(vhost, name)
  if (known !== null) return found(known)
  core.fence.wait((isCurrent) => {
    const queue = core.metadata.machine.topology.queue(vhost, name)
    if (queue !== null) return found(queue)
    to.refuse(isCurrent ? notFound(core, vhost, name) : noMetadataLeader())
  })
}

function notFound(core: Core, vhost: string, name: string): WireError {
  const isVhost = core.metadata.machine.topology.vhost(vhost) !== null
  return refusal(isVhost ? 'QUEUE_NOT_FOUND' : 'VHOST_NOT_FOUND', { queue: name, vhost })
}

/**
 * A shard refuses. That it does not have the queue may be because this node named the one that had
 * the name before: then `again` is called with the one that has it. A shard knows ids only; who
 * asked knows the name.
 */
export function refusedByShard(
  core: Core,
  refused: Refused,
  { vhost, name, id }: QueueTarget,
  to: Responder,
  again: (queue: QueueTarget) => void
): void {
  if (refused.code !== 'QUEUE_NOT_FOUND') return to.refuse(refusal(refused.code, refused.details))
  core.fence.wait((isCurrent) => {
    if (to.isGone?.() === true) return
    const queue = core.metadata.machine.topology.queue(vhost, name)
    if (queue !== null && queue.id !== id) return whenUsable(queue, to, () => again(queue))
    to.refuse(isCurrent ? notFound(core, vhost, name) : noMetadataLeader())
  })
}

export function noMetadataLeader(): WireError {
  return refusal('UNAVAILABLE', { reason: 'there is no metadata leader' })
}

/** Brings a command to the leader of a queue's shard until it is answered or the time is up. */
function submitToShard(
  core: Core,
  queue: QueueTarget,
  commandFor: (queue: QueueTarget) => ShardCommand,
  to: Responder,
  done: (reply: SectionReply, queue: QueueTarget) => void,
  deadlineMs: number = core.clock.nowMs + times.requestTimeoutMs
): void {
  const { group } = queue
  const submit = (target: QueueTarget): void => {
    submitToShard(core, target, commandFor, to, done, deadlineMs)
  }
  core.shards.submit(group, commandFor(queue), (reply) => {
    if (reply?.type === 'refused') return refusedByShard(core, reply, queue, to, submit)
    if (reply !== null) return done(reply, queue)
    if (core.clock.nowMs >= deadlineMs) {
      return to.refuse(refusal('UNAVAILABLE', { reason: `group ${group} has no leader` }))
    }
    core.timers.after(times.retryMs, () => {
      if (to.isGone?.() !== true) submit(queue)
    })
  })
}

export function clearQueue(core: Core, vhost: string, name: string, to: Responder): void {
  findQueue(core, vhost, name, to, (target) => {
    // The leader adds what consumers hold, which stays.
    const purge = ({ id }: QueueTarget): ShardCommand => {
      return { type: 'purge-queue', queue: id, keep: [] }
    }
    submitToShard(core, target, purge, to, (reply) => {
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
    const condition = ({ id }: QueueTarget): ShardCommand => {
      return { type: 'delete-queue-if', queue: id, ifUnused, ifEmpty, held: [] }
    }
    submitToShard(core, target, condition, to, (reply, { id: queue }) => {
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

export function describeQueue(
  core: Core,
  vhost: string,
  name: string,
  to: Responder,
  find: Find = findQueue
): void {
  whenCurrent(core, to, () => {
    find(core, vhost, name, to, (queue) => {
      queueStatus(core, queue, (status, isOver) => {
        if (isOver) to.refuse(notFound(core, vhost, name))
        else to.done(status)
      })
    })
  })
}

/**
 * What is known of a queue; the counts are null where its leader does not answer. `isOver`: it has
 * come to its end, and the metadata has yet to hear of it.
 */
export function queueStatus(
  core: Core,
  queue: QueueTarget,
  done: (status: QueueStatus, isOver: boolean) => void
): void {
  const { vhost, name, group, id } = queue
  const leader = core.reports.locate(group)
  const answer = (counts: QueueCounts | null, isOver = false): void => {
    const { ready = null, unsettled = null, consumers = null, bytes = null } = counts ?? {}
    const numbers = { ready, unsettled, consumers, bytes, deadLetters: counts?.deadLetters ?? null }
    done({ vhost, name, type: 'durable', group, leader, ...numbers }, isOver)
  }
  if (leader === null) return answer(null)
  core.calls.call(leader, { type: 'inspect', group, queue: id }, (result) => {
    const isOver = result.type === 'error' && result.error.code === 'QUEUE_NOT_FOUND'
    answer(result.type === 'counts' ? result.counts : null, isOver)
  })
}
