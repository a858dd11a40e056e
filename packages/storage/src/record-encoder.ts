// Commit record → one LevelDB value, and the changes it stands for. This is the hot path of a
// write: each body is copied once, into a buffer that is kept between writes (LevelDB copies it
// again at `put`).
//
// Order of effect within a record: removed groups, stages, installs, groups, blobs, snapshots,
// repairs. A group write that shares a record with an install of its group comes after the install;
// what of it the install has replaced is left out.
import type {
  Blob,
  CommitRecord,
  GroupId,
  GroupWrite,
  InstallWrite,
  SnapshotWrite,
  StageWrite
} from '@holdfast/cluster'
import { assert } from '@holdfast/errors'
import type { Entry, EntryId, HardState } from '@holdfast/raft'
import { ByteWriter } from './byte-writer.ts'
import { type Change, entryTypeNumber } from './change.ts'
import type { Checksum } from './checksum.ts'
import {
  writeConfiguration,
  writeEntryId,
  writeHardState,
  writeIdentity,
  writeNumbers,
  writeOffer,
  writeRanges
} from './field-codec.ts'
import { storageLimits } from './limits.ts'
import {
  finishRecord,
  type Location,
  type SectionKind,
  startRecord,
  writeSection
} from './section.ts'

export interface EncodedRecord {
  /** Valid until the next record is encoded. */
  readonly value: Uint8Array
  readonly changes: readonly Change[]
}

const initialBufferBytes = 256 * 1024
const nothing = new Uint8Array(0)

export class RecordEncoder {
  readonly #checksum: Checksum
  readonly #storeId: Uint8Array
  #writer: ByteWriter = new ByteWriter(initialBufferBytes)
  readonly #fields: ByteWriter = new ByteWriter(1024)
  #changes: Change[] = []
  #sequence = 0
  #sections = 0

  constructor(storeId: Uint8Array, checksum: Checksum) {
    this.#storeId = storeId
    this.#checksum = checksum
  }

  encode(record: CommitRecord, sequence: number, checkpoint: number): EncodedRecord {
    if (this.#writer.capacityBytes > storageLimits.recordBufferBytesKept) {
      this.#writer = new ByteWriter(initialBufferBytes)
    }
    this.#writer.position = 0
    this.#changes = []
    this.#sequence = sequence
    this.#sections = 0
    startRecord(this.#writer)
    for (const group of record.removedGroups) {
      this.#section('removed-group', group, { index: 0, term: 0 }, nothing)
      this.#changes.push({ type: 'removed-group', group })
    }
    for (const stage of record.stages) this.#stage(stage)
    const installs = new Map<GroupId, InstallWrite>()
    for (const install of record.installs) {
      this.#install(install)
      installs.set(install.group, install)
    }
    for (const write of record.groups) this.#group(afterInstall(write, installs.get(write.group)))
    for (const { group, blobs } of record.blobs) this.#blobs(group, blobs)
    for (const snapshot of record.snapshots) this.#snapshot(snapshot)
    for (const repair of record.repairs) {
      this.#entries('repaired-entry', repair.group, repair.entries)
    }
    this.#node(record)
    const header = {
      kind: 'commit' as const,
      storeId: this.#storeId,
      sequence,
      recordId: record.id,
      checkpoint,
      sections: this.#sections
    }
    const value = finishRecord(this.#writer, 0, header, this.#checksum)
    assert(value.length <= storageLimits.recordBytesMax, 'a commit record has at most 64 MiB')
    return { value, changes: this.#changes }
  }

  #section(
    kind: SectionKind,
    group: GroupId,
    id: EntryId,
    data: Uint8Array,
    type: number = 0
  ): Location {
    this.#sections += 1
    const head = { kind, type, group, index: id.index, term: id.term }
    const place = writeSection(this.#writer, 0, head, data, this.#checksum)
    return { sequence: this.#sequence, ...place }
  }

  /** Collects small fields and writes them as the data of a section. */
  #fieldSection(kind: SectionKind, group: GroupId, write: (fields: ByteWriter) => void): void {
    this.#fields.position = 0
    write(this.#fields)
    const data = this.#fields.slice(0, this.#fields.position)
    this.#section(kind, group, { index: 0, term: 0 }, data)
  }

  #entries(
    type: 'entry' | 'staged-entry' | 'repaired-entry',
    group: GroupId,
    entries: readonly Entry[]
  ): void {
    for (const entry of entries) {
      const location = this.#section(type, group, entry, entry.data, entryTypeNumber(entry.type))
      this.#changes.push({ type, group, index: entry.index, term: entry.term, location })
    }
  }

  #group(write: GroupWrite): void {
    const { group, hardState, truncateFrom } = write
    this.#fieldSection('group', group, (fields) => {
      fields.u8(hardState === null ? 0 : 1)
      if (hardState !== null) writeHardState(fields, hardState)
      fields.u64(truncateFrom ?? 0)
    })
    this.#changes.push({ type: 'group', group, hardState, truncateFrom })
    this.#entries('entry', group, write.entries)
  }

