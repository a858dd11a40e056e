// The fields that several sections share:
//
//   hardState     := term:u64 hasVote:u8 vote:u64 commit:u64
//   entryId       := index:u64 term:u64
//   offer         := entryId source:u64
//   configuration := replicas(voters) replicas(outgoing) replicas(learners)
//   replicas      := count:u32 id:u64*
//   ranges        := count:u32 (first:u64 last:u64)*
//   numbers       := count:u32 number:u64*
//   identity      := clusterId:16 node:u64 incarnation:u64
//   location      := sequence:u64 position:u32 length:u32 checksum:u32
import type { IndexRange, NodeIdentity, OfferedSnapshot } from '@holdfast/cluster'
import { assert } from '@holdfast/errors'
import type { Configuration, EntryId, HardState } from '@holdfast/raft'
import { type ByteReader, Unreadable } from './byte-reader.ts'
import type { ByteWriter } from './byte-writer.ts'
import type { Location } from './section.ts'

export function writeHardState(writer: ByteWriter, state: HardState): void {
  writer.u64(state.term)
  writer.u8(state.vote === null ? 0 : 1)
  writer.u64(state.vote ?? 0)
  writer.u64(state.commit)
}

export function readHardState(reader: ByteReader): HardState {
  const term = reader.u64()
  const hasVote = reader.u8()
  const vote = reader.u64()
  return { term, vote: hasVote === 0 ? null : vote, commit: reader.u64() }
}

export function writeEntryId(writer: ByteWriter, id: EntryId): void {
  writer.u64(id.index)
  writer.u64(id.term)
}

export function readEntryId(reader: ByteReader): EntryId {
  const index = reader.u64()
  return { index, term: reader.u64() }
}

export function writeOffer(writer: ByteWriter, offer: OfferedSnapshot): void {
  writeEntryId(writer, offer.snapshot)
  writer.u64(offer.source)
}

export function readOffer(reader: ByteReader): OfferedSnapshot {
  const snapshot = readEntryId(reader)
  return { source: reader.u64(), snapshot }
}

export function writeNumbers(writer: ByteWriter, numbers: readonly number[]): void {
  writer.u32(numbers.length)
  for (const number of numbers) writer.u64(number)
}

export function readNumbers(reader: ByteReader): readonly number[] {
  const count = reader.count(8)
  const numbers: number[] = []
  for (let at = 0; at < count; at += 1) numbers.push(reader.u64())
  return numbers
}

export function writeConfiguration(writer: ByteWriter, configuration: Configuration): void {
  writeNumbers(writer, configuration.voters)
  writeNumbers(writer, configuration.outgoing)
  writeNumbers(writer, configuration.learners)
}

export function readConfiguration(reader: ByteReader): Configuration {
  const voters = readNumbers(reader)
  const outgoing = readNumbers(reader)
  return { voters, outgoing, learners: readNumbers(reader) }
}

export function writeRanges(writer: ByteWriter, ranges: readonly IndexRange[]): void {
  writer.u32(ranges.length)
  for (const range of ranges) {
    writer.u64(range.first)
    writer.u64(range.last)
  }
}

export function readRanges(reader: ByteReader): readonly IndexRange[] {
  const count = reader.count(16)
  const ranges: IndexRange[] = []
  for (let at = 0; at < count; at += 1) {
    const first = reader.u64()
    ranges.push({ first, last: reader.u64() })
  }
  return ranges
}

const clusterIdPattern = /^[0-9a-f]{32}$/

export function writeIdentity(writer: ByteWriter, identity: NodeIdentity): void {
  assert(clusterIdPattern.test(identity.clusterId), 'a cluster id has 32 hex digits')
  writer.bytes(Buffer.from(identity.clusterId, 'hex'))
  writer.u64(identity.node)
  writer.u64(identity.incarnation)
}

export function readIdentity(reader: ByteReader): NodeIdentity {
  const clusterId = Buffer.from(reader.bytes(16)).toString('hex')
  const node = reader.u64()
  return { clusterId, node, incarnation: reader.u64() }
}

export function writeLocation(writer: ByteWriter, location: Location): void {
  writer.u64(location.sequence)
  writer.u32(location.position)
  writer.u32(location.length)
  writer.u32(location.checksum)
}

export function readLocation(reader: ByteReader): Location {
  const sequence = reader.u64()
  const position = reader.u32()
  const length = reader.u32()
  const location = { sequence, position, length, checksum: reader.u32() }
  if (sequence === 0) throw new Unreadable('a location without a record')
  return location
}
