// What AMQP clients ask for beside publishing and settling. Each request is answered once.
import type { AmqpRequest, RequestEvent, RequestName, RequestOf } from '@holdfast/amqp'
import { settingsOf } from '@holdfast/broker'
import { HoldfastError, unreachable } from '@holdfast/errors'
import { needsOfAmqpRequest } from '../access/needs.ts'
import { SessionRights } from '../access/session-rights.ts'
import { change, changeBinding, notReady } from '../administration/changes.ts'
import {
  clearQueue,
  deleteQueue,
  describeQueue,
  whenCurrent
} from '../administration/queue-calls.ts'
import type { Core } from '../core.ts'
import { times } from '../limits.ts'
import type { QueueStatus } from '../status.ts'
import { AmqpCommit } from './amqp-commit.ts'
import type { AmqpSession } from './amqp-session.ts'
import { authenticate, updateSecret } from './authentication.ts'
import { declareQueue } from './declaring.ts'
import { readReplyAddress } from './replies.ts'
import { type Responder, refusal } from './responder.ts'

/** What may be asked for so that messages arrive where they did not. */
const makesRoutes: ReadonlySet<RequestName> = new Set([
  'declare-queue',
  'declare-exchange',
  'bind-queue',
  'bind-exchange'
])

/** What gets, counts or drops messages, also those that were given back before. */
const looksIntoQueue: ReadonlySet<RequestName> = new Set([
  'get',
  'declare-queue',
  'inspect-queue',
  'delete-queue',
  'purge-queue'
])

const noMatter = (): void => undefined

export function handleAmqpRequest(core: Core, session: AmqpSession, event: RequestEvent): void {
  const { requestId, channel, request } = event
  const { connection } = session
  const { changes, consumers } = session
  const changed = makesRoutes.has(request.type) ? changes.begin() : noMatter
  const deleted = request.type === 'delete-queue' ? consumers.deletions.begin() : noMatter
  const to: Responder = {
    done: (result) => {
      changed()
      connection.respond(requestId, result)
      session.answered()
      deleted()
    },
    refuse: (error) => {
      changed()
      connection.refuse(requestId, error)
      session.answered()
      deleted()
    },
    // Only where the node is in a cluster.
    get client() {
      return session.clientKey
    },
    isGone: () => session.isClosed
  }
  const reason = notReady(core)
  if (reason !== null) return to.refuse(reason)
  const attempt = (): void => {
    try {
      carryOut(core, session, channel, request, to)
    } catch (error) {
      // Thrown before anything was done: what is asked for cannot be.
      if (!(error instanceof HoldfastError)) throw error
      to.refuse(error.toWire())
    }
  }
  session.rights.require(needsOfAmqpRequest(request), to, () => {
    if (!looksIntoQueue.has(request.type)) return attempt()
    consumers.whenGivenBack(() => {
      if (!session.isClosed) attempt()
    })
  })
}

function carryOut(
  core: Core,
  session: AmqpSession,
  channel: number,
  request: AmqpRequest,
  to: Responder
): void {
  const { vhost, consumers } = session
  switch (request.type) {
    case 'authenticate':
      return authenticate(core, session, request.credentials, to)
    case 'open-vhost':
      return openVhost(core, session, request.vhost, to)
    case 'declare-queue':
      return declare(core, session, request, to)
    case 'inspect-queue':
      return inspect(core, vhost, request.name, to)
    case 'delete-queue':
      return deleteQueue(core, vhost, request, to)
    case 'purge-queue':
      return clearQueue(core, vhost, request.name, to)
    case 'declare-exchange':
      return change(core, { ...request, options: { ...request.options }, vhost }, to, null)
    case 'inspect-exchange':
      return findExchange(core, vhost, request.name, to, () => to.done(null))
    case 'delete-exchange':
      return change(core, { ...request, vhost }, to, null)
    case 'bind-queue':
    case 'unbind-queue':
    case 'bind-exchange':
    case 'unbind-exchange':
      return changeBinding(core, vhost, request, to)
    case 'consume':
      return consumers.consume(request, to)
    case 'cancel':
      return consumers.cancel(request.consumer, to)
    case 'set-prefetch':
      consumers.find(request.consumer)?.setPrefetch(request.prefetch)
      return to.done(null)
    case 'release':
      return consumers.release(request.consumers, () => to.done(null))
    case 'get':
      return consumers.get(channel, request, to)
    case 'consume-replies':
      return consumers.consumeReplies(to)
    case 'update-secret':
      return updateSecret(core, session, to)
    case 'commit':
      return new AmqpCommit(core, session, request, to).attempt()
    default:
      return unreachable(request)
  }
}

function openVhost(core: Core, session: AmqpSession, vhost: string, to: Responder): void {
  const { refusal: isAway } = core.sessions
  if (isAway !== null) return to.refuse(isAway)
  // Its consumers are known by a number that is not sure before.
  if (!core.gateway.isOpen) return to.refuse(refusal('UNAVAILABLE', { reason: 'the node starts' }))
  const { logins } = core
  const { user } = session
  logins.whenRefused(
    () => logins.entranceRefusal(user, vhost),
    (error) => {
      if (error !== null) return to.refuse(error)
      session.rights = new SessionRights(core, user, vhost)
      to.done(null)
    }
  )
}

/** What is there is described; what is not is created first. */
function declare(
  core: Core,
  session: AmqpSession,
  request: RequestOf<'declare-queue'>,
  to: Responder
): void {
  const { name, options } = request
  const done = (result: unknown): void => {
    describe(core, session.vhost, (result as { readonly name: string }).name, to)
  }
  declareQueue(core, session, name, { ...options }, { ...to, done })
}

/** RabbitMQ: also a passive declaration is a use, which puts off that a queue expires. */
function inspect(core: Core, vhost: string, name: string, to: Responder): void {
  const queue = core.metadata.machine.topology.queue(vhost, name)
  if (queue === null || settingsOf(queue.options).expiresMs === 0) {
    return describe(core, vhost, name, to)
  }
  core.shards.submit(queue.group, { type: 'use-queue', queue: queue.id }, (reply) => {
    // It has expired, and is about to go.
    if (reply?.type === 'closing') to.refuse(refusal('QUEUE_NOT_FOUND', { queue: name, vhost }))
    else describe(core, vhost, name, to)
  })
}

/** While a queue has no leader nobody knows what is in it: that is waited for, up to a point. */
function describe(
  core: Core,
  vhost: string,
  name: string,
  to: Responder,
  deadlineMs: number = core.clock.nowMs + times.callTimeoutMs
): void {
  // Who answers may ask whether somebody still waits for it.
  const address = readReplyAddress(name)
  if (address !== null && core.replies.hasReceiver(vhost, address)) {
    return to.done({ name, ready: 0, consumers: 1 })
  }
  describeQueue(core, vhost, name, {
    ...to,
    done: (result) => {
      const { ready, consumers } = result as QueueStatus
      if (ready !== null || core.clock.nowMs >= deadlineMs) to.done({ name, ready, consumers })
      else core.timers.after(times.retryMs, () => describe(core, vhost, name, to, deadlineMs))
    }
  })
}

function findExchange(
  core: Core,
  vhost: string,
  name: string,
  to: Responder,
  found: () => void
): void {
  whenCurrent(core, to, () => {
    if (core.metadata.machine.topology.exchange(vhost, name) !== null) return found()
    to.refuse(refusal('EXCHANGE_NOT_FOUND', { exchange: name, vhost }))
  })
}
