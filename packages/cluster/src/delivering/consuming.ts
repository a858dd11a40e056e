// Attaching and cancelling consumers. A consumer connects to the node that leads its queue's shard;
// the attachment is committed before the first delivery, so that a new leader knows whom to wait
// for.
import type { QueueTarget } from '@holdfast/broker'
import type { ClientRequest } from '@holdfast/protocol'
import { findQueue, refusedByShard } from '../administration/queue-calls.ts'
import type { Core } from '../core.ts'
import { limits } from '../limits.ts'
import type { NativeSession } from '../sessions/native-session.ts'
import { type Responder, refusal } from '../sessions/responder.ts'
import type { Consumer } from './consumer.ts'

type ConsumeRequest = Extract<ClientRequest, { type: 'consume' }>

export function startConsumer(
  core: Core,
  session: NativeSession,
  request: ConsumeRequest,
  to: Responder
): void {
  const { tag } = request
  const limit = limits.consumersPerClientMax
  if (session.consumers.size >= limit) {
    return to.refuse(refusal('LIMIT_REACHED', { limit, kind: 'consumers of a connection' }))
  }
  for (const { consumer } of session.consumers.values()) {
    if (consumer.key.tag === tag) return to.refuse(refusal('CONSUMER_TAG_IN_USE', { tag }))
  }
  findQueue(core, session.vhost, request.queue, to, (target) => {
    // Who is gone meanwhile would only come and go, and might take the queue with it.
    if (!session.isClosed) attachTo(core, session, request, target, to)
  })
}

function attachTo(
  core: Core,
  session: NativeSession,
  request: ConsumeRequest,
  target: QueueTarget,
  to: Responder
): void {
  const { tag, prefetch, autoAck, exclusive, priority, resume } = request
  const { id: queue, group } = target
  const key = { session: session.clientKey, tag }
  const options = { prefetch, autoAck, exclusive, priority }
  const command = { type: 'attach-consumer', queue, consumer: key, ...options } as const
  const notLeader = (): void => {
    to.refuse(refusal('NOT_LEADER', { group, leader: core.reports.locate(group) ?? 0 }))
  }
  const arrived = core.deliveries.expect(group, queue, key)
  const isTaken = core.shards.propose(group, command, (reply) => {
    arrived()
    if (reply === null) return notLeader()
    if (reply.type === 'refused') {
      return refusedByShard(core, reply, target, to, (other) => {
        attachTo(core, session, request, other, to)
      })
    }
    const number = session.nextConsumerNumber()
    const ways = { prefetch, autoAck, priority }
    const counts = { unsettled: 0, mistaken: 0 }
    const consumer: Consumer = { key, recipient: session, number, ...ways, ...counts }
    if (session.isClosed) {
      core.deliveries.attach(group, queue, consumer, null)
      return core.deliveries.detach(group, queue, consumer)
    }
    const revoked = session.rights.readRefusal(target.name)
    if (revoked !== null) {
      core.deliveries.attach(group, queue, consumer, null)
      core.deliveries.detach(group, queue, consumer)
      return to.refuse(revoked)
    }
    session.consumers.set(number, { consumer, group, queue })
    to.done({ consumer: number })
    if (!core.deliveries.attach(group, queue, consumer, resume)) {
      session.cancelled(number, refusal('NOT_LEADER', { group, leader: 0 }))
    }
  })
  if (isTaken) return
  arrived()
  notLeader()
}

export function cancelConsumer(
  core: Core,
  session: NativeSession,
  number: number,
  to: Responder
): void {
  const entry = session.consumers.get(number)
  if (entry === undefined) return to.refuse(refusal('CONSUMER_NOT_FOUND', { tag: String(number) }))
  session.consumers.delete(number)
  core.deliveries.detach(entry.group, entry.queue, entry.consumer)
  to.done(null)
}
