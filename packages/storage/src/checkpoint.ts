// Builds checkpoints: the state of the node at a point of the log, from which replay begins. One
// costs what has changed: index segments that equal the last checkpoint's are named by the place of
// their chunk; those that do not are written into index records in front of the checkpoint. Blobs,
// manifests and bodies are named by their places too. The records travel in the batch of the next
// commit record.
import type { GroupId } from '@holdfast/cluster'
import { ByteWriter } from './byte-writer.ts'
import { writeCheckpoint } from './checkpoint-codec.ts'
import type { Checksum } from './checksum.ts'
import { storageLimits } from './limits.ts'
import type { LogIndex, Segment } from './log-index.ts'
import type { NodeState } from './node-state.ts'
import { finishRecord, type RecordKind, startRecord, writeSection } from './section.ts'

export interface StoredRecord {
  readonly sequence: number
  readonly value: Uint8Array
}

const empty = { index: 0, term: 0 }

/**
 * Builds the records of one checkpoint, and moves `state` to it: call only if they will be written.
 */
export class CheckpointBuilder {
  readonly #state: NodeState
  readonly #storeId: Uint8Array
  readonly #checksum: Checksum
  readonly #records: StoredRecord[] = []
  readonly #previous: number
  #sequence: number
  #writer = new ByteWriter(storageLimits.indexRecordBytesMax)
  #sections = 0

  /** `previous` is the sequence of the last checkpoint, 0 before the first. */
  constructor(
    state: NodeState,
    storeId: Uint8Array,
    checksum: Checksum,
    place: { readonly nextSequence: number; readonly previous: number }
  ) {
    this.#state = state
    this.#storeId = storeId
    this.#checksum = checksum
    this.#sequence = place.nextSequence
    this.#previous = place.previous
  }

  /** The last of the records is the checkpoint. */
  build(): readonly StoredRecord[] {
    const { table, retiredChunks } = this.#state
    const groups = this.#state.sortedGroups()
    this.#start()
    for (const group of groups) {
      this.#chunks(group.group, group.log)
      if (group.staged !== null) this.#chunks(group.group, group.staged.log)
    }
    if (this.#sections > 0) this.#finish('index')
    table.moveCheckpoint(this.#sequence)
    for (const sequence of retiredChunks.splice(0)) table.release(sequence)
    if (this.#previous > 0) table.release(this.#previous)
    const fields = new ByteWriter(64 * 1024)
    writeCheckpoint(fields, this.#state, groups)
    this.#start()
    const head = { kind: 'checkpoint' as const, type: 0, group: 0, ...empty }
    writeSection(this.#writer, 0, head, fields.slice(0, fields.position), this.#checksum)
    this.#sections = 1
    this.#finish('checkpoint')
    table.retain(this.#sequence - 1)
    return this.#records
  }

  #start(): void {
    this.#writer = new ByteWriter(storageLimits.indexRecordBytesMax)
    this.#sections = 0
    startRecord(this.#writer)
  }

  #finish(kind: RecordKind): void {
    const sequence = this.#sequence
    const header = {
      kind,
      storeId: this.#storeId,
      sequence,
      recordId: this.#state.recordId,
      checkpoint: kind === 'checkpoint' ? sequence : this.#previous,
      sections: this.#sections
    }
    const value = finishRecord(this.#writer, 0, header, this.#checksum)
    this.#records.push({ sequence, value })
    this.#state.table.register(sequence, value.length)
    this.#sequence += 1
  }

  #chunks(group: GroupId, log: LogIndex): void {
    for (const segment of log.segments) if (segment.isDirty) this.#chunk(group, segment)
  }

  #chunk(group: GroupId, segment: Segment): void {
    const bytes = segment.toBytes()
    if (this.#writer.position + bytes.length > storageLimits.indexRecordBytesMax) {
      if (this.#sections > 0) this.#finish('index')
      this.#start()
    }
    const head = { kind: 'chunk' as const, type: 0, group, index: segment.number, term: 0 }
    const place = writeSection(this.#writer, 0, head, bytes, this.#checksum)
    this.#sections += 1
    if (segment.chunk !== null) this.#state.retiredChunks.push(segment.chunk.sequence)
    segment.chunk = { sequence: this.#sequence, ...place }
    segment.isDirty = false
    this.#state.retain(segment.chunk)
  }
}
