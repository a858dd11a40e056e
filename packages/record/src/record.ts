// The record: one message as it is in frames, in log entries and in deliveries. It is encoded once,
// by the client; everybody else scans it, slices it, and passes the same bytes on (performance 7).
//
//   record := 0x92 properties body       msgpack: array of two
//   properties := nil | map | bin        see properties.ts; bin: as they came by another protocol
//   body := bin 8 | bin 16 | bin 32
//   blob := record*                      count is told beside it
import { HoldfastError } from '@holdfast/errors'
import { recordLimits } from './limits.ts'
import { pack, unpack } from './pack.ts'
import { checkProperties, numberAt, type Properties, scanProperties } from './properties.ts'
import { invalid, readUnsigned, skipValue, valueEnd } from './scan.ts'
import { utf8Decode } from './utf8.ts'

function tooLarge(size: number, limit: number): HoldfastError {
  return new HoldfastError('MESSAGE_TOO_LARGE', { size, limit })
}

/**
 * Whether the accepted record at `position` has its properties as a byte string: in the form of
 * another protocol, as whoever took them in has checked them.
 */
export function hasForeignProperties(bytes: Uint8Array, position: number): boolean {
  return isBin(bytes[position + 1] ?? 0)
}

function isBin(type: number): boolean {
  return type >= 0xc4 && type <= 0xc6
}

/**
 * Validates one record in `bytes[position, end)`, its limits and its properties, and returns its
 * end. With `takesForeign`, properties may be a byte string, whose content is not looked at: for
 * what comes from a gateway, not from a client.
 * @throws FRAME_INVALID, MESSAGE_TOO_LARGE, OPTION_UNKNOWN, OPTION_INVALID
 */
export function scanRecord(
  bytes: Uint8Array,
  position: number,
  end: number,
  takesForeign = false
): number {
  if (end - position < 4) throw invalid('a record is cut')
  if (bytes[position] !== 0x92) throw invalid('a record must be an array of two')
  let at = position + 2
  if (bytes[position + 1] !== 0xc0) {
    at =
      takesForeign && hasForeignProperties(bytes, position)
        ? skipValue(bytes, position + 1, end)
        : scanProperties(bytes, position + 1, end)
    const size = at - position - 1
    if (size > recordLimits.propertiesBytesMax) {
      throw tooLarge(size, recordLimits.propertiesBytesMax)
    }
  }
  const type = at < end ? (bytes[at] ?? 0) : 0
  if (!isBin(type)) throw invalid('the body of a record must be binary')
  const size = 1 << (type - 0xc4)
  const length = readUnsigned(bytes, at + 1, end, size)
  at += 1 + size
  if (length > end - at) throw invalid('a body is cut')
  if (length > recordLimits.bodyBytesMax) throw tooLarge(length, recordLimits.bodyBytesMax)
  return at + length
}

/** Where the body of the accepted record at `position` has its type byte. */
function bodyPosition(bytes: Uint8Array, position: number): number {
  return bytes[position + 1] === 0xc0 ? position + 2 : valueEnd(bytes, position + 1)
}

/** End of a record that `scanRecord` has accepted; checks nothing. */
export function skipRecord(bytes: Uint8Array, position: number): number {
  const at = bodyPosition(bytes, position)
  const size = 1 << ((bytes[at] ?? 0xc4) - 0xc4)
  return at + 1 + size + readUnsigned(bytes, at + 1, bytes.length, size)
}

/** @throws as scanRecord, and FRAME_INVALID unless `blob` is `count` records and nothing else */
export function scanRecords(blob: Uint8Array, count: number): void {
  if (!Number.isInteger(count) || count < 1 || count > recordLimits.recordsMax) {
    throw invalid(`a blob must hold 1 to ${recordLimits.recordsMax} records`)
  }
  let at = 0
  for (let index = 0; index < count; index++) at = scanRecord(blob, at, blob.length)
  if (at !== blob.length) throw invalid('bytes follow the last record')
}

/** Body of an accepted record: a slice, not a copy. */
export function recordBody(bytes: Uint8Array, position: number): Uint8Array {
  const at = bodyPosition(bytes, position)
  const size = 1 << ((bytes[at] ?? 0xc4) - 0xc4)
  const start = at + 1 + size
  return bytes.subarray(start, start + readUnsigned(bytes, at + 1, bytes.length, size))
}

