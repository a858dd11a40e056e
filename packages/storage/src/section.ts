// The frame of everything inside a record:
//
//   record  := header section*
//   header  := magic:u32 version:u8 kind:u8 zero:u16 storeId:16 sequence:u64 recordId:u64
//              checkpoint:u64 length:u32 sections:u32 zero:u32 checksum:u32
//   section := kind:u8 type:u8 zero:u16 group:u32 index:u64 term:u64 length:u32 dataChecksum:u32
//              headChecksum:u32 data
//
// The header's checksum covers the header, the head's checksum the head, and through `dataChecksum`
// the data: so every section can be verified alone, and says itself to which entry its bytes
// belong. `recordId` is the id of the last commit record, `checkpoint` the sequence of the last
// checkpoint.

import { ByteReader, Unreadable } from './byte-reader.ts'
import type { ByteWriter } from './byte-writer.ts'
import type { Checksum } from './checksum.ts'

export const formatVersion = 1
export const headerBytes = 64
export const sectionHeadBytes = 36
const magic = 0x48_46_4c_52
const storeIdBytes = 16

export type RecordKind = 'commit' | 'index' | 'checkpoint'
const recordKinds: readonly RecordKind[] = ['commit', 'index', 'checkpoint']

export type SectionKind =
  | 'group'
  | 'entry'
  | 'blob'
  | 'manifest'
  | 'snapshot'
  | 'stage'
  | 'staged-blob'
  | 'staged-entry'
  | 'install'
  | 'removed-group'
  | 'identity'
  | 'peers'
  | 'chunk'
  | 'checkpoint'
  | 'repaired-entry'
/** The place in this list is the number on disk: append only. */
const sectionKinds: readonly SectionKind[] = [
  'group',
  'entry',
  'blob',
  'manifest',
  'snapshot',
  'stage',
  'staged-blob',
  'staged-entry',
  'install',
  'removed-group',
  'identity',
  'peers',
  'chunk',
  'checkpoint',
  'repaired-entry'
]

/** Where bytes lie in the node log, and their checksum. */
export interface Location {
  readonly sequence: number
  /** Of the section's head within the record. */
  readonly position: number
  /** Of the data, without the head. */
  readonly length: number
  readonly checksum: number
}

export interface RecordHeader {
  readonly kind: RecordKind
  readonly storeId: Uint8Array
  readonly sequence: number
  readonly recordId: number
  readonly checkpoint: number
  readonly length: number
  readonly sections: number
}

export interface SectionHead {
  readonly kind: SectionKind
  /** Of an entry: see entry-type.ts; else free for the kind. */
  readonly type: number
  readonly group: number
  /** Of an entry; the id of a blob; the number of an index segment. */
  readonly index: number
  readonly term: number
  readonly length: number
  readonly checksum: number
}

/** Leaves room for a header at the cursor; `finishRecord` fills it in. */
export function startRecord(writer: ByteWriter): void {
  writer.reserve(headerBytes)
  writer.position += headerBytes
}

export function finishRecord(
  writer: ByteWriter,
  start: number,
  header: Omit<RecordHeader, 'length'>,
  checksum: Checksum
): Uint8Array {
  const end = writer.position
  writer.position = start
  writer.u32(magic)
  writer.u8(formatVersion)
  writer.u8(recordKinds.indexOf(header.kind))
  writer.u16(0)
  writer.bytes(header.storeId)
  writer.u64(header.sequence)
  writer.u64(header.recordId)
  writer.u64(header.checkpoint)
  writer.u32(end - start)
  writer.u32(header.sections)
  writer.u32(0)
  writer.u32(checksum(writer.slice(start, start + headerBytes - 4)))
  writer.position = end
  return writer.slice(start, end)
}

/** The checksum in the header of a record that was verified, or has just been made. */
export function headerChecksum(value: Uint8Array): number {
  return new DataView(value.buffer, value.byteOffset).getUint32(headerBytes - 4)
}

/** @throws Unreadable if it is not the header of a record of this store at this sequence. */
export function readHeader(
  value: Uint8Array,
  storeId: Uint8Array,
  sequence: number,
  checksum: Checksum
): RecordHeader {
  const reader = new ByteReader(value)
  const found = reader.u32()
  const version = reader.u8()
  const kind = recordKinds[reader.u8()]
  const zero = reader.u16()
  const owner = reader.bytes(storeIdBytes)
  const header = {
    storeId,
    sequence: reader.u64(),
    recordId: reader.u64(),
    checkpoint: reader.u64(),
    length: reader.u32(),
    sections: reader.u32()
  }
  reader.u32()
  if (reader.u32() !== checksum(value.subarray(0, headerBytes - 4))) {
    throw new Unreadable('the checksum of a record header is wrong')
  }
  if (found !== magic || version !== formatVersion || kind === undefined || zero !== 0) {
    throw new Unreadable('not a record header of this version')
  }
  if (Buffer.compare(owner, storeId) !== 0) throw new Unreadable('a record of another store')
  if (header.sequence !== sequence) throw new Unreadable('a record under the wrong key')
  if (header.length !== value.length) throw new Unreadable('a record of the wrong length')
  return { ...header, kind }
}

/** Writes a section and returns where it begins, counted from `recordStart`. */
export function writeSection(
  writer: ByteWriter,
  recordStart: number,
  head: Omit<SectionHead, 'length' | 'checksum'>,
  data: Uint8Array,
  checksum: Checksum
): Omit<Location, 'sequence'> {
  const start = writer.position
  const dataChecksum = checksum(data)
  writer.reserve(sectionHeadBytes + data.length)
  writer.u8(sectionKinds.indexOf(head.kind))
  writer.u8(head.type)
  writer.u16(0)
  writer.u32(head.group)
  writer.u64(head.index)
  writer.u64(head.term)
  writer.u32(data.length)
  writer.u32(dataChecksum)
  writer.u32(checksum(writer.slice(start, start + sectionHeadBytes - 4)))
  writer.bytes(data)
  return { position: start - recordStart, length: data.length, checksum: dataChecksum }
}

/** Reads and verifies a head; not the data. @throws Unreadable */
export function readSectionHead(
  value: Uint8Array,
  position: number,
  checksum: Checksum
): SectionHead {
  const reader = new ByteReader(value.subarray(position))
  const kind = sectionKinds[reader.u8()]
  const type = reader.u8()
  reader.u16()
  const head = {
    type,
    group: reader.u32(),
    index: reader.u64(),
    term: reader.u64(),
    length: reader.u32(),
    checksum: reader.u32()
  }
  const expected = checksum(value.subarray(position, position + sectionHeadBytes - 4))
  if (reader.u32() !== expected) throw new Unreadable('the checksum of a section head is wrong')
  if (kind === undefined) throw new Unreadable('a section of an unknown kind')
  if (reader.left < head.length) throw new Unreadable('a section exceeds its record')
  return { kind, ...head }
}

/** The data of a section, verified. @throws Unreadable */
export function readSectionData(
  value: Uint8Array,
  position: number,
  head: SectionHead,
  checksum: Checksum
): Uint8Array {
  const start = position + sectionHeadBytes
  const data = value.subarray(start, start + head.length)
  if (checksum(data) !== head.checksum) throw new Unreadable('the checksum of data is wrong')
  return data
}
