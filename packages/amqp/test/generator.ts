// Seeded field values, properties and methods for the tests of the codec, and the questions that
// every codec is asked: cut at every byte, flip every bit.
import type { Random } from '@holdfast/testkit'
import { ByteReader } from '../src/byte-reader.ts'
import { ByteWriter } from '../src/byte-writer.ts'
import type { FieldTable, FieldValue } from '../src/field-table.ts'
import type { Method, MethodName } from '../src/method-codec.ts'
import { type ArgumentType, methodTable } from '../src/method-table.ts'
import { type AmqpProperties, propertyNames } from '../src/properties.ts'
import { AmqpError } from '../src/replies.ts'

const texts = ['', 'a', 'orders', 'ü', '€uro', 'x-message-ttl', '🐇'.repeat(20)]
const types = 'tbBsuIilTfdDSxAFV'.split('')

function big(random: Random): bigint {
  return (BigInt(random.next()) << 32n) + BigInt(random.next())
}

export function randomField(random: Random, depth = 3): FieldValue {
  const type = random.pick(depth > 0 ? types : types.filter((letter) => !'AF'.includes(letter)))
  switch (type) {
    case 't':
      return { type, value: random.chance(0.5) }
    case 'b':
      return { type, value: random.integer(-128, 127) }
    case 'B':
      return { type, value: random.below(256) }
    case 's':
      return { type, value: random.integer(-32_768, 32_767) }
    case 'u':
      return { type, value: random.below(65_536) }
    case 'I':
      return { type, value: random.next() - 2 ** 31 }
    case 'i':
      return { type, value: random.next() }
    case 'l':
      return { type, value: BigInt.asIntN(64, big(random)) }
    case 'T':
      return { type, value: big(random) }
    case 'f':
      return { type, value: Math.fround(random.fraction()) }
    case 'd':
      return { type, value: random.fraction() * 10 ** random.integer(-20, 20) }
    case 'D':
      return { type, scale: random.below(30), value: random.next() - 2 ** 31 }
    case 'S':
    case 'x':
      return { type, value: random.bytes(random.below(20)) }
    case 'A':
      return {
        type,
        value: Array.from({ length: random.below(4) }, () => randomField(random, depth - 1))
      }
    case 'F':
      return { type, value: randomTable(random, depth - 1) }
    default:
      return { type: 'V' }
  }
}

export function randomTable(random: Random, depth = 3): FieldTable {
  const count = random.below(6)
  const names = Array.from({ length: count }, (_, index) => `${random.pick(texts)}${index}`)
  return new Map(names.map((name) => [name, randomField(random, depth)]))
}

export function randomProperties(random: Random): AmqpProperties {
  const properties: Record<string, unknown> = {}
  for (const name of propertyNames) {
    if (random.chance(0.5)) continue
    if (name === 'headers') properties[name] = randomTable(random)
    else if (name === 'deliveryMode' || name === 'priority') properties[name] = random.below(256)
    else properties[name] = name === 'timestamp' ? big(random) : random.pick(texts)
  }
  return properties
}

function randomArgument(random: Random, type: ArgumentType): unknown {
  switch (type) {
    case 'octet':
      return random.below(256)
    case 'short':
      return random.below(65_536)
    case 'long':
      return random.next()
    case 'longlong':
      return random.below(2 ** 21) * 2 ** 32 + random.next()
    case 'shortstr':
      return random.pick(texts)
    case 'longstr':
      return random.bytes(random.below(30))
    case 'bit':
      return random.chance(0.5)
    case 'table':
      return randomTable(random)
  }
}

export function randomMethod(random: Random, name: MethodName): Method {
  const shape: Readonly<Record<string, ArgumentType>> = methodTable[name].arguments
  const values = Object.entries(shape).map(([argument, type]) => [
    argument,
    randomArgument(random, type)
  ])
  return { type: name, ...Object.fromEntries(values) } as Method
}

/** What `write` writes. */
export function written(write: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter(1)
  write(writer)
  return new Uint8Array(writer.since(0))
}

export const readerOf = (bytes: Uint8Array): ByteReader => new ByteReader(bytes)

/** The reply code of what `work` throws; 0 for nothing; a text for anything but a coded error. */
export function codeOf(work: () => unknown): number | string {
  try {
    work()
    return 0
  } catch (error) {
    return error instanceof AmqpError ? error.code : `not coded: ${String(error)}`
  }
}

/** Every cut of `bytes` that leaves something away. */
export function* cutsOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let length = 0; length < bytes.length; length++) yield bytes.subarray(0, length)
}

/** `bytes` with one bit changed, for every bit. */
export function* flipsOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    const flipped = new Uint8Array(bytes)
    flipped[bit >>> 3] = (flipped[bit >>> 3] ?? 0) ^ (1 << (bit & 7))
    yield flipped
  }
}

/** Bytes from text in hex, spaces ignored. */
export function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'))
}

/** One array of many. */
export function join(chunks: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(chunks))
}
