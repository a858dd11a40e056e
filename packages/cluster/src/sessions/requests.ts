// What clients ask for beside publishing and settling: topology, queues, consumers. Each request is
// answered once.
import {
  checkMetadataCommand,
  encodeMetadataCommand,
  type MetadataCommand,
  type MetadataResult,
  rendezvousGroup
} from '@holdfast/broker'
import { HoldfastError, unreachable } from '@holdfast/errors'
import type { ClientRequest, RequestEvent } from '@holdfast/protocol'
import { needsOf } from '../access/needs.ts'
import { clearQueue, deleteQueue, describeQueue, findQueue } from '../administration/queue-calls.ts'
import type { Core } from '../core.ts'
import { cancelConsumer, startConsumer } from '../delivering/consuming.ts'
import { type Responder, refusal } from './responder.ts'
import type { Session } from './session.ts'

export function handleRequest(core: Core, session: Session, event: RequestEvent): void {
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
    isGone: () => session.isClosed
  }
  if (core.identity === null) {
    return responder.refuse(refusal('UNAVAILABLE', { reason: 'this node is in no cluster yet' }))
  }
  if (core.metadata.machine.clusterId === null) {
    const reason = 'this node is still learning the metadata'
    return responder.refuse(refusal('UNAVAILABLE', { reason }))
  }
  session.rights.require(needsOf(request), responder, () => {
    carryOut(core, session, request, responder)
  })
}

function carryOut(core: Core, session: Session, request: ClientRequest, to: Responder): void {
  const { vhost } = session
  switch (request.type) {
    case 'declare-queue': {
      const { name, options } = request
      const group = rendezvousGroup(vhost, name, core.metadata.machine.placement.shards)
      const command = { type: request.type, vhost, name, options: { ...options }, group } as const
      return change(core, command, to, { name })
    }
    case 'declare-exchange': {
      const { type, name, kind, options } = request
      return change(core, { type, vhost, name, kind, options: { ...options } }, to, null)
    }
    case 'delete-exchange':
      return change(core, { ...request, vhost }, to, null)
    case 'bind-queue':
    case 'unbind-queue': {
      const { queue: name, exchange: source, bindingKey } = request
      const type = request.type === 'bind-queue' ? 'bind' : 'unbind'
      const destination = { type: 'queue', name } as const
      const binding = { vhost, source, destination, bindingKey, arguments: request.arguments }
      return change(core, { type, ...binding }, to, null)
    }
    case 'bind-exchange':
    case 'unbind-exchange': {
      const { destination: name, source, bindingKey } = request
      const type = request.type === 'bind-exchange' ? 'bind' : 'unbind'
      const destination = { type: 'exchange', name } as const
      const binding = { vhost, source, destination, bindingKey, arguments: request.arguments }
      return change(core, { type, ...binding }, to, null)
    }
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

/** A change of the metadata: committed, and in force on every node when it is answered. */
function change(core: Core, command: MetadataCommand, to: Responder, result: unknown): void {
  try {
    checkMetadataCommand(command)
    encodeMetadataCommand(command)
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error
    return to.refuse(error.toWire())
  }
  const answered = (answer: MetadataResult): void => {
    if ('error' in answer) to.refuse(answer.error)
    else to.done(result)
  }
  core.metadata.submit(command, answered, { isGone: () => to.isGone?.() === true })
}
