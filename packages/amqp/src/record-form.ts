// AMQP messages as records: the same record as that of the native protocol, with the property list
// of the content header as a byte string where that has a map. It is passed on as it came, and
// converted only for a message that came by the other protocol.
//
//   record := 0x92 properties body
//   properties := nil | bin         see properties.ts; a map where the native protocol wrote it
//   body := bin
import { HoldfastError } from '@holdfast/errors'
import {
  encodeRecord,
  foreignProperties,
  hasForeignProperties,
  type Properties,
  recordBody,
  recordProperties,
  skipRecord
} from '@holdfast/record'
import { longField } from './field-value.ts'
import { nativeProperties, rawProperties } from './native-properties.ts'
import { noProperties, propertyOf, replaceProperty } from './properties.ts'

/** Largest slab: what a small message may keep alive. */
const slabBytesMax = 65_536
const nil = 0xc0

function binHeaderBytes(length: number): number {
  return length < 0x100 ? 2 : length < 0x10000 ? 3 : 5
}

function putBin(target: Uint8Array, position: number, value: Uint8Array): number {
  const header = binHeaderBytes(value.length)
  target[position] = header === 2 ? 0xc4 : header === 3 ? 0xc5 : 0xc6
  for (let at = 1; at < header; at++) {
    target[position + at] = value.length >>> (8 * (header - 1 - at))
  }
  target.set(value, position + header)
  return position + header + value.length
}

/** Writes records one behind the other, so that those of one batch are one slice. */
export class RecordWriter {
  #slab = new Uint8Array(0)
  #slabBytes = 0
  #position = 0

  /**
   * Begins a slab for what is in so many received bytes: the records in them take less, and nobody
   * who publishes seldom keeps a large slab alive.
   */
  begin(receivedBytes: number): void {
    this.#slabBytes = Math.min(slabBytesMax, receivedBytes)
    this.#slab = new Uint8Array(0)
    this.#position = 0
  }

  /** One record; right behind the one before where they share a slab. */
  write(properties: Uint8Array, body: Uint8Array): Uint8Array {
    const hasNone = properties.length <= noProperties.length
    const propertiesBytes = hasNone ? 1 : binHeaderBytes(properties.length) + properties.length
    const length = 1 + propertiesBytes + binHeaderBytes(body.length) + body.length
    if (this.#position + length > this.#slab.length) {
      this.#slab = new Uint8Array(Math.max(this.#slabBytes, length))
      this.#position = 0
    }
    const slab = this.#slab
    const start = this.#position
    slab[start] = 0x92
    if (hasNone) slab[start + 1] = nil
    const at = hasNone ? start + 2 : putBin(slab, start + 1, properties)
    this.#position = putBin(slab, at, body)
    return slab.subarray(start, this.#position)
  }
}

/** Two slices as one where the second follows the first in memory; else null. */
export function joined(first: Uint8Array, second: Uint8Array): Uint8Array | null {
  const end = first.byteOffset + first.length
  if (first.buffer !== second.buffer || end !== second.byteOffset) return null
  return new Uint8Array(first.buffer, first.byteOffset, first.length + second.length)
}

export interface AmqpMessage {
  /** The property list of a content header. */
  readonly properties: Uint8Array
  /** A slice of the blob. */
  readonly body: Uint8Array
  /** Where the next record begins. */
  readonly end: number
}

/** The accepted record at `position`, of either form, as AMQP tells it. */
export function messageAt(blob: Uint8Array, position: number): AmqpMessage {
  const body = recordBody(blob, position)
  const end = skipRecord(blob, position)
  if (hasForeignProperties(blob, position)) {
    return { properties: foreignProperties(blob, position), body, end }
  }
  const native = recordProperties(blob, position)
  return { properties: native === null ? noProperties : rawProperties(native), body, end }
}

/** The records of a blob of `count`, of either form, as the native protocol tells them. */
export function nativeRecords(blob: Uint8Array, count: number): Uint8Array {
  if (!hasForeign(blob, count)) return blob
  const records: Uint8Array[] = []
  let bytes = 0
  for (let position = 0; records.length < count; ) {
    const end = skipRecord(blob, position)
    const record = hasForeignProperties(blob, position)
      ? nativeRecord(nativeAt(blob, position) ?? {}, recordBody(blob, position))
      : blob.subarray(position, end)
    records.push(record)
    bytes += record.length
    position = end
  }
  const all = new Uint8Array(bytes)
  let at = 0
  for (const record of records) {
    all.set(record, at)
    at += record.length
  }
  return all
}

/** Headers that are within the bounds of AMQP and not of the native protocol are left out. */
function nativeRecord(properties: Properties, body: Uint8Array): Uint8Array {
  try {
    return encodeRecord(properties, body)
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error
    const { headers: _, ...others } = properties
    return encodeRecord(others, body)
  }
}

function hasForeign(blob: Uint8Array, count: number): boolean {
  for (let at = 0, position = 0; at < count; at++) {
    if (hasForeignProperties(blob, position)) return true
    position = skipRecord(blob, position)
  }
  return false
}

/** Properties of the accepted record at `position`, of either form; null where it has none. */
export function nativeAt(blob: Uint8Array, position: number): Properties | null {
  if (!hasForeignProperties(blob, position)) return recordProperties(blob, position)
  return nativeProperties(foreignProperties(blob, position))
}

/**
 * Properties with the headers that tell how often the message came back: at all, and by a
 * consumer's doing (RabbitMQ's quorum queues).
 */
export function withCounts(
  properties: Uint8Array,
  { attempt, deliveryCount }: { readonly attempt: number; readonly deliveryCount: number }
): Uint8Array {
  if (attempt === 0) return properties
  const headers = new Map(propertyOf(properties, 'headers') ?? [])
  headers.set('x-acquired-count', longField(attempt))
  if (deliveryCount > 0) headers.set('x-delivery-count', longField(deliveryCount))
  return replaceProperty(properties, 'headers', headers)
}
