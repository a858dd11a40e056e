// `/api/users` and `/api/whoami`: who there is.
import { type HashAlgorithm, hashAlgorithms, type PasswordHash } from '@holdfast/cluster'
import { HoldfastError } from '@holdfast/errors'
import { adminLimits } from '../../limits.ts'
import { answersNothing, type Route, type RouteContext } from '../../route.ts'
import {
  apiDelete,
  apiGet,
  apiPut,
  change,
  findUser,
  nameIn,
  property,
  readAccess,
  textProperty
} from './api-tools.ts'
import { permissionsOf, topicsOf, userBody } from './bodies.ts'

const path = '/api/users/{user}'

function invalid(option: string, reason: string): HoldfastError {
  return new HoldfastError('OPTION_INVALID', { option, kind: 'request body', reason })
}

/** A list, or names with commas in between. @throws OPTION_INVALID */
function readTags(body: unknown): readonly string[] {
  const value = property(body, 'tags')
  const list = typeof value === 'string' ? value.split(',') : value
  if (!Array.isArray(list) || list.some((tag) => typeof tag !== 'string')) {
    throw invalid('tags', 'it must be a list of strings, or a string with commas')
  }
  const tags = (list as readonly string[]).map((tag) => tag.trim()).filter((tag) => tag !== '')
  return [...new Set(tags)]
}

/** A password, a hash of one, or nothing: such a user cannot log in. @throws OPTION_INVALID */
async function readPassword(body: unknown, { port }: RouteContext): Promise<PasswordHash | null> {
  const password = textProperty(body, 'password')
  const hash = textProperty(body, 'password_hash') ?? ''
  if (password === null && hash === '') return null
  if (password === null) {
    const algorithm = textProperty(body, 'hashing_algorithm') ?? 'rabbit_password_hashing_sha256'
    if (!hashAlgorithms.some((known) => known === algorithm)) {
      throw invalid('hashing_algorithm', `known are ${hashAlgorithms.join(', ')}`)
    }
    return { algorithm: algorithm as HashAlgorithm, hash }
  }
  if (password === '' || password.length > adminLimits.passwordLengthMax) {
    throw invalid('password', `it must have 1 to ${adminLimits.passwordLengthMax} characters`)
  }
  return await port.hashPassword(password)
}

/** @throws OPTION_INVALID */
function readNames(body: unknown): readonly string[] {
  const value = property(body, 'users')
  const isList = Array.isArray(value) && value.every((name) => typeof name === 'string')
  if (isList && value.length <= adminLimits.namesMax) return value as readonly string[]
  throw invalid('users', `it must be a list of at most ${adminLimits.namesMax} names`)
}

function bulkDelete({ ask }: RouteContext): Route {
  return {
    method: 'POST',
    path: '/api/users/bulk-delete',
    name: 'bulkDeleteUsers',
    summary: 'Deletes users; those that do not exist are passed over.',
    role: 'administrator',
    parameters: [],
    body: 'ApiUserNames',
    success: answersNothing('They are gone.'),
    errors: ['OPTION_INVALID', 'NOT_LEADER'],
    async handle(call) {
      const { users } = await readAccess(ask)
      const known = new Set(users.map(({ name }) => name))
      for (const user of readNames(call.body)) {
        if (known.has(user)) await change(ask, { type: 'delete-user', user })
      }
      return { body: null }
    }
  }
}

export function apiUserRoutes(context: RouteContext): readonly Route[] {
  const { ask } = context
  const listed = { summary: 'All users, by name.', path: '/api/users', name: 'listUsers' }
  return [
    apiGet(
      {
        path: '/api/whoami',
        name: 'whoAmI',
        summary: 'Who calls, and its tags.',
        role: 'management'
      },
      'ApiWhoAmI',
      async ({ identity: { user, tags } }) => ({ name: user, tags, is_internal_user: true })
    ),
    apiGet(listed, 'ApiUserList', async () => {
      return (await readAccess(ask)).users.map(userBody).sort(byName)
    }),
    apiGet(
      {
        path: '/api/users/without-permissions',
        name: 'listUsersWithoutPermissions',
        summary: 'Users that may connect to no vhost.'
      },
      'ApiUserList',
      async () => {
        const { users } = await readAccess(ask)
        const idle = users.filter(({ permissions }) => permissions.length === 0)
        return idle.map(userBody).sort(byName)
      }
    ),
    bulkDelete(context),
    apiGet(
      { path, name: 'inspectUser', summary: 'One user.', errors: ['USER_NOT_FOUND'] },
      'ApiUser',
      async (call) => userBody(findUser(await readAccess(ask), nameIn(call, 'user')))
    ),
    apiPut(
      {
        path,
        name: 'putUser',
        summary: 'Makes a user, or gives it another password and other tags.',
        errors: ['LIMIT_REACHED']
      },
      'ApiNewUser',
      async (call) => {
        const user = nameIn(call, 'user')
        const tags = readTags(call.body)
        const password = await readPassword(call.body, context)
        return await change(ask, { type: 'put-user', user, password, tags })
      }
    ),
    apiDelete(
      {
        path,
        name: 'deleteUser',
        summary: 'Deletes a user with its permissions, and ends its connections.',
        errors: ['USER_NOT_FOUND']
      },
      async (call) => {
        await change(ask, { type: 'delete-user', user: nameIn(call, 'user') })
      }
    ),
    apiGet(
      {
        path: `${path}/permissions`,
        name: 'listPermissionsOfUser',
        summary: 'What a user may do, by vhost.',
        errors: ['USER_NOT_FOUND']
      },
      'ApiPermissionList',
      async (call) => permissionsOf(findUser(await readAccess(ask), nameIn(call, 'user')))
    ),
    apiGet(
      {
        path: `${path}/topic-permissions`,
        name: 'listTopicPermissionsOfUser',
        summary: 'Which topics a user may use, by vhost and exchange.',
        errors: ['USER_NOT_FOUND']
      },
      'ApiTopicPermissionList',
      async (call) => topicsOf(findUser(await readAccess(ask), nameIn(call, 'user')))
    )
  ]
}

function byName(left: { readonly name: string }, right: { readonly name: string }): number {
  return left.name < right.name ? -1 : 1
}
