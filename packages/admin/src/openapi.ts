// The OpenAPI 3.1 document, made from the same rows as the routes of the server. Every operation
// lists every status with the codes that come with it, those of its own and those that any call can
// meet.
import { catalogue, type ErrorCode } from '@holdfast/errors'
import { apiPrefix } from './error-answer.ts'
import { adminLimits } from './limits.ts'
import type { Route, Success } from './route.ts'
import { reference, type Schema, schemas } from './schemas.ts'

/** What any call can meet. */
const everywhere: readonly ErrorCode[] = [
  'ORIGIN_REFUSED',
  'REQUEST_INVALID',
  'UNAVAILABLE',
  'INTERNAL'
]
/** What a call can meet besides if it may carry a body. */
const withBody: readonly ErrorCode[] = ['MEDIA_TYPE_UNSUPPORTED', 'BODY_TOO_LARGE']

/** What a call can meet besides if it is not for everybody. */
const withRole: readonly ErrorCode[] = [
  'AUTHENTICATION_FAILED',
  'CREDENTIALS_REQUIRED',
  'TAG_REQUIRED'
]

/** Every code that a route can answer with, sorted. */
export function errorsOf(route: Route): readonly ErrorCode[] {
  const codes = [
    ...everywhere,
    ...route.errors,
    ...(route.method === 'GET' ? [] : withBody),
    ...(route.role === 'none' ? [] : withRole)
  ]
  return [...new Set(codes)].sort()
}

function errorResponses(route: Route): Readonly<Record<string, Schema>> {
  const codesOf = new Map<number, ErrorCode[]>()
  for (const code of errorsOf(route)) {
    const { status } = catalogue[code]
    codesOf.set(status, [...(codesOf.get(status) ?? []), code])
  }
  const responses: Record<string, Schema> = {}
  for (const [status, codes] of [...codesOf].sort(([a], [b]) => a - b)) {
    const lines = codes.map((code) => `- \`${code}\`: ${catalogue[code].message}`)
    responses[String(status)] = {
      description: lines.join('\n'),
      content: { 'application/json': { schema: errorSchema(route) } }
    }
  }
  return responses
}

function errorSchema({ path }: Route): Schema {
  return reference(path.startsWith(apiPrefix) ? 'ApiError' : 'Error')
}

function successResponse(success: Success): Schema {
  const { description, schema, hasLocation } = success
  const headers = hasLocation
    ? {
        headers: {
          Location: { description: 'Path of what was started.', schema: { type: 'string' } }
        }
      }
    : {}
  if (schema === null) return { description, ...headers }
  const content =
    schema === 'text'
      ? { 'text/plain': { schema: { type: 'string' } } }
      : { 'application/json': { schema: reference(schema) } }
  return { description, ...headers, content }
}

function operation(route: Route): Schema {
  const body =
    route.body === null
      ? {}
      : {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: reference(route.body) } }
          }
        }
  return {
    operationId: route.name,
    summary: route.summary,
    'x-role': route.role,
    parameters: route.parameters.map((parameter) => ({
      ...parameter,
      required: parameter.in === 'path'
    })),
    ...body,
    responses: {
      [String(route.success.status)]: successResponse(route.success),
      ...(route.created && { [String(route.created.status)]: successResponse(route.created) }),
      ...errorResponses(route),
      default: {
        description: 'Any other refusal, for instance of a path or a method that does not exist.',
        content: { 'application/json': { schema: errorSchema(route) } }
      }
    }
  }
}

function errorTable(): Readonly<Record<string, Schema>> {
  const table: Record<string, Schema> = {}
  for (const code of Object.keys(catalogue).sort() as ErrorCode[]) {
    const { id, status, retry, message } = catalogue[code]
    table[code] = { id, status, retry, message }
  }
  return table
}

const description = [
  'The HTTP API of one node. Only loopback `Host` and `Origin` headers are accepted.',
  'Calls are made as a user (HTTP Basic); `x-role` is the tag that it needs.',
  `Bodies are JSON, at most ${adminLimits.bodyBytesMax} bytes; unknown properties are refused.`,
  'Names in paths are percent-encoded UTF-8. Every `GET` also answers `HEAD`.',
  'Every failure is an `Error`; `x-errors` lists what each code means and when to try again.'
].join(' ')

/** Builds the document; `version` is that of the product. */
export function buildOpenApi(routes: readonly Route[], version: string): Schema {
  const paths: Record<string, Record<string, Schema>> = {}
  for (const route of routes) {
    const path = paths[route.path] ?? {}
    path[route.method.toLowerCase()] = operation(route)
    paths[route.path] = path
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Holdfast',
      version,
      description,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' }
    },
    paths,
    components: { schemas },
    'x-errors': errorTable()
  }
}
