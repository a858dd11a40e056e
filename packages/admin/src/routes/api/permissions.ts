// `/api/permissions` and `/api/topic-permissions`: who may do what where.
import { HoldfastError } from '@holdfast/errors'
import type { Route, RouteContext } from '../../route.ts'
import {
  apiDelete,
  apiGet,
  apiPut,
  change,
  findUser,
  nameIn,
  readAccess,
  requiredText,
  requireKnownVhost
} from './api-tools.ts'
import { permissionsOf, topicsOf } from './bodies.ts'

const unknown = ['USER_NOT_FOUND', 'VHOST_NOT_FOUND'] as const

function notFound(user: string, vhost: string): HoldfastError {
  return new HoldfastError('PERMISSION_NOT_FOUND', { user, vhost })
}

export function apiPermissionRoutes({ ask }: RouteContext): readonly Route[] {
  const path = '/api/permissions/{vhost}/{user}'
  /** The permission in a path, which must be there. */
  const find: Parameters<typeof apiGet>[2] = async (call) => {
    const [vhost, user] = [nameIn(call, 'vhost'), nameIn(call, 'user')]
    const rows = permissionsOf(findUser(await readAccess(ask), user))
    const found = rows.find((row) => row.vhost === vhost)
    if (found === undefined) throw notFound(user, vhost)
    return found
  }
  return [
    apiGet(
      {
        path: '/api/permissions',
        name: 'listPermissions',
        summary: 'What users may do, by user and vhost.'
      },
      'ApiPermissionList',
      async () => (await readAccess(ask)).users.flatMap(permissionsOf)
    ),
    apiGet(
      {
        path: '/api/vhosts/{vhost}/permissions',
        name: 'listPermissionsInVhost',
        summary: 'What users may do in a vhost.',
        errors: ['VHOST_NOT_FOUND']
      },
      'ApiPermissionList',
      async (call) => {
        const access = await readAccess(ask)
        const name = nameIn(call, 'vhost')
        requireKnownVhost(access, name)
        return access.users.flatMap(permissionsOf).filter(({ vhost }) => vhost === name)
      }
    ),
    apiGet(
      {
        path,
        name: 'inspectPermission',
        summary: 'What a user may do in a vhost.',
        errors: ['USER_NOT_FOUND', 'PERMISSION_NOT_FOUND']
      },
      'ApiPermission',
      find
    ),
    apiPut(
      {
        path,
        name: 'putPermission',
        summary: 'Sets what a user may do in a vhost; in force on every node when it is answered.',
        errors: [...unknown, 'PATTERN_INVALID', 'LIMIT_REACHED']
      },
      'ApiNewPermission',
      async (call) => {
        const names = { vhost: nameIn(call, 'vhost'), user: nameIn(call, 'user') }
        const configure = requiredText(call.body, 'configure')
        const write = requiredText(call.body, 'write')
        const read = requiredText(call.body, 'read')
        return await change(ask, { type: 'set-permission', ...names, configure, write, read })
      }
    ),
    apiDelete(
      {
        path,
        name: 'deletePermission',
        summary: 'Takes from a user all that it may do in a vhost.',
        errors: ['USER_NOT_FOUND', 'PERMISSION_NOT_FOUND']
      },
      async (call) => {
        await find(call)
        const names = { vhost: nameIn(call, 'vhost'), user: nameIn(call, 'user') }
        await change(ask, { type: 'clear-permission', ...names })
      }
    )
  ]
}

export function apiTopicRoutes({ ask }: RouteContext): readonly Route[] {
  const path = '/api/topic-permissions/{vhost}/{user}'
  const find = async (call: Parameters<typeof nameIn>[0]): Promise<readonly object[]> => {
    const [vhost, user] = [nameIn(call, 'vhost'), nameIn(call, 'user')]
    const rows = topicsOf(findUser(await readAccess(ask), user)).filter(
      (row) => row.vhost === vhost
    )
    if (rows.length === 0) throw notFound(user, vhost)
    return rows
  }
  return [
    apiGet(
      {
        path: '/api/topic-permissions',
        name: 'listTopicPermissions',
        summary: 'Which topics users may use, by user, vhost and exchange.'
      },
      'ApiTopicPermissionList',
      async () => (await readAccess(ask)).users.flatMap(topicsOf)
    ),
    apiGet(
      {
        path: '/api/vhosts/{vhost}/topic-permissions',
        name: 'listTopicPermissionsInVhost',
        summary: 'Which topics users may use in a vhost.',
        errors: ['VHOST_NOT_FOUND']
      },
      'ApiTopicPermissionList',
      async (call) => {
        const access = await readAccess(ask)
        const name = nameIn(call, 'vhost')
        requireKnownVhost(access, name)
        return access.users.flatMap(topicsOf).filter(({ vhost }) => vhost === name)
      }
    ),
    apiGet(
      {
        path,
        name: 'inspectTopicPermissions',
        summary: 'Which topics a user may use in a vhost, by exchange.',
        errors: ['USER_NOT_FOUND', 'PERMISSION_NOT_FOUND']
      },
      'ApiTopicPermissionList',
      find
    ),
    apiPut(
      {
        path,
        name: 'putTopicPermission',
        summary: 'Sets which topics of an exchange a user may use.',
        errors: [...unknown, 'PATTERN_INVALID', 'LIMIT_REACHED']
      },
      'ApiNewTopicPermission',
      async (call) => {
        const names = { vhost: nameIn(call, 'vhost'), user: nameIn(call, 'user') }
        const exchange = requiredText(call.body, 'exchange')
        const write = requiredText(call.body, 'write')
        const read = requiredText(call.body, 'read')
        const rights = { exchange, write, read }
        return await change(ask, { type: 'set-topic-permission', ...names, ...rights })
      }
    ),
    apiDelete(
      {
        path,
        name: 'deleteTopicPermissions',
        summary: 'Lets a user use all topics in a vhost again.',
        errors: ['USER_NOT_FOUND', 'PERMISSION_NOT_FOUND']
      },
      async (call) => {
        await find(call)
        const names = { vhost: nameIn(call, 'vhost'), user: nameIn(call, 'user') }
        await change(ask, { type: 'clear-topic-permission', ...names, exchange: null })
      }
    )
  ]
}
