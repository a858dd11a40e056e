// What answers a request, and the values of welcome that other parts share. The SDK checks what it
// got before it believes it: a server of another version must not put undefined into an
// application.
import { HoldfastError, type WireError } from '@holdfast/errors'
import { protocolLimits } from './limits.ts'
import type { ExchangeKind, RequestName } from './requests.ts'
import { type Arguments, isNatural, mapOf } from './validate.ts'

/**
 * Where a node listens: `HOST:PORT` of the native protocol and of HTTP (WebSocket `/v1/connect`).
 */
export interface NodeAddress {
  readonly id: number
  readonly client: string
  readonly http: string
}

/** What is known of a queue. Null: the leader cannot be asked at present. */
export interface QueueDescription {
  readonly vhost: string
  readonly name: string
  readonly type: 'durable'
  readonly group: number
  /** Node id. */
  readonly leader: number | null
  /** Messages that wait; that are delivered and open. */
  readonly ready: number | null
  readonly unsettled: number | null
  readonly consumers: number | null
  readonly bytes: number | null
  /** Messages that have left it and are on their way to its dead letter exchange. */
  readonly deadLetters: number | null
}

/** What is known of an exchange. */
export interface ExchangeDescription {
  readonly vhost: string
  readonly name: string
  readonly kind: ExchangeKind
  readonly durable: boolean
  readonly internal: boolean
  readonly autoDelete: boolean
  readonly alternateExchange: string | null
}

/** Where a queue is led: a shard, and the node that leads it, if one is known. */
export interface QueueLocation {
  readonly group: number
  readonly leader: number | null
}

/** The result of each request. */
export interface RequestResults {
  readonly 'declare-queue': { readonly name: string }
  readonly 'delete-queue': { readonly messages: number }
  readonly 'purge-queue': { readonly messages: number }
  readonly 'inspect-queue': QueueDescription
  readonly 'declare-exchange': null
  readonly 'inspect-exchange': ExchangeDescription
  readonly 'delete-exchange': null
  readonly 'bind-queue': null
  readonly 'unbind-queue': null
  readonly 'bind-exchange': null
  readonly 'unbind-exchange': null
  readonly 'locate-queue': QueueLocation
  readonly consume: { readonly consumer: number }
  readonly cancel: null
  readonly nodes: readonly NodeAddress[]
}

function invalid(what: string): HoldfastError {
  return new HoldfastError('FRAME_INVALID', { reason: `${what} is not as it should be` })
}

const isLeader = (value: unknown): boolean => value === null || isNatural(value)

const checks: { readonly [Name in RequestName]: (result: unknown) => boolean } = {
  'declare-queue': (result) => typeof mapOf(result, 'a result')['name'] === 'string',
  'delete-queue': (result) => isNatural(mapOf(result, 'a result')['messages']),
  'purge-queue': (result) => isNatural(mapOf(result, 'a result')['messages']),
  'inspect-queue': (result) => {
    const found = mapOf(result, 'a result')
    const counts = ['leader', 'ready', 'unsettled', 'consumers', 'bytes', 'deadLetters']
    return typeof found['name'] === 'string' && counts.every((field) => isLeader(found[field]))
  },
  'declare-exchange': () => true,
  'inspect-exchange': (result) => {
    const found = mapOf(result, 'a result')
    return typeof found['name'] === 'string' && typeof found['kind'] === 'string'
  },
  'delete-exchange': () => true,
  'bind-queue': () => true,
  'unbind-queue': () => true,
  'bind-exchange': () => true,
  'unbind-exchange': () => true,
  'locate-queue': (result) => {
    const found = mapOf(result, 'a result')
    return isNatural(found['group']) && isLeader(found['leader'])
  },
  consume: (result) => isNatural(mapOf(result, 'a result')['consumer']),
  cancel: () => true,
  nodes: (result) => parseNodes(result).length >= 0
}

/** @throws FRAME_INVALID unless `result` may answer the request `name`. */
export function checkResult<Name extends RequestName>(
  name: Name,
  result: unknown
): RequestResults[Name] {
  let isValid = false
  try {
    isValid = checks[name](result)
  } catch {
    isValid = false
  }
  if (!isValid) throw invalid(`the result of ${name}`)
  return result as RequestResults[Name]
}

/** @throws FRAME_INVALID */
export function parseNodes(value: unknown): readonly NodeAddress[] {
  if (!Array.isArray(value) || value.length > protocolLimits.nodesMax) {
    throw invalid('a list of nodes')
  }
  return value.map((entry: unknown) => {
    const found = mapIn(entry)
    const { id, client, http } = found as Partial<NodeAddress> & Arguments
    if (!isNatural(id) || typeof client !== 'string' || typeof http !== 'string') {
      throw invalid('a node')
    }
    return { id, client, http }
  })
}

/** @throws FRAME_INVALID */
export function parseWireError(value: unknown): WireError {
  const { id, code, message, details } = mapIn(value)
  if (!isNatural(id) || typeof code !== 'string' || typeof message !== 'string') {
    throw invalid('an error')
  }
  const found: Record<string, string | number> = {}
  for (const [name, detail] of Object.entries(mapIn(details))) {
    if (typeof detail === 'string' || typeof detail === 'number') found[name] = detail
  }
  return { id, code, message, details: found }
}

function mapIn(value: unknown): Arguments {
  try {
    return mapOf(value, 'a value')
  } catch {
    throw invalid('a map')
  }
}
