// The publish section of a shard entry: a header, encoded once by the gateway that took the publish
// in, and the client's blob of records as it came. The same bytes go into the log, to the
// followers, and are what deliveries are sliced from (architecture, A4, A5).
//
//   section  := length:u32 kind:u8=1 gateway flags:u8 [producer] exchange:text routingKey:text
//               queueCount:u32 queue:natural* count:u32 record*
//   gateway  := replica:natural epoch:natural number:natural
//   flags    := bit 0: first of the gateway, bit 1: producer present, bit 2: may create producer,
//               bit 3: dead letter
//   producer := id:16 epoch:natural firstSequence:natural lowestUnconfirmed:natural
import { assert } from '@holdfast/errors'
import { recordLimits, scanRecord, utf8Length } from '@holdfast/record'
import { ByteReader, ByteWriter, malformed, readUint32 } from './bytes.ts'
import { shardLimits } from './queue/limits.ts'

export const publishKind = 1

/** Bytes of a producer id. */
export const producerIdBytes = 16

const recordBytesMin = 4

const flagsPosition = 4 + 1 + 24
const producerBytes = producerIdBytes + 24

/** All but the producer, the names, the queues and the records. */
const fixedBytes = flagsPosition + 1 + 2 + 2 + 4 + 4

export interface GatewayId {
  readonly replica: number
  /** Grows with each start of the gateway's process. */
  readonly epoch: number
}

export interface PublishProducer {
  /** 16 random bytes. */
  readonly id: Uint8Array
  /**
   * With a newer epoch the identity is another: its sequences start over, older ones are fenced.
   */
  readonly epoch: number
  /** Sequence of the first record, from 1; the others follow without gaps. */
  readonly firstSequence: number
  /** The producer repeats nothing below it. */
  readonly lowestUnconfirmed: number
  /**
   * May create the producer's row in this shard: no record of this section can have been sent for
   * the first time longer ago than rows live (`shardLimits.producerExpiryMs`), as far as client
   * and gateway know; a repeat has the flag for as long as that is so.
   */
  readonly first: boolean
}

export interface PublishSection {
  readonly gateway: GatewayId
  /** Grows by one with each section that this gateway sends to this shard. */
  readonly number: number
  /**
   * Nothing that this gateway sent before is unanswered: its row may be created with this number.
   */
  readonly first: boolean
  /** Null: no identity but the gateway's. */
  readonly producer: PublishProducer | null
  readonly exchange: string
  readonly routingKey: string
  /** The records come from another queue: their history is to be believed. */
  readonly isDeadLetter?: boolean
  /** Queue ids, each once. */
  readonly queues: readonly number[]
  /** Records in `blob`. */
  readonly count: number
  readonly blob: Uint8Array
}

/** A producer as it lies in an entry. */
export interface HeaderProducer extends Omit<PublishProducer, 'id'> {
  /** The bytes of its id as characters below 256: what tables are keyed with. */
  readonly key: string
}

/** A publish section as it lies in an entry: numbers, and positions in the entry's data. */
export interface PublishHeader {
  readonly gateway: GatewayId
  readonly number: number
  readonly first: boolean
  readonly isDeadLetter: boolean
  readonly producer: HeaderProducer | null
  readonly queues: readonly number[]
  readonly count: number
  /** Where the section starts, its length included. */
  readonly position: number
  readonly blobStart: number
  readonly blobEnd: number
}

/** Bytes of the encoded section. */
export function publishSectionBytes(
  section: Pick<PublishSection, 'producer' | 'exchange' | 'routingKey' | 'queues' | 'blob'>
): number {
  const { producer, exchange, routingKey, queues, blob } = section
  const names = utf8Length(exchange) + utf8Length(routingKey)
  const ids = (producer === null ? 0 : producerBytes) + queues.length * 8
  return fixedBytes + names + ids + blob.length
}

/** The section as a header of its own and the blob as it is: nothing but the header is copied. */
export function encodePublishSection(section: PublishSection): readonly Uint8Array[] {
  const { producer } = section
  const writer = new ByteWriter(192 + section.queues.length * 8)
  writer.u32(0)
  writer.u8(publishKind)
  writer.natural(section.gateway.replica)
  writer.natural(section.gateway.epoch)
  writer.natural(section.number)
  const letter = section.isDeadLetter === true ? 8 : 0
  writer.u8((section.first ? 1 : 0) | (producer === null ? 0 : producer.first ? 6 : 2) | letter)
  if (producer !== null) {
    assert(producer.id.length === producerIdBytes, 'a producer id has 16 bytes')
    writer.raw(producer.id)
    writer.natural(producer.epoch)
    writer.natural(producer.firstSequence)
    writer.natural(producer.lowestUnconfirmed)
  }
  writer.text(section.exchange)
  writer.text(section.routingKey)
  writer.u32(section.queues.length)
  for (const queue of section.queues) writer.natural(queue)
  writer.u32(section.count)
  writer.patch32(0, writer.length - 4 + section.blob.length)
  return [writer.finish(), section.blob]
}

/**
 * The section with something in the place of its records that no machine takes, as small as they
 * can be: it takes the number of a section that the leader refuses, and is answered as done if the
 * producer's sequences were applied before.
 */
