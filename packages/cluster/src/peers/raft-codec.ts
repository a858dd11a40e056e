// Raft messages between nodes.
//   message := type:u8 from:number to:number term:number fields
//   retained := index:number term:number checksum:number size:number
//   entry   := index:number term:number type:u8 data:bytes
import { HoldfastError, unreachable } from '@holdfast/errors'
import type {
  Configuration,
  Entry,
  EntryId,
  EntryType,
  LogDigest,
  Message,
  SnapshotMeta
} from '@holdfast/raft'
import { decodeConfiguration, encodeConfiguration } from '@holdfast/raft'
import type { RetainedEntry } from '../log-store.ts'
import { type ByteReader, retain } from './byte-reader.ts'
import type { ByteWriter } from './byte-writer.ts'

const messageTypes = [
  'vote-request',
  'vote-response',
  'append-request',
  'append-response',
  'heartbeat-request',
  'heartbeat-response',
  'snapshot-request',
  'timeout-now',
  'read-index-request',
  'read-index-response'
] as const

const entryTypes: readonly EntryType[] = ['command', 'configuration', 'no-op']

export function writeEntry(writer: ByteWriter, entry: Entry): void {
  writer.number(entry.index)
  writer.number(entry.term)
  writer.u8(entryTypes.indexOf(entry.type))
  writer.bytes(entry.data)
}

export function readEntry(reader: ByteReader): Entry {
  const index = reader.number()
  const term = reader.number()
  const type = entryTypes[reader.u8()]
  if (type === undefined) throw new HoldfastError('FRAME_INVALID', { reason: 'entry type' })
  const data = retain(reader.bytes())
  if (type === 'configuration') readConfiguration(data)
  return { index, term, type, data }
}

/** What a peer sent is input; what this node has appended itself is an invariant. */
function readConfiguration(bytes: Uint8Array): Configuration {
  try {
    return decodeConfiguration(bytes)
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'a configuration cannot be decoded'
    throw new HoldfastError('FRAME_INVALID', { reason }, { cause: error })
  }
}

/** An entry without its data. */
export function writeRetained(writer: ByteWriter, entry: RetainedEntry): void {
  writeId(writer, entry)
  writer.number(entry.checksum)
  writer.number(entry.sizeBytes)
}

export function readRetained(reader: ByteReader): RetainedEntry {
  return { ...readId(reader), checksum: reader.number(), sizeBytes: reader.number() }
}

function writeId(writer: ByteWriter, id: EntryId): void {
  writer.number(id.index)
  writer.number(id.term)
}

function readId(reader: ByteReader): EntryId {
  return { index: reader.number(), term: reader.number() }
}

export function writeSnapshotMeta(writer: ByteWriter, meta: SnapshotMeta): void {
  writeId(writer, meta.id)
  writer.bytes(encodeConfiguration(meta.configuration))
  writer.bytes(meta.manifest)
}

export function readSnapshotMeta(reader: ByteReader): SnapshotMeta {
  const id = readId(reader)
  const configuration = readConfiguration(reader.bytes())
  return { id, configuration, manifest: new Uint8Array(reader.bytes()) }
}

export function writeRaftMessage(writer: ByteWriter, message: Message): void {
  writer.u8(messageTypes.indexOf(message.type))
  writer.number(message.from)
  writer.number(message.to)
  writer.number(message.term)
  switch (message.type) {
    case 'vote-request':
      writer.u8((message.pre ? 1 : 0) + (message.transfer ? 2 : 0))
      writeId(writer, message.last)
      return writer.number(message.commit)
    case 'vote-response':
      return writer.u8((message.pre ? 1 : 0) + (message.granted ? 2 : 0))
    case 'append-request':
      writeId(writer, message.previous)
      writer.number(message.commit)
      writer.number(message.session)
      writeDigest(writer, message.digest)
      writer.u32(message.entries.length)
      for (const entry of message.entries) writeEntry(writer, entry)
      return
    case 'append-response':
      writer.u8(message.accepted ? 1 : 0)
      writer.number(message.index)
      writer.number(message.session)
      return writeId(writer, message.hint)
    case 'heartbeat-request':
      writer.number(message.commit)
      return writer.number(message.round)
    case 'heartbeat-response':
      return writer.number(message.round)
    case 'snapshot-request':
      writer.number(message.session)
      return writeSnapshotMeta(writer, message.snapshot)
    case 'timeout-now':
      return
    case 'read-index-request':
      return writer.number(message.id)
    case 'read-index-response':
      writer.number(message.id)
      writer.u8(message.index === null ? 0 : 1)
      return writer.number(message.index ?? 0)
    default:
      return unreachable(message)
  }
}

