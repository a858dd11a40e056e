// The properties of a message: the property list of a content header of class 60 (AMQP 0-9-1
// basic, §4.2.6.1). They stay in the bytes they came in; what routing and the checks of a publish
// need is found in place, and what must be changed is replaced in place, so that types survive.
//
//   raw := flags:u16 property*      in the order of `propertyNames`, bit 15 the first
import { unreachable } from '@holdfast/errors'
import { ByteReader, syntaxError } from './byte-reader.ts'
import { ByteWriter } from './byte-writer.ts'
import { type FieldTable, readTable, writeTable } from './field-table.ts'
import { textOf } from './field-value.ts'
import { amqpLimits } from './limits.ts'

/** In the order of their flags. */
export const propertyNames = [
  'contentType',
  'contentEncoding',
  'headers',
  'deliveryMode',
  'priority',
  'correlationId',
  'replyTo',
  'expiration',
  'messageId',
  'timestamp',
  'type',
  'userId',
  'appId',
  'clusterId'
] as const

export type PropertyName = (typeof propertyNames)[number]

export interface AmqpProperties {
  readonly contentType?: string
  readonly contentEncoding?: string
  readonly headers?: FieldTable
  readonly deliveryMode?: number
  readonly priority?: number
  readonly correlationId?: string
  readonly replyTo?: string
  readonly expiration?: string
  readonly messageId?: string
  /** Seconds, by convention; any 64 bits are accepted. */
  readonly timestamp?: bigint
  readonly type?: string
  readonly userId?: string
  readonly appId?: string
  readonly clusterId?: string
}

/** Properties of a message that has none. */
export const noProperties: Uint8Array = new Uint8Array(2)

/** A value of one property. */
type PropertyValue = string | number | bigint | FieldTable

/** Bit 0 would announce more flags, bit 1 is reserved: class 60 has neither. */
const strayFlags = 3

interface Field {
  readonly name: PropertyName
  readonly flag: number
  readonly kind: 'table' | 'octet' | 'time' | 'text'
}

function kindOf(name: PropertyName): Field['kind'] {
  if (name === 'headers') return 'table'
  if (name === 'deliveryMode' || name === 'priority') return 'octet'
  return name === 'timestamp' ? 'time' : 'text'
}

const fields: readonly Field[] = propertyNames.map((name, position) => {
  return { name, flag: 0x8000 >>> position, kind: kindOf(name) }
})

const flags: Readonly<Record<PropertyName, number>> = Object.fromEntries(
  fields.map(({ name, flag }) => [name, flag])
) as Record<PropertyName, number>

/** In checked bytes: nothing is looked into. */
function skipProperty(reader: ByteReader, { kind }: Field): void {
  if (kind === 'table') reader.skip(reader.long())
  else if (kind === 'octet') reader.skip(1)
  else if (kind === 'time') reader.skip(8)
  else reader.skip(reader.octet())
}

function readProperty(reader: ByteReader, { kind }: Field): PropertyValue {
  if (kind === 'table') return readTable(reader)
  if (kind === 'octet') return reader.octet()
  if (kind === 'time') return reader.unsigned64()
  return textOf(reader.slice(reader.octet()))
}

function writeProperty(writer: ByteWriter, value: PropertyValue): void {
  if (typeof value === 'bigint') writer.integer64(value)
  else if (typeof value === 'number') writer.octet(value)
  else if (typeof value === 'string') writer.shortstr(value)
  else writeTable(writer, value)
}

/** @throws 502 for a property list that is larger than the limit */
export function checkPropertiesSize(raw: Uint8Array): void {
  const limit = amqpLimits.propertiesBytesMax
  if (raw.length <= limit) return
  throw syntaxError(`the properties have ${raw.length} bytes, more than the limit of ${limit}`)
}

/**
 * Checks the property list that fills `raw`.
 * @throws 502 where it is none, or larger than the limit
 */
export function checkRawProperties(raw: Uint8Array): void {
  checkPropertiesSize(raw)
  const reader = new ByteReader(raw)
  const found = reader.short()
  if ((found & strayFlags) !== 0) throw syntaxError('the properties have flags of no property')
  for (const field of fields) {
    if ((found & field.flag) === 0) continue
    if (field.kind === 'table') readTable(reader)
    else skipProperty(reader, field)
  }
  if (!reader.isAtEnd) throw syntaxError('bytes follow the properties')
}

interface Place {
  readonly field: Field
  readonly start: number
  readonly end: number
}

/** Where a property begins and ends in checked bytes; where it would stand, if it is absent. */
function placeOf(raw: Uint8Array, name: PropertyName): Place {
  const reader = new ByteReader(raw)
  const found = reader.short()
  for (const field of fields) {
    const start = reader.position
    if ((found & field.flag) !== 0) skipProperty(reader, field)
    if (field.name === name) return { field, start, end: reader.position }
  }
  return unreachable(name as never)
}

function flagsOf(raw: Uint8Array): number {
  return ((raw[0] ?? 0) << 8) | (raw[1] ?? 0)
}

/** Whether checked properties hold `name`. */
export function hasProperty(raw: Uint8Array, name: PropertyName): boolean {
  return (flagsOf(raw) & flags[name]) !== 0
}

/** One property of checked bytes. Strings are read as UTF-8 where they are. */
export function propertyOf<Name extends PropertyName>(
  raw: Uint8Array,
  name: Name
): AmqpProperties[Name] | undefined {
  if (!hasProperty(raw, name)) return undefined
  const { field, start, end } = placeOf(raw, name)
  return readProperty(new ByteReader(raw, start, end), field) as AmqpProperties[Name]
}

/**
 * Checked properties with one of them replaced or, by undefined, taken out: a copy in which every
 * other byte is as it was.
 */
export function replaceProperty<Name extends PropertyName>(
  raw: Uint8Array,
  name: Name,
  value: AmqpProperties[Name] | undefined
): Uint8Array {
  const { start, end } = placeOf(raw, name)
  const writer = new ByteWriter(raw.length + 64)
  const others = flagsOf(raw) & ~flags[name]
  writer.short(value === undefined ? others : others | flags[name])
  writer.raw(raw.subarray(2, start))
  if (value !== undefined) writeProperty(writer, value)
  writer.raw(raw.subarray(end))
  return writer.since(0)
}

/** All properties. @throws 502 */
export function decodeProperties(raw: Uint8Array): AmqpProperties {
  checkRawProperties(raw)
  const reader = new ByteReader(raw)
  const found = reader.short()
  const properties: Partial<Record<PropertyName, PropertyValue>> = {}
  for (const field of fields) {
    if ((found & field.flag) !== 0) properties[field.name] = readProperty(reader, field)
  }
  return properties as AmqpProperties
}

export function encodeProperties(properties: AmqpProperties): Uint8Array {
  const writer = new ByteWriter()
  let found = 0
  for (const { name, flag } of fields) if (properties[name] !== undefined) found |= flag
  writer.short(found)
  for (const { name } of fields) {
    const value = properties[name]
    if (value !== undefined) writeProperty(writer, value)
  }
  return writer.since(0)
}