export function withoutRecords(
  header: Pick<PublishHeader, 'gateway' | 'number' | 'first' | 'producer' | 'queues' | 'count'>
): PublishSection {
  const { gateway, number, first, queues, count } = header
  const producer = header.producer && { ...header.producer, id: bytesOf(header.producer.key) }
  // The byte 0xc1 begins no msgpack value.
  const blob = new Uint8Array(recordBytesMin * count).fill(0xc1)
  return { gateway, number, first, producer, exchange: '', routingKey: '', queues, count, blob }
}

function bytesOf(key: string): Uint8Array {
  return Uint8Array.from(key, (character) => character.charCodeAt(0))
}

/** `bytes[position, position + length)` as characters below 256. */
function latin1(bytes: Uint8Array, position: number, length: number): string {
  let text = ''
  for (let at = position; at < position + length; at++) text += String.fromCharCode(bytes[at] ?? 0)
  return text
}

function readProducer(reader: ByteReader, flags: number): HeaderProducer {
  const producer = {
    key: latin1(reader.bytes, reader.skip(producerIdBytes), producerIdBytes),
    epoch: reader.natural(),
    firstSequence: reader.positive(),
    lowestUnconfirmed: reader.positive(),
    first: (flags & 4) !== 0
  }
  if (producer.lowestUnconfirmed > producer.firstSequence) {
    throw malformed('a sequence lies below the lowest unconfirmed')
  }
  return producer
}

/**
 * What sections of gateways begin with, and a reader of the rest of the one at `position`.
 * @throws FRAME_INVALID
 */
export function openNumbered(
  data: Uint8Array,
  position: number
): { readonly reader: ByteReader; readonly gateway: GatewayId; readonly number: number } {
  const length = readUint32(data, position)
  if (length > data.length - position - 4) throw malformed('a section is cut')
  const reader = new ByteReader(data, position + 5, position + 4 + length)
  const gateway = { replica: reader.natural(), epoch: reader.natural() }
  const number = reader.positive()
  if (number === Number.MAX_SAFE_INTEGER) throw malformed('no section can follow the last number')
  return { reader, gateway, number }
}

/**
 * The header of the publish section at `position`; records are not looked at.
 * @throws FRAME_INVALID
 */
export function readPublishHeader(data: Uint8Array, position: number): PublishHeader {
  const { reader, gateway, number } = openNumbered(data, position)
  const flags = reader.u8()
  if (flags > 15 || (flags & 6) === 4) throw malformed('flags of a publish are not known')
  const producer = (flags & 2) === 0 ? null : readProducer(reader, flags)
  reader.skipText(shardLimits.nameBytesMax)
  reader.skipText(shardLimits.nameBytesMax)
  const queueCount = reader.count(shardLimits.targetsMax, 8)
  const queues: number[] = new Array(queueCount)
  for (let index = 0; index < queueCount; index++) queues[index] = reader.positive()
  if (queueCount > 1 && new Set(queues).size !== queueCount)
    throw malformed('a queue is named twice')
  const count = reader.count(recordLimits.recordsMax, recordBytesMin)
  if (count === 0) throw malformed('a publish without records')
  if (producer !== null && !Number.isSafeInteger(producer.firstSequence + count)) {
    throw malformed('a sequence is above 2^53')
  }
  const blobStart = reader.position
  return {
    gateway,
    number,
    first: (flags & 1) !== 0,
    isDeadLetter: (flags & 8) !== 0,
    producer,
    queues,
    count,
    position,
    blobStart,
    blobEnd: blobStart + reader.left
  }
}

/**
 * The header of a publish section that is all of `section`, as a leader wants it before it puts it
 * beside others: a length that lies would cut its neighbours. Records are judged in apply.
 * @throws FRAME_INVALID
 */
export function readSectionAlone(section: Uint8Array): PublishHeader {
  if (readUint32(section, 0) !== section.length - 4 || section[4] !== publishKind) {
    throw malformed('it is not one publish section')
  }
  return readPublishHeader(section, 0)
}

/**
 * Validates the records of a section and notes where each starts, and where the last ends.
 * `starts` has room for `recordLimits.recordsMax + 1`.
 * @throws FRAME_INVALID, MESSAGE_TOO_LARGE, OPTION_UNKNOWN, OPTION_INVALID
 */
export function scanPublish(data: Uint8Array, header: PublishHeader, starts: Uint32Array): void {
  let at = header.blobStart
  for (let index = 0; index < header.count; index++) {
    starts[index] = at
    at = scanRecord(data, at, header.blobEnd, true)
  }
  starts[header.count] = at
  if (at !== header.blobEnd) throw malformed('bytes follow the last record')
}

/** What is told of every record of a section. */
export interface SectionOrigin {
  readonly exchange: string
  readonly routingKey: string
  /** It comes from another queue, by way of its dead letter exchange. */
  readonly isDeadLetter: boolean
}

/** Where the records of the publish section at `position` of an applied entry come from. */
export function readSectionHeader(data: Uint8Array, position: number): SectionOrigin {
  const flags = data[position + flagsPosition] ?? 0
  const names = position + flagsPosition + 1 + ((flags & 2) === 0 ? 0 : producerBytes)
  const reader = new ByteReader(data, names)
  const [exchange, routingKey] = [reader.text(), reader.text()]
  return { exchange, routingKey, isDeadLetter: (flags & 8) !== 0 }
}
