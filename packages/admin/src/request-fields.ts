// Reads what a caller sent, field by field, by hand: one place decides what is valid, whatever the
// content type was (CVE-2025-32442 and its kin are validators that a header could switch off).
// Objects are read by own keys only, and unknown keys are refused, so `__proto__` is just unknown.
import { HoldfastError } from '@holdfast/errors'
import { adminLimits } from './limits.ts'
import { isLoopbackHost, splitAuthority } from './loopback.ts'

const decimal = /^(?:0|[1-9]\d{0,15})$/
const operationId = /^[0-9A-Za-z_-]+$/
const loneSurrogate = /\p{Surrogate}/u

/** The own value of `key`; undefined if there is none. */
function own(object: object, key: string): unknown {
  return Object.hasOwn(object, key) ? (object as Readonly<Record<string, unknown>>)[key] : undefined
}

/** Refuses keys that are not among `known`. @throws OPTION_UNKNOWN */
export function refuseUnknown(object: object, known: readonly string[], kind: string): void {
  for (const option of Object.keys(object)) {
    if (!known.includes(option)) {
      const quoted = option.slice(0, adminLimits.quotedLengthMax)
      throw new HoldfastError('OPTION_UNKNOWN', { option: quoted, kind })
    }
  }
}

/** The body as an object that has no keys but `known`. @throws REQUEST_INVALID, OPTION_UNKNOWN */
export function readBody(body: unknown, known: readonly string[]): object {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new HoldfastError('REQUEST_INVALID', { reason: 'the body must be a JSON object' })
  }
  refuseUnknown(body, known, 'request body')
  return body
}

/** A call that takes no body got none. @throws REQUEST_INVALID */
export function refuseBody(body: unknown): void {
  if (body === undefined || body === null) return
  if (typeof body === 'object' && Object.keys(body).length === 0) return
  throw new HoldfastError('REQUEST_INVALID', { reason: 'this call takes no body' })
}

/**
 * The `peer` of a new node: `HOST:PORT`, on loopback unless links are secured.
 * @throws OPTION_INVALID, ADDRESS_REFUSED
 */
export function readPeer(body: object, arePeersSecured: boolean): string {
  const peer = own(body, 'peer')
  const parts = typeof peer === 'string' ? splitAuthority(peer) : null
  if (typeof peer !== 'string' || parts === null || parts.port === null || parts.port === 0) {
    const reason = 'it must be a string HOST:PORT, for instance 127.0.0.1:7703'
    throw new HoldfastError('OPTION_INVALID', { option: 'peer', kind: 'request body', reason })
  }
  if (!arePeersSecured && !isLoopbackHost(parts.host)) {
    throw new HoldfastError('ADDRESS_REFUSED', { address: peer })
  }
  return peer
}

/** The `to` of a transfer: a node id. @throws OPTION_INVALID */
export function readTarget(body: object): number {
  const to = own(body, 'to')
  if (typeof to === 'number' && Number.isSafeInteger(to) && to >= 1) return to
  const reason = 'it must be a node id, an integer from 1'
  throw new HoldfastError('OPTION_INVALID', { option: 'to', kind: 'request body', reason })
}

/** A decimal id of the path, at least `least`. @throws REQUEST_INVALID */
export function readId(text: string, kind: string, least: number): number {
  const id = decimal.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(id) && id >= least) return id
  const reason = `a ${kind} id is an integer from ${least}`
  throw new HoldfastError('REQUEST_INVALID', { reason })
}

/** The id of an operation. One that cannot exist is treated as one that does not. */
export function readOperationId(text: string): string {
  if (text.length <= adminLimits.operationIdLengthMax && operationId.test(text)) return text
  const operation = text.slice(0, adminLimits.quotedLengthMax)
  throw new HoldfastError('OPERATION_NOT_FOUND', { operation })
}

/** A decoded name of the path: 1 to 255 bytes of UTF-8. @throws NAME_INVALID */
export function readName(text: string, kind: string): string {
  if (text.length === 0) throw new HoldfastError('NAME_INVALID', { kind, reason: 'it is empty' })
  if (loneSurrogate.test(text)) {
    throw new HoldfastError('NAME_INVALID', { kind, reason: 'it is not valid UTF-8' })
  }
  const size = Buffer.byteLength(text)
  if (size > adminLimits.nameBytesMax) {
    throw new HoldfastError('NAME_INVALID', { kind, reason: `it has ${size} bytes` })
  }
  return text
}

/** Which page of a list is asked for. @throws OPTION_UNKNOWN, OPTION_INVALID */
export function readPage(query: object): { limit: number; cursor: string | null } {
  refuseUnknown(query, ['limit', 'cursor'], 'query')
  const limit = own(query, 'limit') ?? String(adminLimits.pageRowsDefault)
  const rows = typeof limit === 'string' && decimal.test(limit) ? Number(limit) : 0
  if (rows < 1 || rows > adminLimits.pageRowsMax) {
    const reason = `it must be an integer from 1 to ${adminLimits.pageRowsMax}, given once`
    throw new HoldfastError('OPTION_INVALID', { option: 'limit', kind: 'query', reason })
  }
  const cursor = own(query, 'cursor') ?? null
  if (cursor === null) return { limit: rows, cursor }
  if (typeof cursor === 'string' && cursor.length <= adminLimits.cursorLengthMax && cursor !== '') {
    return { limit: rows, cursor }
  }
  const reason = 'it must be the cursor of the page before, given once'
  throw new HoldfastError('OPTION_INVALID', { option: 'cursor', kind: 'query', reason })
}
