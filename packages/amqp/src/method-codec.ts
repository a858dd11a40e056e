// Methods as bytes and as objects, both ways, from the one table. Consecutive bits share octets,
// the first in the lowest place (AMQP 0-9-1 §4.2.5.2).
import { ByteReader, syntaxError } from './byte-reader.ts'
import type { ByteWriter } from './byte-writer.ts'
import { type FieldTable, readTable, writeTable } from './field-table.ts'
import { type ArgumentType, type MethodRow, methodTable } from './method-table.ts'
import { AmqpError } from './replies.ts'

interface ArgumentValues {
  readonly octet: number
  readonly short: number
  readonly long: number
  readonly longlong: number
  readonly shortstr: string
  readonly longstr: Uint8Array
  readonly bit: boolean
  readonly table: FieldTable
}

export type MethodName = keyof typeof methodTable

type ArgumentTypes<Name extends MethodName> = (typeof methodTable)[Name]['arguments']

type ValueOf<Type> = Type extends ArgumentType ? ArgumentValues[Type] : never

/** The method `Name` with its arguments. */
export type MethodOf<Name extends MethodName> = { readonly type: Name } & {
  readonly [Argument in keyof ArgumentTypes<Name>]: ValueOf<ArgumentTypes<Name>[Argument]>
}

export type Method = { [Name in MethodName]: MethodOf<Name> }[MethodName]

/** Class and number of a method: what a close names as the one that failed. */
export interface MethodId {
  readonly classId: number
  readonly methodId: number
}

/** Where a failure belongs to no method. */
export const noMethod: MethodId = { classId: 0, methodId: 0 }

interface Shape {
  readonly name: MethodName
  readonly arguments: readonly (readonly [name: string, type: ArgumentType])[]
}

const rows = Object.entries(methodTable) as [MethodName, MethodRow][]

const shapes: ReadonlyMap<number, Shape> = new Map(
  rows.map(([name, row]) => [
    row.id[0] * 65_536 + row.id[1],
    { name, arguments: Object.entries(row.arguments) }
  ])
)

const argumentsByName: ReadonlyMap<MethodName, Shape['arguments']> = new Map(
  [...shapes.values()].map((shape) => [shape.name, shape.arguments])
)

export function methodIdOf(name: MethodName): MethodId {
  const [classId, methodId] = methodTable[name].id
  return { classId, methodId }
}

/** The ids that a method frame begins with, whatever follows. @throws 502 */
export function readMethodId(payload: Uint8Array): MethodId {
  const reader = new ByteReader(payload)
  const classId = reader.short()
  return { classId, methodId: reader.short() }
}

/**
 * The method that fills the payload of a frame.
 * @throws 503 for a method that does not exist, 502 for arguments that are none
 */
export function decodeMethod(payload: Uint8Array): Method {
  const { classId, methodId } = readMethodId(payload)
  const shape = shapes.get(classId * 65_536 + methodId)
  if (shape === undefined) {
    throw new AmqpError('COMMAND_INVALID', `there is no method ${methodId} of class ${classId}`)
  }
  const reader = new ByteReader(payload, 4)
  const method: Record<string, unknown> = { type: shape.name }
  let bits = 0
  let bitsLeft = 0
  for (const [name, type] of shape.arguments) {
    if (type !== 'bit') {
      bitsLeft = 0
      method[name] = readArgument(reader, type)
      continue
    }
    if (bitsLeft === 0) {
      bits = reader.octet()
      bitsLeft = 8
    }
    method[name] = (bits & 1) === 1
    bits >>>= 1
    bitsLeft--
  }
  if (!reader.isAtEnd) throw syntaxError(`bytes follow the arguments of ${shape.name}`)
  return method as Method
}

function readArgument(reader: ByteReader, type: Exclude<ArgumentType, 'bit'>): unknown {
  return type === 'table' ? readTable(reader) : reader[type]()
}

/** Writes class, number and arguments. */
export function encodeMethod(writer: ByteWriter, method: Method): void {
  const [classId, methodId] = methodTable[method.type].id
  writer.short(classId)
  writer.short(methodId)
  const values = method as unknown as Readonly<Record<string, unknown>>
  let bits = 0
  let bitCount = 0
  for (const [name, type] of argumentsByName.get(method.type) ?? []) {
    if (type === 'bit') {
      if (values[name] === true) bits |= 1 << bitCount
      bitCount++
      continue
    }
    if (bitCount > 0) writer.octet(bits)
    bits = 0
    bitCount = 0
    writeArgument(writer, type, values[name])
  }
  if (bitCount > 0) writer.octet(bits)
}

function writeArgument(
  writer: ByteWriter,
  type: Exclude<ArgumentType, 'bit'>,
  value: unknown
): void {
  if (type === 'table') return writeTable(writer, value as FieldTable)
  if (type === 'shortstr') return writer.shortstr(value as string)
  if (type === 'longstr') return writer.longstr(value as Uint8Array)
  return writer[type](value as number)
}
