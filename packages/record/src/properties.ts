// The properties of a message: names, types, and the check of both, once on msgpack as it arrives
// and once on objects as an application gives them. The names are those of AMQP 0-9-1 basic
// properties, so that a message can leave by either protocol. An unknown name is refused rather
// than ignored.
import { HoldfastError } from '@holdfast/errors'
import { recordLimits } from './limits.ts'
import { invalid, readUnsigned, skipValue, valueEnd } from './scan.ts'
import { utf8Decode, utf8Encode, utf8Length } from './utf8.ts'

/**
 * A value of a header. Integers are safe integers; nesting is bounded by `recordLimits.depthMax`.
 */
export type HeaderValue =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | readonly HeaderValue[]
  | { readonly [key: string]: HeaderValue }

export interface Properties {
  readonly contentType?: string
  readonly contentEncoding?: string
  readonly headers?: Readonly<Record<string, HeaderValue>>
  /** 1 transient, 2 persistent. Every queue of this version is durable; kept for the receiver. */
  readonly deliveryMode?: 1 | 2
  /** 0 to 255. */
  readonly priority?: number
  readonly correlationId?: string
  readonly replyTo?: string
  /** Milliseconds in decimal digits, as in AMQP. */
  readonly expiration?: string
  readonly messageId?: string
  /** A safe integer from 0; its unit is between the applications (AMQP: seconds). */
  readonly timestamp?: number
  readonly type?: string
  readonly userId?: string
  readonly appId?: string
}

type Kind = 'string' | 'headers' | 'delivery-mode' | 'octet' | 'natural' | 'milliseconds'

const kinds: Readonly<Record<keyof Properties, Kind>> = {
  contentType: 'string',
  contentEncoding: 'string',
  headers: 'headers',
  deliveryMode: 'delivery-mode',
  priority: 'octet',
  correlationId: 'string',
  replyTo: 'string',
  expiration: 'milliseconds',
  messageId: 'string',
  timestamp: 'natural',
  type: 'string',
  userId: 'string',
  appId: 'string'
}

interface Field {
  readonly name: string
  readonly bytes: Uint8Array
  readonly kind: Kind
  /** Its bit in the set of fields that a record has named already. */
  readonly bit: number
}

const longestName = 15

/** Fields by the length of their name, so that a key is compared with two candidates at most. */
const fieldsByLength: readonly (readonly Field[])[] = (() => {
  const table: Field[][] = Array.from({ length: longestName + 1 }, () => [])
  Object.entries(kinds).forEach(([name, kind], position) => {
    table[name.length]?.push({ name, bytes: utf8Encode(name), kind, bit: 1 << position })
  })
  return table
})()

function sameBytes(bytes: Uint8Array, position: number, wanted: Uint8Array): boolean {
  for (let index = 0; index < wanted.length; index++) {
    if (bytes[position + index] !== wanted[index]) return false
  }
  return true
}

function unknown(option: string): HoldfastError {
  return new HoldfastError('OPTION_UNKNOWN', { option, kind: 'message' })
}

function wrong(option: string, reason: string): HoldfastError {
  return new HoldfastError('OPTION_INVALID', { option, kind: 'message', reason })
}

const reasons: Readonly<Record<Kind, string>> = {
  string: 'it must be a string',
  headers: 'it must be a map',
  'delivery-mode': 'it must be 1 or 2',
  octet: 'it must be an integer from 0 to 255',
  natural: 'it must be a safe integer from 0',
  milliseconds: `it must be decimal digits, at most ${recordLimits.expirationMsMax}`
}

/** A key that no field has, for an error: its printable ASCII only, since it may be anything. */
function keyForPeople(bytes: Uint8Array, position: number, end: number): string {
  let text = ''
  for (let at = position; at < Math.min(end, position + 64); at++) {
    const byte = bytes[at] ?? 0
    text += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '?'
  }
  return text
}

/**
 * The number in the accepted value at `position`, in any form of msgpack; null for another type.
 */
export function numberAt(bytes: Uint8Array, position: number, end: number): number | null {
  const type = bytes[position] ?? 0
  if (type < 0x80) return type
  if (type >= 0xe0) return type - 0x100
  const at = position + 1
  if (type === 0xcb) return new DataView(bytes.buffer, bytes.byteOffset + at, 8).getFloat64(0)
  if (type < 0xcc || type > 0xd3) return null
  const isLong = type === 0xcf || type === 0xd3
  const size = isLong ? 4 : 1 << (type & 3)
  const isSigned = type >= 0xd0
  let value = readUnsigned(bytes, at, end, size)
  if (isSigned && value >= 2 ** (size * 8 - 1)) value -= 2 ** (size * 8)
  if (isLong) value = value * 0x100000000 + readUnsigned(bytes, at + 4, end, 4)
  return value
}

function isString(type: number): boolean {
  return (type >= 0xa0 && type < 0xc0) || (type >= 0xd9 && type <= 0xdb)
}

