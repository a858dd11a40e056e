// The one way to use msgpackr: it packs plain values, and unpacks only what the scanner has
// accepted. Maps become objects without a prototype, so that a key named `__proto__` or
// `constructor` is a key like any other (failure modes 109, 110). Not for the hot path: records are
// read and written by hand.
import { HoldfastError } from '@holdfast/errors'
import { Packr, Unpackr } from 'msgpackr'
import { invalid, skipValue } from './scan.ts'

const packr = new Packr({ useRecords: false, variableMapSize: true, encodeUndefinedAsNil: true })

// Maps are read as `Map`: msgpackr renames a `__proto__` key when it builds objects.
const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: false, int64AsType: 'number' })

/**
 * One msgpack value, in an array of its own. Objects become maps; fields that are `undefined`
 * become nil.
 * @throws REQUEST_INVALID if the value cannot be told in the msgpack that this product reads
 */
export function pack(value: unknown): Uint8Array {
  // A copy: msgpackr answers with a piece of a buffer that it goes on to use.
  const bytes = new Uint8Array(packr.pack(value))
  try {
    skipValue(bytes, 0, bytes.length)
  } catch (error) {
    const reason = HoldfastError.from(error).details['reason'] ?? 'it cannot be encoded'
    throw new HoldfastError('REQUEST_INVALID', { reason }, { cause: error })
  }
  return bytes
}

/** Turns each `Map` into an object without a prototype, and each Node buffer into a plain array. */
function plain(value: unknown): unknown {
  if (value instanceof Map) {
    const object: Record<string, unknown> = Object.create(null)
    for (const [key, item] of value) object[key as string] = plain(item)
    return object
  }
  if (Array.isArray(value)) return value.map(plain)
  if (value instanceof Uint8Array) return new Uint8Array(value)
  return value
}

/** The value that `bytes` hold, all of them. Copies what it returns. @throws FRAME_INVALID */
export function unpack(bytes: Uint8Array): unknown {
  if (skipValue(bytes, 0, bytes.length) !== bytes.length) throw invalid('bytes follow the value')
  return plain(unpackr.unpack(bytes))
}
