// The fields of a checkpoint, written by checkpoint.ts and read by recovery.ts.
//
//   checkpoint := hasIdentity:u8 [identity] hasPeers:u8 [length:u32 peers]
//                 count:u32 deadRange* count:u32 group*
//   deadRange  := first:u64 count:u32 sizeBytes:u64
//   group      := group:u32 hardState lastIndex:u64 keepFrom:u64
//                 hasSnapshot:u8 [entryId configuration location] blobs segments
//                 hasStaged:u8 [offer blobs segments]
//   blobs      := count:u32 (id:u64 location)*
//   segments   := count:u32 (number:u64 location)*
import type { GroupId, OfferedSnapshot } from '@holdfast/cluster'
import type { HardState } from '@holdfast/raft'
import { ByteReader } from './byte-reader.ts'
import type { ByteWriter } from './byte-writer.ts'
import {
  readConfiguration,
  readEntryId,
  readHardState,
  readIdentity,
  readLocation,
  readOffer,
  writeConfiguration,
  writeEntryId,
  writeHardState,
  writeIdentity,
  writeLocation,
  writeOffer
} from './field-codec.ts'
import type { LogIndex } from './log-index.ts'
import type { GroupState, NodeState, SnapshotState } from './node-state.ts'
import type { RecordTable } from './record-table.ts'
import type { Location } from './section.ts'

/** Records that hold nothing and are not deleted yet. */
export interface DeadRange {
  readonly first: number
  readonly count: number
  readonly sizeBytes: number
}

export interface SegmentPlace {
  readonly number: number
  readonly location: Location
}

/** A group as a checkpoint names it: the index still as places of chunks. */
export interface CheckpointGroup {
  readonly group: GroupId
  readonly hardState: HardState
  readonly lastIndex: number
  readonly keepFrom: number
  readonly snapshot: SnapshotState | null
  readonly blobs: Map<number, Location>
  readonly segments: readonly SegmentPlace[]
  readonly staged:
    | (OfferedSnapshot & {
        readonly blobs: Map<number, Location>
        readonly segments: readonly SegmentPlace[]
      })
    | null
}

export interface CheckpointFields {
  readonly identity: NodeState['identity']
  readonly peers: Uint8Array | null
  readonly dead: readonly DeadRange[]
  readonly groups: readonly CheckpointGroup[]
}

export function writeCheckpoint(
  writer: ByteWriter,
  state: NodeState,
  groups: readonly GroupState[]
): void {
  const { identity, peers } = state
  writer.u8(identity === null ? 0 : 1)
  if (identity !== null) writeIdentity(writer, identity)
  writer.u8(peers === null ? 0 : 1)
  if (peers !== null) {
    writer.u32(peers.length)
    writer.bytes(peers)
  }
  writeDead(writer, state.table)
  writer.u32(groups.length)
  for (const group of groups) {
    writer.u32(group.group)
    writeHardState(writer, group.hardState)
    writer.u64(group.lastIndex)
    writer.u64(group.keepFrom)
    writer.u8(group.snapshot === null ? 0 : 1)
    if (group.snapshot !== null) {
      writeEntryId(writer, group.snapshot.id)
      writeConfiguration(writer, group.snapshot.configuration)
      writeLocation(writer, group.snapshot.manifest)
    }
    writeBlobs(writer, group.blobs)
    writeSegments(writer, group.log)
    writer.u8(group.staged === null ? 0 : 1)
    if (group.staged === null) continue
    writeOffer(writer, group.staged)
    writeBlobs(writer, group.staged.blobs)
    writeSegments(writer, group.staged.log)
  }
}

function writeDead(writer: ByteWriter, table: RecordTable): void {
  const ranges: { first: number; count: number; sizeBytes: number }[] = []
  for (const sequence of [...table.dead].sort((a, b) => a - b)) {
    const last = ranges.at(-1)
    const sizeBytes = table.sizeOf(sequence)
    if (last !== undefined && last.first + last.count === sequence) {
      last.count += 1
      last.sizeBytes += sizeBytes
    } else {
      ranges.push({ first: sequence, count: 1, sizeBytes })
    }
  }
  writer.u32(ranges.length)
  for (const range of ranges) {
    writer.u64(range.first)
    writer.u32(range.count)
    writer.u64(range.sizeBytes)
  }
}

function writeBlobs(writer: ByteWriter, blobs: Map<number, Location>): void {
  const ids = [...blobs.keys()].sort((a, b) => a - b)
  writer.u32(ids.length)
  for (const id of ids) {
    const location = blobs.get(id)
    if (location === undefined) continue
    writer.u64(id)
    writeLocation(writer, location)
  }
}

function writeSegments(writer: ByteWriter, log: LogIndex): void {
  writer.u32(log.segments.length)
  for (const { number, chunk } of log.segments) {
    writer.u64(number)
    writeLocation(writer, chunk ?? { sequence: 0, position: 0, length: 0, checksum: 0 })
  }
}

/** Reads the data of a checkpoint's section. @throws Unreadable */
export function readCheckpoint(data: Uint8Array): CheckpointFields {
  const reader = new ByteReader(data)
  const identity = reader.u8() === 0 ? null : readIdentity(reader)
  const peers = reader.u8() === 0 ? null : new Uint8Array(reader.bytes(reader.u32()))
  const dead: DeadRange[] = []
  for (let left = reader.count(20); left > 0; left -= 1) {
    const first = reader.u64()
    const count = reader.u32()
    dead.push({ first, count, sizeBytes: reader.u64() })
  }
  const groups: CheckpointGroup[] = []
  for (let left = reader.count(4); left > 0; left -= 1) groups.push(readGroup(reader))
  reader.end()
  return { identity, peers, dead, groups }
}

function readGroup(reader: ByteReader): CheckpointGroup {
  const group = reader.u32()
  const hardState = readHardState(reader)
  const lastIndex = reader.u64()
  const keepFrom = reader.u64()
  const snapshot = reader.u8() === 0 ? null : readSnapshot(reader)
  const blobs = readBlobs(reader)
  const segments = readSegments(reader)
  const staged = reader.u8() === 0 ? null : readStaged(reader)
  return { group, hardState, lastIndex, keepFrom, snapshot, blobs, segments, staged }
}

function readSnapshot(reader: ByteReader): SnapshotState {
  const id = readEntryId(reader)
  const configuration = readConfiguration(reader)
  return { id, configuration, manifest: readLocation(reader) }
}

function readStaged(reader: ByteReader): CheckpointGroup['staged'] {
  const offer = readOffer(reader)
  const blobs = readBlobs(reader)
  return { ...offer, blobs, segments: readSegments(reader) }
}

function readBlobs(reader: ByteReader): Map<number, Location> {
  const blobs = new Map<number, Location>()
  for (let left = reader.count(28); left > 0; left -= 1) {
    const id = reader.u64()
    blobs.set(id, readLocation(reader))
  }
  return blobs
}

function readSegments(reader: ByteReader): readonly SegmentPlace[] {
  const segments: SegmentPlace[] = []
  for (let left = reader.count(28); left > 0; left -= 1) {
    const number = reader.u64()
    segments.push({ number, location: readLocation(reader) })
  }
  return segments
}
