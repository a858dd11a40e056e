// What an AMQP client sends inside a sound frame: the payload of a method, or a property list. What
// is accepted is written again, and must be the same when it is read once more.
import { AmqpError } from '@holdfast/amqp'
import type * as byteWriter from '../../../packages/amqp/src/byte-writer.ts'
import type * as fieldValue from '../../../packages/amqp/src/field-value.ts'
import type * as methodCodec from '../../../packages/amqp/src/method-codec.ts'
import type * as methodTable from '../../../packages/amqp/src/method-table.ts'
import type * as properties from '../../../packages/amqp/src/properties.ts'
import { internal } from '../internal.ts'
import { joined, must, type Target } from '../target.ts'
import { texts } from '../tokens.ts'

const { ByteWriter } = await internal<typeof byteWriter>('amqp', 'byte-writer')
const { tableOf } = await internal<typeof fieldValue>('amqp', 'field-value')
const { decodeMethod, encodeMethod } = await internal<typeof methodCodec>('amqp', 'method-codec')
const { methodTable: methods } = await internal<typeof methodTable>('amqp', 'method-table')
const { decodeProperties, encodeProperties, propertyNames, propertyOf, replaceProperty } =
  await internal<typeof properties>('amqp', 'properties')

/** The result of `decode`; null if it refused with a reply of its own. */
function repliedOr<Result>(decode: () => Result): Result | null {
  try {
    return decode()
  } catch (error) {
    if (error instanceof AmqpError && error.code !== 541) return null
    throw error
  }
}

/** What a method frame holds. */
export function payloadOf(method: methodCodec.Method): Uint8Array {
  const writer = new ByteWriter()
  encodeMethod(writer, method)
  return writer.since(0)
}

const isSame = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0

function runMethod(payload: Uint8Array): void {
  const method = repliedOr(() => decodeMethod(payload))
  if (method === null) return
  const { deliveryTag } = method as { readonly deliveryTag?: number }
  // No delivery has such a tag: it is refused before anything is made of it.
  if (deliveryTag !== undefined && !Number.isSafeInteger(deliveryTag)) return
  const written = payloadOf(method)
  must(isSame(payloadOf(decodeMethod(written)), written), 'a method is the same when read again')
}

function runProperties(raw: Uint8Array): void {
  const found = repliedOr(() => decodeProperties(raw))
  if (found === null) return
  // Texts that are not UTF-8 may grow beyond a short string when they are written as such.
  const isShort = propertyNames.every((name) => Buffer.byteLength(String(found[name] ?? '')) < 256)
  if (isShort) {
    const written = encodeProperties(found)
    must(isSame(encodeProperties(decodeProperties(written)), written), 'properties stay the same')
  }
  for (const name of propertyNames) {
    const without = replaceProperty(raw, name, undefined)
    must(propertyOf(without, name) === undefined, 'what was taken out is gone')
    const others = Object.keys(decodeProperties(without)).length
    const one = found[name] === undefined ? 0 : 1
    must(others + one === Object.keys(found).length, 'and nothing else is')
  }
}

function run(input: Uint8Array): void {
  if (input[0] === 0) runProperties(input.subarray(1))
  else runMethod(input.subarray(1))
}

/** A value for an argument of each type. */
const values = {
  octet: 1,
  short: 2,
  long: 3,
  longlong: 4,
  shortstr: 'name',
  longstr: Buffer.from('long'),
  bit: true,
  table: tableOf({ a: 1, b: 'x', c: [true, null, 1.5], d: { e: 2 ** 40 } })
}

/** The payload of every method. */
export const methodPayloads: readonly Uint8Array[] = Object.entries(methods).map(([type, row]) => {
  const entries = Object.entries(row.arguments as Record<string, keyof typeof values>)
  const given = Object.fromEntries(entries.map(([name, kind]) => [name, values[kind]]))
  return payloadOf({ type, ...given } as methodCodec.Method)
})

export const someProperties: Uint8Array = encodeProperties({
  contentType: 'text/plain',
  headers: tableOf({ CC: ['a'], n: -1 }),
  deliveryMode: 2,
  expiration: '60000',
  timestamp: 1_700_000_000n,
  userId: 'guest'
})

export const target: Target = {
  bytesMax: 2048,
  seeds: [...methodPayloads.map((payload) => joined(1, payload)), joined(0, someProperties)],
  tokens: texts,
  run
}
