// Calls of operators. Reads are answered here as far as this node knows; what changes the cluster
// goes to the metadata leader.
import { HoldfastError, type WireError } from '@holdfast/errors'
import { type Core, log } from '../core.ts'
import { times } from '../limits.ts'
import { operationStatus } from '../membership/operations.ts'
import { type Answer, errorResult } from '../peers/calls.ts'
import type { CallResult } from '../peers/peer-message.ts'
import { type Responder, refusal } from '../sessions/responder.ts'
import type { AdminReply, AdminRequest, OperationStatus, QueueStatus } from '../status.ts'
import { authenticate, authorize, changeAccess, nobodyKnown, readAccess } from './access-calls.ts'
import {
  clearQueue,
  deleteQueue,
  describeQueue,
  findAnyQueue,
  queueStatus,
  whenCurrent
} from './queue-calls.ts'

type Done = (reply: AdminReply) => void

/** An operator's call reached this node. */
export function handleAdmin(core: Core, id: number, request: AdminRequest): void {
  const reply = (result: AdminReply | { readonly error: WireError }): void => {
    core.outputs.push({ type: 'admin-reply', id, result })
  }
  const to: Responder = {
    done: (result) => reply(result as AdminReply),
    refuse: (error) => reply({ error })
  }
  if (core.identity === null && request.type === 'authenticate' && !request.credentials) {
    return to.done({ type: 'identity', identity: nobodyKnown } satisfies AdminReply)
  }
  if (core.identity === null) {
    return to.refuse(refusal('UNAVAILABLE', { reason: 'this node is in no cluster yet' }))
  }
  try {
    carryOut(core, request, request.type === 'authenticate' ? core.logins.caller(id, to) : to)
  } catch (error) {
    // Thrown before anything was done: what was asked for makes no sense, or is a defect.
    if (!(error instanceof HoldfastError)) {
      const reason = error instanceof Error ? (error.stack ?? error.message) : String(error)
      log(core, 'error', 'an operator call failed', { type: request.type, reason })
    }
    to.refuse(HoldfastError.from(error).toWire())
  }
}

function carryOut(core: Core, request: AdminRequest, to: Responder): void {
  const done: Done = (reply) => to.done(reply)
  switch (request.type) {
    case 'list-queues':
      return whenCurrent(core, to, () => listQueues(core, request, to))
    case 'inspect-queue':
      return inspect(core, request.vhost, request.name, to)
    case 'purge-queue':
    case 'delete-queue': {
      const counted: Responder = {
        done: (result) => {
          const { messages } = result as { messages: number }
          done(request.type === 'purge-queue' ? { type: 'purged', messages } : { type: 'done' })
        },
        refuse: to.refuse
      }
      if (request.type === 'purge-queue') {
        return clearQueue(core, request.vhost, request.name, counted)
      }
      const all = { name: request.name, ifUnused: false, ifEmpty: false }
      return deleteQueue(core, request.vhost, all, counted)
    }
    case 'delete-vhost':
      return core.metadata.submit({ type: request.type, vhost: request.vhost }, (answer) => {
        if ('error' in answer) to.refuse(answer.error)
        else done({ type: 'done' })
      })
    case 'list-vhosts':
      return whenCurrent(core, to, () => {
        done({ type: 'vhosts', vhosts: core.metadata.machine.topology.vhostNames() })
      })
    case 'authenticate':
      return authenticate(core, request, to)
    case 'authorize':
      return authorize(core, request, to)
    case 'change-access':
      return changeAccess(core, request.command, to)
    case 'read-access':
      return readAccess(core, to)
    case 'transfer':
      return transfer(core, request.group, request.to, to)
    case 'add-node':
    case 'remove-node':
    case 'operation':
    case 'list-operations':
      return toLeader(core, request, to)
    default:
  }
}

/** Operators may look at what is exclusive to a client. */
function inspect(core: Core, vhost: string, name: string, to: Responder): void {
  const done = (status: unknown): void => {
    to.done({ type: 'queue', queue: status as QueueStatus } satisfies AdminReply)
  }
  describeQueue(core, vhost, name, { ...to, done }, findAnyQueue)
}

function listQueues(
  core: Core,
  { limit, cursor, vhosts }: Extract<AdminRequest, { readonly type: 'list-queues' }>,
  to: Responder
): void {
  const page = core.metadata.machine.topology.queuesPage(limit, cursor, vhosts)
  const queues: QueueStatus[] = []
  let waiting = page.queues.length
  const finish = (): void => to.done({ type: 'queues', queues, cursor: page.cursor })
  if (waiting === 0) return finish()
  page.queues.forEach((queue, i) => {
    queueStatus(core, queue, (status) => {
      queues[i] = status
      waiting--
      if (waiting === 0) finish()
    })
  })
}

function transfer(core: Core, group: number, to: number, responder: Responder): void {
  const report = core.reports.report(group)
  if (report === null) return responder.refuse(refusal('GROUP_NOT_FOUND', { group }))
  if (core.metadata.machine.membership.node(to) === null) {
    return responder.refuse(refusal('NODE_NOT_FOUND', { node: to }))
  }
  if (report.leader === null) {
    return responder.refuse(refusal('UNAVAILABLE', { reason: `group ${group} has no leader` }))
  }
  core.calls.call(report.leader, { type: 'transfer', group, to }, (result) => {
    if (result.type === 'error') responder.refuse(result.error)
    else responder.done({ type: 'done' })
  })
}

