// What a route is: one row holds how it is called, what it answers, how it fails, and the function
// that serves it. The HTTP server and the OpenAPI document are both made from these rows, so
// neither can know a route that the other does not.
import type { AdminPort, AdminReply, AdminRequest, Identity } from '@holdfast/cluster'
import { assert, type ErrorCode } from '@holdfast/errors'
import type { Role } from './roles.ts'
import type { SchemaName } from './schemas.ts'

export type Method = 'GET' | 'PUT' | 'POST' | 'DELETE'

/** A part of the path or of the query. A path parameter is decoded from percent-encoded UTF-8. */
export interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query'
  readonly description: string
  readonly schema: Readonly<Record<string, unknown>>
}

/** How a call ends well. */
export interface Success {
  readonly status: 101 | 200 | 201 | 202 | 204
  readonly description: string
  /** Null: no body. `text`: plain text. */
  readonly schema: SchemaName | 'text' | null
  /** True if `Location` names what was started. */
  readonly hasLocation: boolean
}

/** What came in, decoded and not yet validated. */
export interface Call {
  readonly params: Readonly<Record<string, string>>
  readonly query: object
  readonly body: unknown
  /** Who calls; of a route for everybody it is nobody. */
  readonly identity: Identity
}

/** What goes out; the content type comes from the route's `success`. */
export interface Answer {
  /** That of `success` unless it is that of `created`. */
  readonly isCreated?: boolean
  readonly body: object | string | null
  readonly location?: string
}

export interface Route {
  readonly method: Method
  /** OpenAPI template, for instance `/v1/queues/{vhost}/{name}`. */
  readonly path: string
  /** `operationId` of the OpenAPI document. */
  readonly name: string
  readonly summary: string
  /** The least that a caller must be. */
  readonly role: Role
  /**
   * It shows what this node knows by itself, and must do so while there is no metadata leader: who
   * calls is found out by what this node knows, too.
   */
  readonly mayBeStale?: true
  readonly parameters: readonly Parameter[]
  readonly body: SchemaName | null
  readonly success: Success
  /** How it ends well where something new came of it. */
  readonly created?: Success
  /** What can go wrong beyond what can go wrong with every call. */
  readonly errors: readonly ErrorCode[]
  handle(call: Call): Answer | Promise<Answer>
}

/** Asks the node, and waits for its answer, which is one of the `expected` types. */
export type Ask = <Type extends AdminReply['type']>(
  request: AdminRequest,
  ...expected: readonly Type[]
) => Promise<Extract<AdminReply, { readonly type: Type }>>

/** What routes have to work with. */
export interface RouteContext {
  readonly port: AdminPort
  readonly ask: Ask
  readonly version: string
  /** Whether nodes elsewhere may be added: links to them are secured. */
  readonly arePeersSecured: boolean
}

/** The decoded path parameter `name`; the router guarantees that it is there. */
export function parameter(call: Call, name: string): string {
  const value = call.params[name]
  assert(value !== undefined, 'a route reads only parameters that its path names')
  return value
}

/** A `Success` that carries a body. */
export function answers(
  schema: SchemaName | 'text',
  description: string,
  status: 200 | 202 = 200
): Success {
  return { status, description, schema, hasLocation: false }
}

/** A `Success` without a body. */
export function answersNothing(description: string): Success {
  return { status: 204, description, schema: null, hasLocation: false }
}
