// An entry of a shard's log: everything the shard received while the last sync was under way, as
// sections that were encoded where they entered the cluster (architecture, A4).
//
//   batch   := version:u8=1 timeMs:natural sectionCount:u32 section*
//   section := length:u32 kind:u8 payload            length counts kind and payload
//   kind    := 1 publish (publish-section.ts) | 2 command | 3 settle (shard-codec.ts)
//            | 4 transaction (transaction-section.ts)
import { assert, HoldfastError } from '@holdfast/errors'
import { recordLimits } from '@holdfast/record'
import { ByteReader, ByteWriter, malformed, readUint32 } from './bytes.ts'
import { publishKind, readPublishHeader, scanPublish } from './publish-section.ts'
import { shardLimits } from './queue/limits.ts'
import { decodeCommandSection } from './shard-codec.ts'
import { readTransaction, transactionKind } from './transaction-section.ts'

/** The version of the format; a machine refuses others until a later version is activated. */
export const entryBatchVersion = 1

/** Bytes before the first section. */
export const entryBatchHeaderBytes = 13

/** A section in one piece or as slices; which of both makes no difference to the entry. */
export type EncodedSection = Uint8Array | readonly Uint8Array[]

/** Bytes of a section in an entry. */
export function sectionBytes(section: EncodedSection): number {
  if (section instanceof Uint8Array) return section.length
  let length = 0
  for (const piece of section) length += piece.length
  return length
}

/** The data of an entry: the sections one behind the other, copied once. */
export function encodeEntryBatch(timeMs: number, sections: readonly EncodedSection[]): Uint8Array {
  assert(Number.isSafeInteger(timeMs) && timeMs >= 0, 'log time is a safe integer')
  assert(sections.length <= shardLimits.sectionsMax, 'an entry holds at most sectionsMax sections')
  let length = entryBatchHeaderBytes
  for (const section of sections) length += sectionBytes(section)
  const header = new ByteWriter(entryBatchHeaderBytes)
  header.u8(entryBatchVersion)
  header.natural(timeMs)
  header.u32(sections.length)
  const data = new Uint8Array(length)
  data.set(header.finish())
  let at = entryBatchHeaderBytes
  for (const section of sections) {
    for (const piece of section instanceof Uint8Array ? [section] : section) {
      data.set(piece, at)
      at += piece.length
    }
  }
  return data
}

/** An entry's sections by position; nothing is copied. */
export interface EntryBatch {
  readonly timeMs: number
  /** Where each section starts, its length included. */
  readonly positions: readonly number[]
}

/** Kind of the section at `position` of a batch that was read. */
export function sectionKind(data: Uint8Array, position: number): number {
  return data[position + 4] ?? 0
}

/**
 * Finds the sections of an entry. They cover it exactly; what is in them is not looked at.
 * @throws FRAME_INVALID
 */
export function readEntryBatch(data: Uint8Array): EntryBatch {
  const reader = new ByteReader(data)
  if (reader.u8() !== entryBatchVersion) throw malformed('the version of the entry is not known')
  const timeMs = reader.natural()
  const count = reader.count(shardLimits.sectionsMax, 5)
  const positions: number[] = []
  for (let index = 0; index < count; index++) {
    positions.push(reader.position)
    const length = reader.u32()
    if (length === 0) throw malformed('a section is empty')
    reader.skip(length)
  }
  reader.finish()
  return { timeMs, positions }
}

/** Scratch for `validateSection`; the positions are not used. */
const starts: Uint32Array = new Uint32Array(recordLimits.recordsMax + 1)

/**
 * Checks one section, alone in `section`, as a leader does before it proposes what another node
 * sent: what passes here is never refused as malformed when it is applied.
 * @throws FRAME_INVALID, MESSAGE_TOO_LARGE, OPTION_UNKNOWN, OPTION_INVALID, VERSION_UNSUPPORTED
 */
export function validateSection(section: Uint8Array): void {
  const length = readUint32(section, 0)
  if (length !== section.length - 4 || length === 0) throw malformed('a section has another length')
  if (sectionKind(section, 0) === publishKind) {
    scanPublish(section, readPublishHeader(section, 0), starts)
    return
  }
  if (sectionKind(section, 0) === transactionKind) {
    for (const publish of readTransaction(section, 0).publishes) {
      scanPublish(section, publish, starts)
    }
    return
  }
  const command = decodeCommandSection(section, 0)
  if (command.type === 'activate-version' && command.version > shardVersion) {
    const details = { version: command.version, supported: shardVersion }
    throw new HoldfastError('VERSION_UNSUPPORTED', details)
  }
}

/** The newest machine version that this code can run. */
export const shardVersion = 1
