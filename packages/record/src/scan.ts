// The msgpack scanner: walks a value without decoding it, so that nothing is allocated before every
// length has been compared with what is there (failure modes 107, 108, 110, 113). All other readers
// of msgpack in the product run on bytes that this file has accepted. Source: the msgpack
// specification; ext types, 0xc1 and map keys other than strings are refused.
import { HoldfastError } from '@holdfast/errors'
import { recordLimits } from './limits.ts'
import { isUtf8 } from './utf8.ts'

/** The error of everything that cannot be decoded. */
export function invalid(reason: string): HoldfastError {
  return new HoldfastError('FRAME_INVALID', { reason })
}

/** Unsigned big-endian integer of `size` 1, 2 or 4 bytes. @throws FRAME_INVALID if it is cut. */
export function readUnsigned(
  bytes: Uint8Array,
  position: number,
  end: number,
  size: number
): number {
  if (position + size > end) throw invalid('a value is cut')
  const first = bytes[position] ?? 0
  if (size === 1) return first
  const second = bytes[position + 1] ?? 0
  if (size === 2) return first * 256 + second
  return (
    first * 0x1000000 +
    second * 65536 +
    (bytes[position + 2] ?? 0) * 256 +
    (bytes[position + 3] ?? 0)
  )
}

function advance(position: number, length: number, end: number): number {
  if (length > end - position) throw invalid('a value is cut')
  return position + length
}

function skipString(bytes: Uint8Array, position: number, length: number, end: number): number {
  const next = advance(position, length, end)
  if (!isUtf8(bytes, position, next)) throw invalid('a string is not UTF-8')
  return next
}

/**
 * A 64-bit integer, `position` behind its type byte; only what a number holds exactly is accepted.
 */
function skipInteger64(bytes: Uint8Array, position: number, end: number, signed: boolean): number {
  const next = advance(position, 8, end)
  let high = readUnsigned(bytes, position, end, 4)
  const low = readUnsigned(bytes, position + 4, end, 4)
  if (signed && high >= 0x80000000) high -= 0x100000000
  if (!Number.isSafeInteger(high * 0x100000000 + low)) throw invalid('an integer is above 2^53')
  return next
}

function skipArray(
  bytes: Uint8Array,
  position: number,
  count: number,
  end: number,
  depthLeft: number
): number {
  if (depthLeft === 0) throw invalid('a value is nested too deeply')
  if (count > end - position) throw invalid('a value is cut')
  let at = position
  for (let index = 0; index < count; index++) at = skipValue(bytes, at, end, depthLeft - 1)
  return at
}

function skipMap(
  bytes: Uint8Array,
  position: number,
  count: number,
  end: number,
  depthLeft: number
): number {
  if (depthLeft === 0) throw invalid('a value is nested too deeply')
  if (count * 2 > end - position) throw invalid('a value is cut')
  let at = position
  for (let index = 0; index < count; index++) {
    const type = bytes[at] ?? 0
    const isString = (type >= 0xa0 && type <= 0xbf) || (type >= 0xd9 && type <= 0xdb)
    if (at < end && !isString) throw invalid('a key of a map is not a string')
    at = skipValue(bytes, at, end, 0)
    at = skipValue(bytes, at, end, depthLeft - 1)
  }
  return at
}

/** The types from 0xc0 to 0xdf; `position` is behind the type byte. */
function skipTyped(
  bytes: Uint8Array,
  type: number,
  position: number,
  end: number,
  depthLeft: number
): number {
  switch (type) {
    case 0xc0: // nil
    case 0xc2: // false
    case 0xc3: // true
      return position
    case 0xc4: // bin 8, 16, 32
    case 0xc5:
    case 0xc6: {
      const size = 1 << (type - 0xc4)
      return advance(position + size, readUnsigned(bytes, position, end, size), end)
    }
    case 0xca: // float 32
    case 0xce: // uint 32
    case 0xd2: // int 32
      return advance(position, 4, end)
    case 0xcb: // float 64
      return advance(position, 8, end)
    case 0xcc: // uint 8
    case 0xd0: // int 8
      return advance(position, 1, end)
    case 0xcd: // uint 16
    case 0xd1: // int 16
      return advance(position, 2, end)
    case 0xcf: // uint 64
      return skipInteger64(bytes, position, end, false)
    case 0xd3: // int 64
      return skipInteger64(bytes, position, end, true)
    case 0xd9: // str 8, 16, 32
    case 0xda:
    case 0xdb: {
      const size = 1 << (type - 0xd9)
      return skipString(bytes, position + size, readUnsigned(bytes, position, end, size), end)
    }
    case 0xdc: // array 16, 32
    case 0xdd: {
      const size = 2 << (type - 0xdc)
      const count = readUnsigned(bytes, position, end, size)
      return skipArray(bytes, position + size, count, end, depthLeft)
    }
    case 0xde: // map 16, 32
    case 0xdf: {
      const size = 2 << (type - 0xde)
      const count = readUnsigned(bytes, position, end, size)
      return skipMap(bytes, position + size, count, end, depthLeft)
    }
    default:
      throw invalid(`type 0x${type.toString(16)} of msgpack is not used here`)
  }
}

/**
 * Validates exactly one msgpack value in `bytes[position, end)` and returns its end. Lengths lie
 * within `end`, strings are UTF-8, keys are strings, integers are safe, containers nest at most
 * `depthMax` deep.
 * @throws FRAME_INVALID
 */
export function skipValue(
  bytes: Uint8Array,
  position: number,
  end: number,
  depthMax: number = recordLimits.depthMax
): number {
  if (position >= end) throw invalid('a value is cut')
  const type = bytes[position] ?? 0
  if (type < 0x80 || type >= 0xe0) return position + 1
  if (type >= 0xc0) return skipTyped(bytes, type, position + 1, end, depthMax)
  if (type >= 0xa0) return skipString(bytes, position + 1, type & 0x1f, end)
  if (type >= 0x90) return skipArray(bytes, position + 1, type & 0x0f, end, depthMax)
  return skipMap(bytes, position + 1, type & 0x0f, end, depthMax)
}

/**
 * End of a value that `skipValue` has accepted. Iterative, without checks: for jumping over
 * properties on the way to a body.
 */
export function valueEnd(bytes: Uint8Array, position: number): number {
  const end = bytes.length
  let at = position
  let pending = 1
  while (pending > 0) {
    pending--
    const type = bytes[at++] ?? 0xc0
    if (type < 0x80 || type >= 0xe0) continue
    if (type < 0x90) pending += (type & 0x0f) * 2
    else if (type < 0xa0) pending += type & 0x0f
    else if (type < 0xc0) at += type & 0x1f
    else if (type >= 0xdc) {
      const size = type === 0xdc || type === 0xde ? 2 : 4
      pending += readUnsigned(bytes, at, end, size) * (type >= 0xde ? 2 : 1)
      at += size
    } else if (type >= 0xd9 || (type >= 0xc4 && type <= 0xc6)) {
      const size = 1 << (type >= 0xd9 ? type - 0xd9 : type - 0xc4)
      at += size + readUnsigned(bytes, at, end, size)
    } else if (type >= 0xca) at += fixedLengths[type - 0xca] ?? 0
  }
  return at
}

/** Bytes behind the type bytes 0xca … 0xd3: floats and integers. */
const fixedLengths: readonly number[] = [4, 8, 1, 2, 4, 8, 1, 2, 4, 8]
