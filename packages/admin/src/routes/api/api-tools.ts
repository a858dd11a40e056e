// What the routes below `/api` share: RabbitMQ's management API as its tools call it. Properties of
// a body that are not known are left aside here, since tools send more than they need.
import type { AccessCommand, AccessStatus, UserStatus } from '@holdfast/cluster'
import { type ErrorCode, HoldfastError } from '@holdfast/errors'
import { readName, refuseBody } from '../../request-fields.ts'
import type { Role } from '../../roles.ts'
import {
  type Answer,
  type Ask,
  answers,
  answersNothing,
  type Call,
  type Parameter,
  parameter,
  type Route
} from '../../route.ts'
import type { SchemaName } from '../../schemas.ts'

interface Row {
  readonly path: string
  readonly name: string
  readonly summary: string
  readonly role?: Role
  readonly errors?: readonly ErrorCode[]
}

const describedAs: Readonly<Record<string, string>> = {
  vhost: 'Name of the vhost, percent-encoded: `/` is `%2F`.',
  user: 'Name of the user, percent-encoded.',
  limit: 'Name of the limit.'
}

function parametersOf(path: string): readonly Parameter[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    name,
    in: 'path' as const,
    description: describedAs[name] ?? name,
    schema: { type: 'string', minLength: 1 }
  }))
}

function common({ path, name, summary, role = 'administrator' }: Row) {
  return { path, name, summary, role, parameters: parametersOf(path) }
}

export function apiGet(
  row: Row,
  schema: SchemaName,
  handle: (call: Call) => Promise<object>
): Route {
  return {
    ...common(row),
    method: 'GET',
    body: null,
    success: answers(schema, 'As it is.'),
    errors: ['NAME_INVALID', ...(row.errors ?? [])],
    handle: async (call) => ({ body: await handle(call) })
  }
}

/** `handle` says whether something new came of it. */
export function apiPut(
  row: Row,
  schema: SchemaName,
  handle: (call: Call) => Promise<boolean>
): Route {
  return {
    ...common(row),
    method: 'PUT',
    body: schema,
    success: answersNothing('It was there, and is as wanted.'),
    created: { ...answersNothing('It is new.'), status: 201 },
    errors: ['NAME_INVALID', 'OPTION_INVALID', 'NOT_LEADER', ...(row.errors ?? [])],
    handle: async (call): Promise<Answer> => ({ body: null, isCreated: await handle(call) })
  }
}

export function apiDelete(row: Row, handle: (call: Call) => Promise<void>): Route {
  return {
    ...common(row),
    method: 'DELETE',
    body: null,
    success: answersNothing('It is gone.'),
    errors: ['NAME_INVALID', 'NOT_LEADER', ...(row.errors ?? [])],
    async handle(call) {
      refuseBody(call.body)
      await handle(call)
      return { body: null }
    }
  }
}

/** A decoded name of the path. @throws NAME_INVALID */
export function nameIn(call: Call, of: 'user' | 'vhost'): string {
  return readName(parameter(call, of), of)
}

/** True if something new came of it. */
export async function change(ask: Ask, command: AccessCommand): Promise<boolean> {
  return (await ask({ type: 'change-access', command }, 'changed')).created
}

export async function readAccess(ask: Ask): Promise<AccessStatus> {
  return (await ask({ type: 'read-access' }, 'access')).access
}

/** @throws USER_NOT_FOUND */
export function findUser({ users }: AccessStatus, name: string): UserStatus {
  const user = users.find((each) => each.name === name)
  if (user === undefined) throw new HoldfastError('USER_NOT_FOUND', { user: name })
  return user
}

/** @throws VHOST_NOT_FOUND */
export function requireKnownVhost({ vhosts }: AccessStatus, vhost: string): void {
  if (vhosts.some(({ name }) => name === vhost)) return
  throw new HoldfastError('VHOST_NOT_FOUND', { vhost })
}

/** The property `key` of a body. @throws REQUEST_INVALID unless the body is an object */
export function property(body: unknown, key: string): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new HoldfastError('REQUEST_INVALID', { reason: 'the body must be a JSON object' })
  }
  return Object.hasOwn(body, key) ? (body as Readonly<Record<string, unknown>>)[key] : undefined
}

/** @throws OPTION_INVALID unless it is a text; null without one. */
export function textProperty(body: unknown, option: string): string | null {
  const value = property(body, option) ?? null
  if (value === null || typeof value === 'string') return value
  const reason = 'it must be a string'
  throw new HoldfastError('OPTION_INVALID', { option, kind: 'request body', reason })
}

/** @throws OPTION_INVALID unless there is one. */
export function requiredText(body: unknown, option: string): string {
  const value = textProperty(body, option)
  if (value !== null) return value
  const reason = 'it is required'
  throw new HoldfastError('OPTION_INVALID', { option, kind: 'request body', reason })
}