/** Where the byte string begins that the properties of an accepted record are. */
export function foreignStart(bytes: Uint8Array, position: number): number {
  return position + 2 + (1 << ((bytes[position + 1] ?? 0xc4) - 0xc4))
}

/** Properties of an accepted record as the byte string that they are. */
export function foreignProperties(bytes: Uint8Array, position: number): Uint8Array {
  return bytes.subarray(foreignStart(bytes, position), bodyPosition(bytes, position))
}

/** One text among the properties of an accepted record, found in place. They are not foreign. */
export function recordText(
  bytes: Uint8Array,
  position: number,
  name: keyof Properties
): string | null {
  const value = valuePosition(bytes, position, name)
  return value < 0 ? null : utf8Decode(bytes, textStart(bytes, value), valueEnd(bytes, value))
}

/** The same for one number. */
export function recordNumber(
  bytes: Uint8Array,
  position: number,
  name: keyof Properties
): number | null {
  const value = valuePosition(bytes, position, name)
  return value < 0 ? null : numberAt(bytes, value, valueEnd(bytes, value))
}

/** Where the value of a property stands; -1 if it is not there. */
function valuePosition(bytes: Uint8Array, position: number, name: keyof Properties): number {
  const type = bytes[position + 1] ?? 0xc0
  if (type === 0xc0) return -1
  const size = type === 0xde ? 2 : type === 0xdf ? 4 : 0
  const count = size === 0 ? type & 0x0f : readUnsigned(bytes, position + 2, bytes.length, size)
  let at = position + 2 + size
  for (let index = 0; index < count; index++) {
    const value = valueEnd(bytes, at)
    if (isName(bytes, textStart(bytes, at), value, name)) return value
    at = valueEnd(bytes, value)
  }
  return -1
}

/** Where the string at `position` begins, behind its head. */
function textStart(bytes: Uint8Array, position: number): number {
  const type = bytes[position] ?? 0
  return position + (type < 0xd9 ? 1 : 1 + (1 << (type - 0xd9)))
}

/** Whether `bytes[start, end)` is the name of a property, which is ASCII. */
function isName(bytes: Uint8Array, start: number, end: number, name: string): boolean {
  if (end - start !== name.length) return false
  for (let i = 0; i < name.length; i++) {
    if (bytes[start + i] !== name.charCodeAt(i)) return false
  }
  return true
}

/** Properties of an accepted record, decoded; null where it has none. They are not foreign. */
export function recordProperties(bytes: Uint8Array, position: number): Properties | null {
  if (bytes[position + 1] === 0xc0) return null
  return unpack(bytes.subarray(position + 1, bodyPosition(bytes, position))) as Properties
}

/**
 * The record of one message, in an array of its own. Properties without any field are left out.
 * @throws MESSAGE_TOO_LARGE, OPTION_UNKNOWN, OPTION_INVALID, REQUEST_INVALID
 */
export function encodeRecord(properties: Properties | null, body: Uint8Array): Uint8Array {
  const length = body.length
  if (length > recordLimits.bodyBytesMax) throw tooLarge(length, recordLimits.bodyBytesMax)
  const packed = packProperties(properties)
  const size = length < 0x100 ? 1 : length < 0x10000 ? 2 : 4
  const record = new Uint8Array(2 + packed.length + size + length)
  record[0] = 0x92
  record.set(packed, 1)
  let at = 1 + packed.length
  record[at++] = size === 1 ? 0xc4 : size === 2 ? 0xc5 : 0xc6
  for (let shift = size * 8 - 8; shift >= 0; shift -= 8) record[at++] = length >>> shift
  record.set(body, at)
  return record
}

const nil: Uint8Array = Uint8Array.of(0xc0)

function packProperties(properties: Properties | null): Uint8Array {
  if (properties === null) return nil
  const checked = checkProperties(properties)
  if (Object.keys(checked).length === 0) return nil
  const packed = pack(checked)
  if (packed.length > recordLimits.propertiesBytesMax) {
    throw tooLarge(packed.length, recordLimits.propertiesBytesMax)
  }
  return packed
}
