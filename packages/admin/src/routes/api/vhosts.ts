// `/api/vhosts`, and the limits of vhosts and users.
import type { AccessStatus, UserLimit, VhostLimit } from '@holdfast/cluster'
import { HoldfastError } from '@holdfast/errors'
import { requireVhost, seesVhost } from '../../roles.ts'
import { type Call, parameter, type Route, type RouteContext } from '../../route.ts'
import {
  apiDelete,
  apiGet,
  apiPut,
  change,
  findUser,
  nameIn,
  property,
  readAccess,
  requireKnownVhost,
  textProperty
} from './api-tools.ts'
import { vhostBody } from './bodies.ts'

export function apiVhostRoutes({ ask }: RouteContext): readonly Route[] {
  const path = '/api/vhosts/{vhost}'
  return [
    apiGet(
      {
        path: '/api/vhosts',
        name: 'apiListVhosts',
        summary: 'The vhosts that the caller sees, by name.',
        role: 'management'
      },
      'ApiVhostList',
      async ({ identity }) => {
        const { vhosts } = await readAccess(ask)
        return vhosts.filter(({ name }) => seesVhost(identity, name)).map(vhostBody)
      }
    ),
    apiGet(
      {
        path,
        name: 'apiInspectVhost',
        summary: 'One vhost.',
        role: 'management',
        errors: ['VHOST_NOT_FOUND', 'VHOST_ACCESS_REFUSED']
      },
      'ApiVhost',
      async (call) => {
        const name = nameIn(call, 'vhost')
        requireVhost(call.identity, name)
        const { vhosts } = await readAccess(ask)
        const found = vhosts.find((vhost) => vhost.name === name)
        if (found === undefined) throw new HoldfastError('VHOST_NOT_FOUND', { vhost: name })
        return vhostBody(found)
      }
    ),
    apiPut(
      {
        path,
        name: 'apiPutVhost',
        summary: 'Makes sure that a vhost exists; the caller gets all permissions in a new one.',
        errors: ['LIMIT_REACHED']
      },
      'ApiNewVhost',
      async (call) => {
        const vhost = nameIn(call, 'vhost')
        const isEmpty = call.body === undefined || call.body === null
        const description = isEmpty ? null : textProperty(call.body, 'description')
        const { user: owner } = call.identity
        return await change(ask, { type: 'put-vhost', vhost, description, owner })
      }
    ),
    apiDelete(
      {
        path,
        name: 'apiDeleteVhost',
        summary: 'Deletes a vhost that holds no queues and no exchanges but the predeclared ones.',
        errors: ['VHOST_NOT_FOUND', 'VHOST_IN_USE']
      },
      async (call) => {
        await ask({ type: 'delete-vhost', vhost: nameIn(call, 'vhost') }, 'done')
      }
    )
  ]
}

/** @throws OPTION_INVALID */
function readLimit<Limit extends string>(call: Call, known: readonly Limit[]): Limit {
  const limit = known.find((one) => one === parameter(call, 'limit'))
  if (limit !== undefined) return limit
  const reason = `known are ${known.join(', ')}`
  throw new HoldfastError('OPTION_INVALID', { option: 'limit', kind: 'path', reason })
}

/** A negative one is none, as there. @throws OPTION_INVALID */
function readValue(body: unknown): number | null {
  const value = property(body, 'value')
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value < 0 ? null : value
  const reason = 'it must be an integer'
  throw new HoldfastError('OPTION_INVALID', { option: 'value', kind: 'request body', reason })
}

const vhostLimits: readonly VhostLimit[] = ['max-connections', 'max-queues']
const userLimits: readonly UserLimit[] = ['max-connections', 'max-channels']

function isSet({ value }: { readonly value: object }): boolean {
  return Object.keys(value).length > 0
}

function limitsOfVhosts({ vhosts }: AccessStatus) {
  return vhosts.map(({ name, limits }) => ({ vhost: name, value: limits })).filter(isSet)
}

function limitsOfUsers({ users }: AccessStatus) {
  return users.map(({ name, limits }) => ({ user: name, value: limits })).filter(isSet)
}

export function apiVhostLimitRoutes({ ask }: RouteContext): readonly Route[] {
  const path = '/api/vhost-limits/{vhost}/{limit}'
  const unknown = { errors: ['VHOST_NOT_FOUND', 'OPTION_INVALID'] } as const
  const set = async (call: Call, value: number | null): Promise<boolean> => {
    const [vhost, limit] = [nameIn(call, 'vhost'), readLimit(call, vhostLimits)]
    return await change(ask, { type: 'set-vhost-limit', vhost, limit, value })
  }
  return [
    apiGet(
      {
        path: '/api/vhost-limits',
        name: 'listVhostLimits',
        summary: 'Limits of the vhosts that the caller sees, and that have some.',
        role: 'management'
      },
      'ApiVhostLimitList',
      async ({ identity }) =>
        limitsOfVhosts(await readAccess(ask)).filter(({ vhost }) => seesVhost(identity, vhost))
    ),
    apiGet(
      {
        path: '/api/vhost-limits/{vhost}',
        name: 'inspectVhostLimits',
        summary: 'Limits of one vhost; an empty list without any.',
        role: 'management',
        errors: ['VHOST_NOT_FOUND', 'VHOST_ACCESS_REFUSED']
      },
      'ApiVhostLimitList',
      async (call) => {
        const name = nameIn(call, 'vhost')
        requireVhost(call.identity, name)
        const access = await readAccess(ask)
        requireKnownVhost(access, name)
        return limitsOfVhosts(access).filter(({ vhost }) => vhost === name)
      }
    ),
    apiPut(
      { path, name: 'putVhostLimit', summary: 'Sets a limit of a vhost.', ...unknown },
      'ApiNewLimit',
      (call) => set(call, readValue(call.body))
    ),
    apiDelete(
      { path, name: 'deleteVhostLimit', summary: 'Removes a limit of a vhost.', ...unknown },
      async (call) => {
        await set(call, null)
      }
    )
  ]
}

export function apiUserLimitRoutes({ ask }: RouteContext): readonly Route[] {
  const path = '/api/user-limits/{user}/{limit}'
  const unknown = { errors: ['USER_NOT_FOUND', 'OPTION_INVALID'] } as const
  const set = async (call: Call, value: number | null): Promise<boolean> => {
    const [user, limit] = [nameIn(call, 'user'), readLimit(call, userLimits)]
    return await change(ask, { type: 'set-user-limit', user, limit, value })
  }
  return [
    apiGet(
      {
        path: '/api/user-limits',
        name: 'listUserLimits',
        summary: 'Limits of users that have some.'
      },
      'ApiUserLimitList',
      async () => limitsOfUsers(await readAccess(ask))
    ),
    apiGet(
      {
        path: '/api/user-limits/{user}',
        name: 'inspectUserLimits',
        summary: 'Limits of one user; an empty list without any.',
        errors: ['USER_NOT_FOUND']
      },
      'ApiUserLimitList',
      async (call) => {
        const access = await readAccess(ask)
        const { name } = findUser(access, nameIn(call, 'user'))
        return limitsOfUsers(access).filter(({ user }) => user === name)
      }
    ),
    apiPut(
      { path, name: 'putUserLimit', summary: 'Sets a limit of a user.', ...unknown },
      'ApiNewLimit',
      (call) => set(call, readValue(call.body))
    ),
    apiDelete(
      { path, name: 'deleteUserLimit', summary: 'Removes a limit of a user.', ...unknown },
      async (call) => {
        await set(call, null)
      }
    )
  ]
}
