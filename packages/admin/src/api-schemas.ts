// JSON Schemas of what stands below `/api`, in the form of RabbitMQ's management API.
import { hashAlgorithms } from '@holdfast/cluster'
import type { ApiPermission, ApiTopicPermission, ApiUser, ApiVhost } from './routes/api/bodies.ts'

export type ApiSchemaName =
  | 'ApiError'
  | 'ApiNewLimit'
  | 'ApiNewPermission'
  | 'ApiNewTopicPermission'
  | 'ApiNewUser'
  | 'ApiNewVhost'
  | 'ApiPermission'
  | 'ApiPermissionList'
  | 'ApiTopicPermission'
  | 'ApiTopicPermissionList'
  | 'ApiUser'
  | 'ApiUserLimitList'
  | 'ApiUserList'
  | 'ApiUserNames'
  | 'ApiVhost'
  | 'ApiVhostLimitList'
  | 'ApiVhostList'
  | 'ApiWhoAmI'

type Schema = Readonly<Record<string, unknown>>
type Fields<Type> = Readonly<Record<keyof Type, Schema>>

const text = (description: string): Schema => ({ type: 'string', description })
const texts = (description: string): Schema => ({ ...listOf({ type: 'string' }), description })
const count: Schema = { type: 'integer', minimum: 0 }

function listOf(items: Schema): Schema {
  return { type: 'array', description: 'A bare list.', items }
}

function list(of: ApiSchemaName): Schema {
  return listOf({ $ref: `#/components/schemas/${of}` })
}

function answer<Type>(description: string, properties: Fields<Type>): Schema {
  const required = Object.keys(properties)
  return { type: 'object', description, properties, required, additionalProperties: false }
}

/** Tools send more than is looked at. */
function body(description: string, properties: Schema, required: readonly string[]): Schema {
  return { type: 'object', description, properties, required }
}

const limits: Schema = { type: 'object', additionalProperties: count }
const pattern = text('A regular expression, searched for in the name; empty: nothing.')
const rights = { configure: pattern, write: pattern, read: pattern }
const topicRights = { exchange: text('A topic exchange.'), write: pattern, read: pattern }
const names = { user: text('The user.'), vhost: text('The vhost.') }
const algorithm: Schema = { type: 'string', enum: hashAlgorithms }

export const apiSchemas: Readonly<Record<ApiSchemaName, Schema>> = {
  ApiError: answer<Record<'error' | 'reason' | 'code' | 'message' | 'details', unknown>>(
    'Why a call failed: `error` and `reason` as tools of RabbitMQ expect them, and our own.',
    {
      error: text('For programs.'),
      reason: text('For people.'),
      code: text('As in the table of errors.'),
      message: text('The same as `reason`.'),
      details: { type: 'object', additionalProperties: { type: ['string', 'number'] } }
    }
  ),
  ApiWhoAmI: answer<Record<'name' | 'tags' | 'is_internal_user', unknown>>('The caller.', {
    name: text('Its name.'),
    tags: texts('Its tags.'),
    is_internal_user: { type: 'boolean' }
  }),
  ApiUser: answer<ApiUser>('A user.', {
    name: text('Its name.'),
    password_hash: text('Empty: it has no password, and cannot log in.'),
    hashing_algorithm: algorithm,
    tags: texts('What it may do with the HTTP API.'),
    limits
  }),
  ApiUserList: list('ApiUser'),
  ApiNewUser: body(
    'A user: `password`, or `password_hash` of another broker, or neither.',
    {
      password: text('In the clear; it is hashed, and forgotten.'),
      password_hash: text('As that of the algorithm.'),
      hashing_algorithm: algorithm,
      tags: { type: ['array', 'string'], items: { type: 'string' } }
    },
    ['tags']
  ),
  ApiUserNames: body('Users by name.', { users: texts('Their names.') }, ['users']),
  ApiPermission: answer<ApiPermission>('What a user may do in a vhost.', { ...names, ...rights }),
  ApiPermissionList: list('ApiPermission'),
  ApiNewPermission: body('What a user may do.', rights, ['configure', 'write', 'read']),
  ApiTopicPermission: answer<ApiTopicPermission>('Which topics a user may use.', {
    ...names,
    ...topicRights
  }),
  ApiTopicPermissionList: list('ApiTopicPermission'),
  ApiNewTopicPermission: body('Which topics a user may use.', topicRights, [
    'exchange',
    'write',
    'read'
  ]),
  ApiVhost: answer<ApiVhost>('A vhost.', {
    name: text('Its name.'),
    description: text('For people.'),
    tags: texts('Always empty.'),
    metadata: { type: 'object' },
    tracing: { type: 'boolean' }
  }),
  ApiVhostList: list('ApiVhost'),
  ApiNewVhost: body('A vhost.', { description: text('For people.') }, []),
  ApiVhostLimitList: listOf(
    answer<Record<'vhost' | 'value', unknown>>('Limits.', {
      vhost: text('Of whom.'),
      value: limits
    })
  ),
  ApiUserLimitList: listOf(
    answer<Record<'user' | 'value', unknown>>('Limits.', { user: text('Of whom.'), value: limits })
  ),
  ApiNewLimit: body('A limit; a negative one is none.', { value: { type: 'integer' } }, ['value'])
}
