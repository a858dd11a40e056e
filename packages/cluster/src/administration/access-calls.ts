// Calls of operators about users and rights, and the question who somebody is, which comes before
// every other call.
import { type AccessCommand, checkMetadataCommand } from '@holdfast/broker'
import type { LoginResult } from '../access/logins.ts'
import type { Core } from '../core.ts'
import type { Responder } from '../sessions/responder.ts'
import type { AccessStatus, AdminReply, AdminRequest, Identity } from '../status.ts'
import { whenCurrent } from './queue-calls.ts'

type Request<Type extends AdminRequest['type']> = Extract<AdminRequest, { readonly type: Type }>

/**
 * Whoever says nothing to a node that knows of no users may look at it: it refuses all else, and
 * gives nothing away that anybody else has.
 */
export const nobodyKnown: Identity = { user: 'guest', id: 0, tags: ['administrator'], vhosts: [] }

/**
 * What a caller does next is not asked of its rights again, in most cases: so this node must know
 * of every change of users that was answered before the call.
 */
export function authenticate(core: Core, request: Request<'authenticate'>, to: Responder): void {
  if (request.mayBeStale) identify(core, request, to)
  else whenCurrent(core, to, () => identify(core, request, to))
}

function identify(core: Core, request: Request<'authenticate'>, to: Responder): void {
  const { credentials, remote } = request
  const isGone = (): boolean => to.isGone?.() === true
  const answered = (result: LoginResult): void => {
    if ('error' in result) return to.refuse(result.error)
    const { user, tags } = result
    const row = core.metadata.machine.access.sameUser(user)
    const vhosts = [...(row?.permissions.keys() ?? [])]
    const identity: Identity = { user: user.name, id: user.id, tags, vhosts }
    to.done({ type: 'identity', identity } satisfies AdminReply)
  }
  core.logins.authenticate(credentials, remote, answered, isGone)
}

/** For what an operator does with things in a vhost, as its user may. */
export function authorize(core: Core, request: Request<'authorize'>, to: Responder): void {
  const { user: name, id, vhost, needs } = request
  whenCurrent(core, to, () => {
    const error = core.authorization.refusalOfAll({ name, id }, vhost, needs)
    if (error !== null) to.refuse(error)
    else to.done({ type: 'done' } satisfies AdminReply)
  })
}

/** Answered once it is in force on every node. */
export function changeAccess(core: Core, command: AccessCommand, to: Responder): void {
  checkMetadataCommand(command)
  core.metadata.submit(command, (answer) => {
    if ('error' in answer) return to.refuse(answer.error)
    const created = answer.reply.type === 'declared' && answer.reply.created
    to.done({ type: 'changed', created } satisfies AdminReply)
  })
}

export function readAccess(core: Core, to: Responder): void {
  whenCurrent(core, to, () => {
    to.done({ type: 'access', access: accessStatus(core) } satisfies AdminReply)
  })
}

function accessStatus({ metadata }: Core): AccessStatus {
  const { access, topology } = metadata.machine
  const users = access.users.map(({ name, password, tags, limits, permissions, topics }) => {
    return {
      name,
      password,
      tags,
      limits: Object.fromEntries(limits),
      permissions: [...permissions].map(([vhost, permission]) => ({ vhost, ...permission })),
      topics: [...topics].flatMap(([vhost, exchanges]) =>
        [...exchanges].map(([exchange, permission]) => ({ vhost, exchange, ...permission }))
      )
    }
  })
  const vhosts = topology.vhostNames().map((name) => {
    const { description = '', limits = [] } = access.vhost(name) ?? {}
    return { name, description, limits: Object.fromEntries(limits) }
  })
  return { users, vhosts }
}
