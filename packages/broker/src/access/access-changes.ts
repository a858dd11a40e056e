// The rules of users and rights. As in topology-changes.ts, all that can be refused is checked
// before anything changes, and doing again what was done is no error.
import { HoldfastError, unreachable } from '@holdfast/errors'
import type { MetadataLimits } from '../limits.ts'
import type { MetadataCommand, MetadataReply } from '../metadata-command.ts'
import { checkName } from '../names.ts'
import type { Topology } from '../topology.ts'
import { checkDescription, checkPatternLength, checkUser } from './access-check.ts'
import type { AccessCommand } from './access-command.ts'
import type { AccessState, User } from './access-state.ts'

type Command<Type extends AccessCommand['type']> = Extract<AccessCommand, { type: Type }>

export interface AccessContext {
  readonly access: AccessState
  readonly topology: Topology
  readonly limits: MetadataLimits
  /** Of the command: a user that it makes has it as its id. */
  readonly cursor: number
}

/** All rights in a vhost. */
export const allRights = { configure: '.*', write: '.*', read: '.*' } as const

const done: MetadataReply = { type: 'done' }

const accessTypes: ReadonlySet<string> = new Set<AccessCommand['type']>([
  'put-user',
  'delete-user',
  'set-user-limit',
  'set-permission',
  'clear-permission',
  'set-topic-permission',
  'clear-topic-permission',
  'put-vhost',
  'set-vhost-limit'
])

export function isAccessCommand(command: MetadataCommand): command is AccessCommand {
  return accessTypes.has(command.type)
}

function findUser(access: AccessState, name: string): User {
  const user = access.user(name)
  if (user === null) throw new HoldfastError('USER_NOT_FOUND', { user: name })
  return user
}

function checkVhost(topology: Topology, vhost: string): void {
  if (topology.vhost(vhost) === null) throw new HoldfastError('VHOST_NOT_FOUND', { vhost })
}

function checkRoom(count: number, limit: number, kind: string): void {
  if (count >= limit) throw new HoldfastError('LIMIT_REACHED', { limit, kind })
}

function putUser(context: AccessContext, command: Command<'put-user'>): MetadataReply {
  const { access, limits, cursor } = context
  const { user: name, password, tags } = command
  checkUser(command)
  if (access.user(name) === null) checkRoom(access.usersCount, limits.usersMax, 'users')
  return { type: 'declared', created: access.putUser({ name, id: cursor }, password, tags) }
}

function setPermission(
  { access, topology, limits }: AccessContext,
  { user: name, vhost, configure, write, read }: Command<'set-permission'>
): MetadataReply {
  checkPatternLength('configure', configure)
  checkPatternLength('write', write)
  checkPatternLength('read', read)
  const user = findUser(access, name)
  checkVhost(topology, vhost)
  const isNew = !user.permissions.has(vhost)
  if (isNew) checkRoom(access.permissionsCount, limits.permissionsMax, 'permissions')
  access.setPermission(user, vhost, { configure, write, read })
  return { type: 'declared', created: isNew }
}

function setTopic(
  { access, topology, limits }: AccessContext,
  { user: name, vhost, exchange, write, read }: Command<'set-topic-permission'>
): MetadataReply {
  checkPatternLength('write', write)
  checkPatternLength('read', read)
  checkName('exchange', exchange)
  const user = findUser(access, name)
  checkVhost(topology, vhost)
  const isNew = user.topics.get(vhost)?.has(exchange) !== true
  if (isNew) checkRoom(access.topicsCount, limits.permissionsMax, 'topic permissions')
  access.setTopic(user, vhost, exchange, { write, read })
  return { type: 'declared', created: isNew }
}

function putVhost(context: AccessContext, command: Command<'put-vhost'>): MetadataReply {
  const { access, topology, limits } = context
  const { vhost, description, owner: name } = command
  checkName('vhost', vhost)
  checkDescription(description)
  const isNew = topology.vhost(vhost) === null
  const owner = name === null ? null : access.user(name)
  if (isNew) {
    checkRoom(topology.counts.vhosts, limits.vhostsMax, 'vhosts')
    if (owner !== null) checkRoom(access.permissionsCount, limits.permissionsMax, 'permissions')
    topology.addVhost(vhost)
    if (owner !== null) access.setPermission(owner, vhost, allRights)
  }
  if (description !== null) access.describeVhost(vhost, description)
  return { type: 'declared', created: isNew }
}

/** @throws HoldfastError when the command is refused; nothing has changed then. */
export function changeAccess(context: AccessContext, command: AccessCommand): MetadataReply {
  const { access, topology } = context
  switch (command.type) {
    case 'put-user':
      return putUser(context, command)
    case 'delete-user':
      access.removeUser(findUser(access, command.user))
      return done
    case 'set-user-limit':
      access.setUserLimit(findUser(access, command.user), command.limit, command.value)
      return done
    case 'set-permission':
      return setPermission(context, command)
    case 'clear-permission':
      access.clearPermission(findUser(access, command.user), command.vhost)
      return done
    case 'set-topic-permission':
      return setTopic(context, command)
    case 'clear-topic-permission':
      access.clearTopics(findUser(access, command.user), command.vhost, command.exchange)
      return done
    case 'put-vhost':
      return putVhost(context, command)
    case 'set-vhost-limit':
      checkVhost(topology, command.vhost)
      access.setVhostLimit(command.vhost, command.limit, command.value)
      return done
    default:
      return unreachable(command)
  }
}