/** The accepted string at `position`. */
function textAt(bytes: Uint8Array, position: number): string {
  const type = bytes[position] ?? 0
  const start = position + (type < 0xd9 ? 1 : 1 + (1 << (type - 0xd9)))
  return utf8Decode(bytes, start, valueEnd(bytes, position))
}

/** Whether the accepted value at `position` is of `kind`. */
function isOfKind(bytes: Uint8Array, position: number, end: number, kind: Kind): boolean {
  const type = bytes[position] ?? 0
  if (kind === 'string') return isString(type)
  if (kind === 'milliseconds') {
    return isString(type) && isExpiration(textAt(bytes, position))
  }
  if (kind === 'headers') return (type >= 0x80 && type < 0x90) || type === 0xde || type === 0xdf
  const value = numberAt(bytes, position, end)
  return value !== null && isValueOfKind(value, kind)
}

/**
 * Validates the properties map at `position` against the schema, and returns its end.
 * @throws FRAME_INVALID, OPTION_UNKNOWN, OPTION_INVALID
 */
export function scanProperties(bytes: Uint8Array, position: number, end: number): number {
  if (position >= end) throw invalid('a record is cut')
  const type = bytes[position] ?? 0
  let at = position + 1
  let count = type & 0x0f
  if (type === 0xde || type === 0xdf) {
    const size = type === 0xde ? 2 : 4
    count = readUnsigned(bytes, at, end, size)
    at += size
  } else if (type < 0x80 || type > 0x8f) {
    throw invalid('properties must be nil or a map')
  }
  let seen = 0
  for (let index = 0; index < count; index++) {
    const keyType = readUnsigned(bytes, at, end, 1)
    // Known names fit a fixstr; other forms of the same name are legal msgpack and are accepted
    // too.
    const header = keyType >= 0xa0 && keyType < 0xc0 ? 1 : keyType === 0xd9 ? 2 : 0
    const keyEnd = skipValue(bytes, at, end, 0)
    if (header === 0) throw unknown(keyForPeople(bytes, at, keyEnd))
    const field = fieldsByLength[keyEnd - at - header]?.find((candidate) =>
      sameBytes(bytes, at + header, candidate.bytes)
    )
    if (field === undefined) throw unknown(keyForPeople(bytes, at + header, keyEnd))
    if ((seen & field.bit) !== 0) throw wrong(field.name, 'it is given twice')
    seen |= field.bit
    at = skipValue(bytes, keyEnd, end, recordLimits.depthMax - 1)
    if (!isOfKind(bytes, keyEnd, end, field.kind)) throw wrong(field.name, reasons[field.kind])
  }
  return at
}

function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}

/** Largest depth is counted as in the scanner. @throws OPTION_INVALID, REQUEST_INVALID */
function checkHeaderValue(value: unknown, depthLeft: number): void {
  if (value === null || typeof value === 'boolean') return
  if (typeof value === 'number') {
    if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
      throw wrong('headers', 'an integer is above 2^53')
    }
  } else if (typeof value === 'string') {
    utf8Length(value)
  } else if (typeof value === 'object' && !(value instanceof Uint8Array)) {
    if (depthLeft === 0) throw wrong('headers', 'a value is nested too deeply')
    if (Array.isArray(value)) {
      for (const item of value) checkHeaderValue(item, depthLeft - 1)
    } else {
      if (!isPlainObject(value)) throw wrong('headers', 'a value is of a class')
      for (const [key, item] of Object.entries(value)) {
        utf8Length(key)
        checkHeaderValue(item, depthLeft - 1)
      }
    }
  } else if (!(value instanceof Uint8Array)) {
    throw wrong('headers', `a value is of type ${typeof value}`)
  }
}

/** Milliseconds in decimal digits. */
export function isExpiration(value: unknown): boolean {
  if (typeof value !== 'string' || !/^\d{1,12}$/.test(value)) return false
  return Number(value) <= recordLimits.expirationMsMax
}

function isValueOfKind(value: unknown, kind: Kind): boolean {
  switch (kind) {
    case 'string':
      return typeof value === 'string'
    case 'headers':
      return typeof value === 'object' && value !== null && !Array.isArray(value)
    case 'delivery-mode':
      return value === 1 || value === 2
    case 'octet':
      return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 255
    case 'milliseconds':
      return isExpiration(value)
    case 'natural':
      return Number.isSafeInteger(value) && (value as number) >= 0
  }
}

/**
 * Checks properties that an application gave, before they are encoded. Fields that are `undefined`
 * count as absent; the result holds the others.
 * @throws OPTION_UNKNOWN, OPTION_INVALID, REQUEST_INVALID
 */
export function checkProperties(properties: Properties): Record<string, unknown> {
  const checked: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(properties)) {
    if (!Object.hasOwn(kinds, name)) throw unknown(name)
    if (value === undefined) continue
    const kind = kinds[name as keyof Properties]
    if (!isValueOfKind(value, kind)) throw wrong(name, reasons[kind])
    if (kind === 'headers') checkHeaderValue(value, recordLimits.depthMax - 1)
    else if (typeof value === 'string') utf8Length(value)
    checked[name] = value
  }
  return checked
}