/** Brings a call to the metadata leader, and again while there is none or it changes. */
function toLeader(
  core: Core,
  request: AdminRequest,
  to: Responder,
  deadlineMs: number = core.clock.nowMs + times.requestTimeoutMs
): void {
  const again = (reason: string): void => {
    if (core.clock.nowMs >= deadlineMs) return to.refuse(refusal('UNAVAILABLE', { reason }))
    core.timers.after(times.retryMs, () => toLeader(core, request, to, deadlineMs))
  }
  const leader = core.reports.locate(0)
  if (leader === null) return again('there is no metadata leader')
  core.calls.call(leader, { type: 'admin', request }, (result: CallResult) => {
    if (result.type === 'admin') return to.done(result.reply)
    const error = result.type === 'error' ? result.error : null
    const isTransient = error?.code === 'UNAVAILABLE' || error?.code === 'NOT_LEADER'
    if (error !== null && !isTransient) to.refuse(error)
    else again('the metadata leader gave no answer')
  })
}

/** At the metadata leader: an operator's call that another node passed on. */
export function adminAtLeader(core: Core, request: AdminRequest, answer: Answer): void {
  const { metadata } = core
  if (!metadata.isLeading) {
    const leader = metadata.group?.leaderNode ?? 0
    return answer(errorResult(new HoldfastError('NOT_LEADER', { group: 0, leader })))
  }
  const { operations } = metadata.machine
  switch (request.type) {
    case 'operation': {
      const operation = operations.get(Number(request.id))
      if (operation !== null) {
        return answerOperation(operationStatus(operation), answer)
      }
      const { id } = request
      return answer(errorResult(new HoldfastError('OPERATION_NOT_FOUND', { operation: id })))
    }
    case 'list-operations': {
      const all = operations.operations.map(operationStatus)
      return answer({ type: 'admin', reply: { type: 'operations', operations: all } })
    }
    case 'add-node':
      return addNode(core, request.peer, answer)
    case 'remove-node':
      return removeNode(core, request.node, answer)
    default: {
      const reason = `${request.type} is not for the metadata leader`
      return answer(errorResult(new HoldfastError('REQUEST_INVALID', { reason })))
    }
  }
}

function addNode(core: Core, address: string, answer: Answer): void {
  const { membership, metadata, identity } = core
  const { running } = metadata.machine.operations
  const same = running.find(({ kind, peer }) => kind === 'add-node' && peer === address)
  if (same !== undefined) return answerOperation(operationStatus(same), answer)
  for (const { node, addresses } of metadata.machine.membership.nodes) {
    if (addresses.peer !== address) continue
    return answer(errorResult(new HoldfastError('NODE_ALREADY_MEMBER', { address, node })))
  }
  membership.probe(address, null, (hello) => {
    if ('error' in hello) {
      const reason = hello.error
      const code = hello.code ?? 'NODE_UNREACHABLE'
      const details = { address, reason, clusterId: '', node: 0 }
      return answer({ type: 'error', error: refusal(code, details) })
    }
    const { clusterId, node } = hello
    if (clusterId !== null && clusterId !== identity?.clusterId) {
      const error = new HoldfastError('NODE_OF_ANOTHER_CLUSTER', { address, clusterId })
      return answer(errorResult(error))
    }
    if (clusterId !== null) {
      const error = new HoldfastError('NODE_ALREADY_MEMBER', { address, node: node ?? 0 })
      return answer(errorResult(error))
    }
    startOperation(core, { kind: 'add-node', peer: address, node: null }, answer)
  })
}

function removeNode(core: Core, node: number, answer: Answer): void {
  const { machine } = core.metadata
  const known = machine.membership.node(node)
  if (known === null) return answer(errorResult(new HoldfastError('NODE_NOT_FOUND', { node })))
  const { running } = machine.operations
  const same = running.find((one) => one.kind === 'remove-node' && one.node === node)
  if (same !== undefined) return answerOperation(operationStatus(same), answer)
  const group = core.reconciler.groupEndangeredBy(node)
  if (group !== null) {
    return answer(errorResult(new HoldfastError('QUORUM_WOULD_BE_LOST', { node, group })))
  }
  startOperation(core, { kind: 'remove-node', peer: null, node }, answer)
}

function startOperation(
  core: Core,
  fields: { kind: 'add-node' | 'remove-node'; peer: string | null; node: number | null },
  answer: Answer
): void {
  const { metadata } = core
  metadata.propose({ type: 'start-operation', ...fields }, (result) => {
    if (result === null) {
      return answer(errorResult(new HoldfastError('NOT_LEADER', { group: 0, leader: 0 })))
    }
    if ('error' in result) return answer({ type: 'error', error: result.error })
    const id = result.reply.type === 'operation' ? result.reply.id : 0
    const operation = metadata.machine.operations.get(id)
    if (operation === null) {
      return answer(errorResult(new HoldfastError('OPERATION_NOT_FOUND', { operation: id })))
    }
    answerOperation(operationStatus(operation), answer)
  })
}

function answerOperation(operation: OperationStatus, answer: Answer): void {
  answer({ type: 'admin', reply: { type: 'operation', operation } })
}
