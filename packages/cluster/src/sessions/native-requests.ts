// What clients of the native protocol ask for beside publishing and settling: topology, queues,
// consumers. Each request is answered once.
import type { Options } from '@holdfast/broker'
import { unreachable } from '@holdfast/errors'
import type { ClientRequest, QueueOptions, RequestEvent } from '@holdfast/protocol'
import { needsOf } from '../access/needs.ts'
import { change, changeBinding, notReady } from '../administration/changes.ts'
import { describeExchange } from '../administration/exchange-calls.ts'
import { clearQueue, deleteQueue, describeQueue, findQueue } from '../administration/queue-calls.ts'
import type { Core } from '../core.ts'
import { cancelConsumer, startConsumer } from '../delivering/consuming.ts'
import { declareQueue } from './declaring.ts'
import type { NativeSession } from './native-session.ts'
import type { Responder } from './responder.ts'

export function handleRequest(core: Core, session: NativeSession, event: RequestEvent): void {
  const { requestId, request } = event
  const responder: Responder = {
    done: (result) => {
      session.connection.respond(requestId, result)
      core.sessions.touch(session)
    },
    refuse: (error) => {
      session.connection.refuse(requestId, error)
      core.sessions.touch(session)
    },
    client: session.clientKey,
    isGone: () => session.isClosed
  }
  const refusal = notReady(core)
  if (refusal !== null) return responder.refuse(refusal)
  session.rights.require(needsOf(request), responder, () => {
    carryOut(core, session, request, responder)
  })
}

function carryOut(core: Core, session: NativeSession, request: ClientRequest, to: Responder): void {
  const { vhost } = session
  switch (request.type) {
    case 'declare-queue':
      return declareQueue(core, session, request.name, queueOptionsOf(request.options), to)
    case 'inspect-exchange':
      return describeExchange(core, vhost, request.name, to)
    case 'declare-exchange': {
      const { type, name, kind, options } = request
      return change(core, { type, vhost, name, kind, options: { ...options } }, to, null)
    }
    case 'delete-exchange':
      return change(core, { ...request, vhost }, to, null)
    case 'bind-queue':
    case 'unbind-queue':
    case 'bind-exchange':
    case 'unbind-exchange':
      return changeBinding(core, vhost, request, to)
    case 'delete-queue':
      return deleteQueue(core, vhost, request, to)
    case 'purge-queue':
      return clearQueue(core, vhost, request.name, to)
    case 'inspect-queue':
      return describeQueue(core, vhost, request.name, to)
    case 'locate-queue':
      return findQueue(core, vhost, request.name, to, ({ group }) => {
        to.done({ group, leader: core.reports.locate(group) })
      })
    case 'consume':
      return startConsumer(core, session, request, to)
    case 'cancel':
      return cancelConsumer(core, session, request.consumer, to)
    case 'nodes':
      return to.done(core.sessions.nodeAddresses())
    default:
      return unreachable(request)
  }
}

/** The options of the native protocol by their names in AMQP, which is how queues are kept. */
function queueOptionsOf(options: QueueOptions): Options {
  const { exclusive = false, autoDelete = false } = options
  const { expiresMs, messageTtlMs, singleActiveConsumer = false } = options
  const { deadLetterExchange: exchange, deadLetterRoutingKey: routingKey } = options
  const { maxLength, maxLengthBytes, overflow, deliveryLimit, maxPriority } = options
  return {
    exclusive,
    autoDelete,
    arguments: {
      ...(expiresMs === undefined ? {} : { 'x-expires': expiresMs }),
      ...(messageTtlMs === undefined ? {} : { 'x-message-ttl': messageTtlMs }),
      ...(singleActiveConsumer ? { 'x-single-active-consumer': true } : {}),
      ...(exchange === undefined ? {} : { 'x-dead-letter-exchange': exchange }),
      ...(routingKey === undefined ? {} : { 'x-dead-letter-routing-key': routingKey }),
      ...(maxLength === undefined ? {} : { 'x-max-length': maxLength }),
      ...(maxLengthBytes === undefined ? {} : { 'x-max-length-bytes': maxLengthBytes }),
      ...(overflow === undefined ? {} : { 'x-overflow': overflow }),
      ...(deliveryLimit === undefined ? {} : { 'x-delivery-limit': deliveryLimit }),
      ...(maxPriority === undefined ? {} : { 'x-max-priority': maxPriority })
    }
  }
}