  #manifest(group: GroupId, id: EntryId, manifest: Uint8Array): void {
    const location = this.#section('manifest', group, id, manifest)
    this.#changes.push({ type: 'manifest', group, location })
  }

  #blobs(group: GroupId, blobs: readonly Blob[]): void {
    for (const blob of blobs) {
      const location = this.#section('blob', group, { index: blob.id, term: 0 }, blob.bytes)
      this.#changes.push({ type: 'blob', group, id: blob.id, location })
    }
  }

  #snapshot(snapshot: SnapshotWrite): void {
    const { group, meta, blobs, freed, keepFrom } = snapshot
    const { id, configuration } = meta
    this.#blobs(group, snapshot.newBlobs)
    this.#manifest(group, id, meta.manifest)
    this.#fieldSection('snapshot', group, (fields) => {
      writeEntryId(fields, id)
      writeConfiguration(fields, configuration)
      writeNumbers(fields, blobs)
      writeRanges(fields, freed)
      fields.u64(keepFrom)
    })
    this.#changes.push({ type: 'snapshot', group, id, configuration, blobs, freed, keepFrom })
  }

  #stage(stage: StageWrite): void {
    const { group, source, snapshot } = stage
    this.#fieldSection('stage', group, (fields) => writeOffer(fields, { source, snapshot }))
    this.#changes.push({ type: 'stage', group, source, snapshot })
    for (const blob of stage.blobs) {
      const location = this.#section('staged-blob', group, { index: blob.id, term: 0 }, blob.bytes)
      this.#changes.push({ type: 'staged-blob', group, id: blob.id, location })
    }
    this.#entries('staged-entry', group, stage.entries)
  }

  #install(install: InstallWrite): void {
    const { group, meta, hardState, blobs, retained } = install
    const { id, configuration } = meta
    this.#manifest(group, id, meta.manifest)
    this.#fieldSection('install', group, (fields) => {
      writeEntryId(fields, id)
      writeConfiguration(fields, configuration)
      writeHardState(fields, hardState)
      writeNumbers(fields, blobs)
      writeRanges(fields, retained)
    })
    const change = { group, id, configuration, hardState, blobs, retained }
    this.#changes.push({ type: 'install', ...change })
  }

  #node(record: CommitRecord): void {
    const { identity, peers } = record
    if (identity !== null) {
      this.#fieldSection('identity', 0, (fields) => writeIdentity(fields, identity))
      this.#changes.push({ type: 'identity', identity })
    }
    if (peers !== null) {
      this.#section('peers', 0, { index: 0, term: 0 }, peers)
      this.#changes.push({ type: 'peers', peers: new Uint8Array(peers) })
    }
  }
}

function laterHardState(write: HardState | null, install: HardState): HardState | null {
  if (write === null || write.term < install.term) return null
  if (write.term > install.term) return write
  const vote = write.vote ?? install.vote
  return { term: write.term, vote, commit: Math.max(write.commit, install.commit) }
}

/**
 * What is left of a group write after the install in the same record: only what comes behind it.
 */
export function afterInstall(write: GroupWrite, install: InstallWrite | undefined): GroupWrite {
  if (install === undefined) return write
  return {
    group: write.group,
    hardState: laterHardState(write.hardState, install.hardState),
    truncateFrom: null,
    entries: write.entries.filter((entry) => entry.index > install.meta.id.index)
  }
}