/** @throws FRAME_INVALID */
export function readRaftMessage(reader: ByteReader): Message {
  const type = messageTypes[reader.u8()]
  const envelope = { from: reader.number(), to: reader.number(), term: reader.number() }
  switch (type) {
    case 'vote-request': {
      const flags = reader.u8()
      const last = readId(reader)
      const commit = reader.number()
      return { type, ...envelope, pre: flags % 2 === 1, transfer: flags > 1, last, commit }
    }
    case 'vote-response': {
      const flags = reader.u8()
      return { type, ...envelope, pre: flags % 2 === 1, granted: flags > 1 }
    }
    case 'append-request': {
      const previous = readId(reader)
      const commit = reader.number()
      const session = reader.number()
      const digest = readDigest(reader)
      const entries = readEntries(reader, previous, envelope.term)
      const request = { type, ...envelope, previous, commit, session, entries }
      return digest === null ? request : { ...request, digest }
    }
    case 'append-response': {
      const accepted = reader.u8() === 1
      const index = reader.number()
      const session = reader.number()
      return { type, ...envelope, accepted, index, session, hint: readId(reader) }
    }
    case 'heartbeat-request':
      return { type, ...envelope, commit: reader.number(), round: reader.number() }
    case 'heartbeat-response':
      return { type, ...envelope, round: reader.number() }
    case 'snapshot-request': {
      const session = reader.number()
      return { type, ...envelope, session, snapshot: readSnapshotMeta(reader) }
    }
    case 'timeout-now':
      return { type, ...envelope }
    case 'read-index-request':
      return { type, ...envelope, id: reader.number() }
    case 'read-index-response': {
      const id = reader.number()
      const isKnown = reader.u8() === 1
      const index = reader.number()
      return { type, ...envelope, id, index: isKnown ? index : null }
    }
    case undefined:
      throw new HoldfastError('FRAME_INVALID', { reason: 'unknown raft message' })
    default:
      return unreachable(type)
  }
}

function writeDigest(writer: ByteWriter, digest: LogDigest | undefined): void {
  writer.u8(digest === undefined ? 0 : 1)
  if (digest === undefined) return
  writer.number(digest.after)
  writer.u32(digest.high)
  writer.u32(digest.low)
}

function readDigest(reader: ByteReader): LogDigest | null {
  const isThere = reader.u8()
  if (isThere > 1) throw new HoldfastError('FRAME_INVALID', { reason: 'a flag is 0 or 1' })
  if (isThere === 0) return null
  return { after: reader.number(), high: reader.u32(), low: reader.u32() }
}

/** Entries follow each other without gaps, terms ascending up to that of the message. */
function readEntries(reader: ByteReader, previous: EntryId, term: number): Entry[] {
  const count = reader.u32()
  const entries: Entry[] = []
  let before = previous
  for (let i = 0; i < count; i++) {
    const entry = readEntry(reader)
    if (entry.index !== before.index + 1 || entry.term < before.term || entry.term > term) {
      throw new HoldfastError('FRAME_INVALID', { reason: 'entries of an append do not ascend' })
    }
    entries.push(entry)
    before = entry
  }
  return entries
}
