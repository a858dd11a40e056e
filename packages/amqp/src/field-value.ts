// Field values compared, made and turned into the values of the native protocol. Integers are
// equal across widths: clients in different languages write the same argument in different types.
import { type HeaderValue, isUtf8, utf8Decode, utf8Encode } from '@holdfast/record'
import type { FieldTable, FieldValue } from './field-table.ts'

const int32Max = 2 ** 31 - 1

/** A text as RabbitMQ writes it: a long string. */
export function textField(text: string): FieldValue {
  return { type: 'S', value: utf8Encode(text) }
}

/** A safe integer as RabbitMQ writes it: `I` where 32 bits suffice, else `l`. */
export function integerField(value: number): FieldValue {
  if (value <= int32Max && value >= -int32Max - 1) return { type: 'I', value }
  return longField(value)
}

/** A safe integer in 64 bits, whatever its size: clients in typed languages cast to that. */
export function longField(value: number): FieldValue {
  return { type: 'l', value: BigInt(value) }
}

/** Bytes as text: UTF-8 where they are, else one character a byte. Never fails. */
export function textOf(bytes: Uint8Array): string {
  if (isUtf8(bytes)) return utf8Decode(bytes)
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return text
}

/** A field as a number that is compared by value; null for what is none. */
export function numberOf(field: FieldValue): number | bigint | null {
  switch (field.type) {
    case 'b':
    case 'B':
    case 's':
    case 'u':
    case 'I':
    case 'i':
    case 'l':
    case 'f':
    case 'd':
      return field.value
    default:
      return null
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index])
}

/** Whether two values mean the same: numbers by value, whatever their width; tables as sets. */
export function sameField(a: FieldValue, b: FieldValue): boolean {
  const number = numberOf(a)
  if (number !== null) {
    const other = numberOf(b)
    // biome-ignore lint/suspicious/noDoubleEquals: a number and a bigint of one value are equal.
    return other !== null && number == other
  }
  if (a.type === 'V') return b.type === 'V'
  if (a.type === 't') return b.type === 't' && a.value === b.value
  if (a.type === 'T') return b.type === 'T' && a.value === b.value
  if (a.type === 'D') return b.type === 'D' && a.value * 10 ** -a.scale === b.value * 10 ** -b.scale
  if (a.type === 'S' || a.type === 'x') return b.type === a.type && sameBytes(a.value, b.value)
  if (a.type === 'F') return b.type === 'F' && sameTable(a.value, b.value)
  if (a.type !== 'A' || b.type !== 'A' || a.value.length !== b.value.length) return false
  return a.value.every((item, index) => {
    const other = b.value[index]
    return other !== undefined && sameField(item, other)
  })
}

/** Whether two tables hold the same names with the same values, in any order. */
export function sameTable(a: FieldTable, b: FieldTable): boolean {
  if (a.size !== b.size) return false
  for (const [name, value] of a) {
    const other = b.get(name)
    if (other === undefined || !sameField(value, other)) return false
  }
  return true
}

/** A safe integer where it is one; the digits of a larger one, which no number holds exactly. */
function plainInteger(value: bigint): number | string {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value.toString()
}

/** The value as the native protocol knows it. Copies what it returns. */
export function plainValue(field: FieldValue): HeaderValue {
  switch (field.type) {
    case 'V':
      return null
    case 'l':
    case 'T':
      return plainInteger(field.value)
    case 'f':
    case 'd':
      // An integer beyond 2^53 is no number that the native protocol tells.
      if (!Number.isInteger(field.value) || Number.isSafeInteger(field.value)) return field.value
      return BigInt(field.value).toString()
    case 'D':
      return field.value * 10 ** -field.scale
    case 'S':
      return isUtf8(field.value) ? utf8Decode(field.value) : new Uint8Array(field.value)
    case 'x':
      return new Uint8Array(field.value)
    case 'A':
      return field.value.map(plainValue)
    case 'F':
      return plainTable(field.value)
    default:
      return field.value
  }
}

/** The table as a map of the native protocol, without a prototype: no name is more than a key. */
export function plainTable(table: FieldTable): Readonly<Record<string, HeaderValue>> {
  const plain: Record<string, HeaderValue> = Object.create(null)
  for (const [name, value] of table) plain[name] = plainValue(value)
  return plain
}

/** A value of the native protocol in the type that RabbitMQ would write. */
export function fieldOf(value: HeaderValue): FieldValue {
  if (value === null) return { type: 'V' }
  if (typeof value === 'boolean') return { type: 't', value }
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) ? integerField(value) : { type: 'd', value }
  }
  if (typeof value === 'string') return textField(value)
  if (value instanceof Uint8Array) return { type: 'x', value }
  if (Array.isArray(value)) return { type: 'A', value: value.map(fieldOf) }
  return { type: 'F', value: tableOf(value as Readonly<Record<string, HeaderValue>>) }
}

/** A map of the native protocol as a table. Names beyond a short string are left out. */
export function tableOf(map: Readonly<Record<string, HeaderValue>>): FieldTable {
  const table = new Map<string, FieldValue>()
  for (const [name, value] of Object.entries(map)) {
    if (utf8Encode(name).length <= 255) table.set(name, fieldOf(value))
  }
  return table
}
