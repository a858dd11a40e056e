// Field tables (AMQP 0-9-1 §4.2.5.5, with the type letters that RabbitMQ and its clients really
// use). A value keeps its type, so that it can be written again as it came and compared by value.
//
//   table := length:u32 (name:shortstr value)*
//   array := length:u32 value*
//   value := 't' bool | 'b' i8 | 'B' u8 | 's' i16 | 'u' u16 | 'I' i32 | 'i' u32 | ('l' | 'L') i64
//          | 'f' f32 | 'd' f64 | 'D' scale:u8 i32 | 'S' longstr | 'x' longstr | 'A' array
//          | 'T' u64 | 'F' table | 'V'
import { unreachable } from '@holdfast/errors'
import { ByteReader, syntaxError } from './byte-reader.ts'
import type { ByteWriter } from './byte-writer.ts'
import { amqpLimits } from './limits.ts'

export type FieldValue =
  | { readonly type: 't'; readonly value: boolean }
  | { readonly type: 'b' | 'B' | 's' | 'u' | 'I' | 'i'; readonly value: number }
  /** `T` is a time in seconds; any value is accepted. An `L` that was read is an `l`. */
  | { readonly type: 'l' | 'T'; readonly value: bigint }
  | { readonly type: 'f' | 'd'; readonly value: number }
  /** `value` × 10^−`scale`. */
  | { readonly type: 'D'; readonly scale: number; readonly value: number }
  /** Bytes: a long string need not be text. */
  | { readonly type: 'S' | 'x'; readonly value: Uint8Array }
  | { readonly type: 'A'; readonly value: readonly FieldValue[] }
  | { readonly type: 'F'; readonly value: FieldTable }
  | { readonly type: 'V' }

/** By name; of a name that is given twice, the first counts, as in RabbitMQ. */
export type FieldTable = ReadonlyMap<string, FieldValue>

export const emptyTable: FieldTable = new Map()

/** A table, its length first. Slices of what is read go into it. @throws 502 */
export function readTable(
  reader: ByteReader,
  depthLeft: number = amqpLimits.tableDepthMax
): FieldTable {
  const inside = nested(reader, depthLeft)
  // Some clients send an empty one with every message.
  if (inside.isAtEnd) return emptyTable
  const table = new Map<string, FieldValue>()
  while (!inside.isAtEnd) {
    const name = inside.shortstr()
    const value = readValue(inside, depthLeft - 1)
    if (!table.has(name)) table.set(name, value)
  }
  return table
}

/** A reader of what is inside the table or array that begins here. */
function nested(reader: ByteReader, depthLeft: number): ByteReader {
  const length = reader.long()
  if (length > amqpLimits.tableBytesMax) {
    const limit = amqpLimits.tableBytesMax
    throw syntaxError(`a table has ${length} bytes, more than the limit of ${limit}`)
  }
  if (depthLeft === 0) throw syntaxError('a table is nested too deeply')
  const start = reader.position
  reader.skip(length)
  return new ByteReader(reader.bytes, start, start + length)
}

function signed(value: number, bits: number): number {
  return value >= 2 ** (bits - 1) ? value - 2 ** bits : value
}

function readValue(reader: ByteReader, depthLeft: number): FieldValue {
  const type = String.fromCharCode(reader.octet())
  switch (type) {
    case 't':
      return { type, value: reader.octet() !== 0 }
    case 'b':
      return { type, value: signed(reader.octet(), 8) }
    case 'B':
      return { type, value: reader.octet() }
    case 's':
      return { type, value: signed(reader.short(), 16) }
    case 'u':
      return { type, value: reader.short() }
    case 'I':
      return { type, value: signed(reader.long(), 32) }
    case 'i':
      return { type, value: reader.long() }
    case 'l':
    case 'L':
      return { type: 'l', value: BigInt.asIntN(64, reader.unsigned64()) }
    case 'T':
      return { type, value: reader.unsigned64() }
    case 'f':
      return { type, value: reader.float() }
    case 'd':
      return { type, value: reader.double() }
    case 'D': {
      const scale = reader.octet()
      return { type, scale, value: signed(reader.long(), 32) }
    }
    case 'S':
    case 'x':
      return { type, value: reader.longstr() }
    case 'A':
      return { type, value: readArray(reader, depthLeft) }
    case 'F':
      return { type, value: readTable(reader, depthLeft) }
    case 'V':
      return { type }
    default:
      throw syntaxError(`no field of a table has type ${type.charCodeAt(0)}`)
  }
}

function readArray(reader: ByteReader, depthLeft: number): readonly FieldValue[] {
  const inside = nested(reader, depthLeft)
  const values: FieldValue[] = []
  while (!inside.isAtEnd) values.push(readValue(inside, depthLeft - 1))
  return values
}

export function writeTable(writer: ByteWriter, table: FieldTable): void {
  measured(writer, () => {
    for (const [name, value] of table) {
      writer.shortstr(name)
      writeValue(writer, value)
    }
  })
}

/** Writes what `write` writes, with its length before it. */
function measured(writer: ByteWriter, write: () => void): void {
  const start = writer.position
  writer.long(0)
  write()
  writer.patchLong(start, writer.position - start - 4)
}

function writeValue(writer: ByteWriter, field: FieldValue): void {
  writer.octet(field.type.charCodeAt(0))
  switch (field.type) {
    case 't':
      return writer.octet(field.value ? 1 : 0)
    case 'b':
    case 'B':
      return writer.octet(field.value)
    case 's':
    case 'u':
      return writer.short(field.value)
    case 'I':
    case 'i':
      return writer.long(field.value)
    case 'l':
    case 'T':
      return writer.integer64(field.value)
    case 'f':
      return writer.float(field.value)
    case 'd':
      return writer.double(field.value)
    case 'D':
      writer.octet(field.scale)
      return writer.long(field.value)
    case 'S':
    case 'x':
      return writer.longstr(field.value)
    case 'A':
      return measured(writer, () => {
        for (const value of field.value) writeValue(writer, value)
      })
    case 'F':
      return writeTable(writer, field.value)
    case 'V':
      return
    default:
      return unreachable(field)
  }
}
