// From a LevelDB that was opened to the state of the node: the last record names the last
// checkpoint, the checkpoint names what lies below, and the records above are replayed in order.
// Nothing is found by a scan, so that deleted rows that come back mean nothing (rule S10). Whatever
// does not fit is damage (rule S6), said as `Unreadable`, and nothing is written before all of it
// has been checked.
import type { ClassicLevel } from 'classic-level'
import { Unreadable } from './byte-reader.ts'
import { type CheckpointFields, readCheckpoint, type SegmentPlace } from './checkpoint-codec.ts'
import type { Checksum } from './checksum.ts'
import { endKey, firstKey, recordKey, sequenceOfKey } from './keys.ts'
import { storageLimits } from './limits.ts'
import { type LogIndex, Segment } from './log-index.ts'
import { type GroupState, NodeState } from './node-state.ts'
import { decodeCommitRecord, forEachSection } from './record-decoder.ts'
import { isReadError } from './record-reader.ts'
import { type Location, type RecordHeader, readHeader, type SectionHead } from './section.ts'

export type Database = ClassicLevel<Uint8Array, Uint8Array>

export interface RecoveredState {
  readonly state: NodeState
  readonly lastSequence: number
  readonly checkpoint: number
  /** What lies above the checkpoint: counts towards the next one. */
  readonly replayedBytes: number
  readonly checkpointBytes: number
}

/** The highest sequence, which is never deleted; 0 if the log is empty. */
async function findLastSequence(database: Database): Promise<number> {
  const [sequence] = await findRecords(database, 1)
  if (sequence === null) throw new Unreadable('a key is not one of the node log')
  return sequence ?? 0
}

/** The highest sequences, descending; null stands for a key of another kind. */
export async function findRecords(
  database: Database,
  countMax: number
): Promise<readonly (number | null)[]> {
  const found: (number | null)[] = []
  const range = { gte: firstKey, lt: endKey, reverse: true, limit: countMax }
  for await (const key of database.keys(range)) found.push(sequenceOfKey(key))
  return found
}

/** Reads records for the open, many at once; each is verified as far as its header. */
export class RecordSource {
  readonly #database: Database
  readonly #storeId: Uint8Array
  readonly checksum: Checksum

  constructor(database: Database, storeId: Uint8Array, checksum: Checksum) {
    this.#database = database
    this.#storeId = storeId
    this.checksum = checksum
  }

  /** Null if it is missing; throws Unreadable if it is not intact. */
  async find(
    sequence: number
  ): Promise<{ readonly value: Uint8Array; readonly header: RecordHeader } | null> {
    const value = await this.#database.get(recordKey(sequence))
    if (value === undefined) return null
    return { value, header: readHeader(value, this.#storeId, sequence, this.checksum) }
  }

  async get(
    sequence: number
  ): Promise<{ readonly value: Uint8Array; readonly header: RecordHeader }> {
    const record = await this.find(sequence)
    if (record === null) throw new Unreadable(`record ${sequence} is missing`)
    return record
  }

  /** Visits records in the given order. A missing or broken one is visited with null. */
  async forEach(
    sequences: readonly number[],
    sizeOf: (sequence: number) => number,
    visit: (sequence: number, value: Uint8Array | null, header: RecordHeader | null) => void
  ): Promise<void> {
    let at = 0
    while (at < sequences.length) {
      const batch: number[] = []
      let bytes = 0
      while (at < sequences.length && batch.length < storageLimits.openBatchKeysMax) {
        const sequence = sequences[at] ?? 0
        bytes += sizeOf(sequence)
        if (batch.length > 0 && bytes > storageLimits.openBatchBytesMax) break
        batch.push(sequence)
        at += 1
      }
      const values = await this.#getMany(batch)
      for (const [place, sequence] of batch.entries()) {
        const value = values[place] ?? null
        visit(sequence, value, value === null ? null : this.#header(sequence, value))
      }
    }
  }

  /** Where LevelDB cannot read a table at all, the rest is still read, key by key. */
  async #getMany(sequences: readonly number[]): Promise<readonly (Uint8Array | undefined)[]> {
    try {
      return await this.#database.getMany(sequences.map(recordKey))
    } catch (error) {
      if (!isReadError(error)) throw error
    }
    const values: (Uint8Array | undefined)[] = []
    for (const sequence of sequences) {
      const reading = this.#database.get(recordKey(sequence))
      const value = await reading.catch((error: unknown) => {
        if (isReadError(error)) return undefined
        throw error
      })
      values.push(value)
    }
    return values
  }

  #header(sequence: number, value: Uint8Array): RecordHeader | null {
    try {
      return readHeader(value, this.#storeId, sequence, this.checksum)
    } catch (error) {
      if (error instanceof Unreadable) return null
      throw error
    }
  }
}

/** Null if the log has no record at all. @throws Unreadable if it is damaged */
export async function recoverState(
  database: Database,
  source: RecordSource
): Promise<RecoveredState | null> {
  const lastSequence = await findLastSequence(database)
  if (lastSequence === 0) return null
  const last = await source.get(lastSequence)
  const { checkpoint } = last.header
  if (checkpoint === 0 || checkpoint > lastSequence) throw new Unreadable('no checkpoint is named')
  const record = await source.get(checkpoint)
  if (record.header.kind !== 'checkpoint') throw new Unreadable('a record is no checkpoint')
  let fields: CheckpointFields | null = null
  forEachSection(record.value, record.header, source.checksum, (head, data) => {
    if (head.kind === 'checkpoint') fields = readCheckpoint(data)
  })
  if (fields === null) throw new Unreadable('a checkpoint is empty')
  const state = await restore(fields, source)
  state.recordId = record.header.recordId
  state.table.startAt(checkpoint)
  state.table.register(checkpoint, record.value.length)
  state.table.retain(checkpoint)
  const replayedBytes = await replay(state, source, checkpoint, lastSequence)
  for (const group of state.sortedGroups()) checkGroup(group)
  const checkpointBytes = record.value.length
  return { state, lastSequence, checkpoint, replayedBytes, checkpointBytes }
}

/** With `isLenient` parts of the index that cannot be read are left out. */
export async function restore(
  fields: CheckpointFields,
  source: RecordSource,
  isLenient: boolean = false
): Promise<NodeState> {
  const state = new NodeState()
  state.identity = fields.identity
  state.peers = fields.peers
  const chunks: { readonly log: LogIndex; readonly place: SegmentPlace; readonly group: number }[] =
    []
  for (const named of fields.groups) {
    const group = state.group(named.group)
    group.hardState = named.hardState
    group.lastIndex = named.lastIndex
    group.keepFrom = named.keepFrom
    group.snapshot = named.snapshot
    group.blobs = named.blobs
    if (named.snapshot !== null) state.retain(named.snapshot.manifest)
    for (const location of named.blobs.values()) state.retain(location)
    for (const place of named.segments) chunks.push({ log: group.log, place, group: named.group })
    if (named.staged === null) continue
    group.staged = {
      source: named.staged.source,
      snapshot: named.staged.snapshot,
      blobs: named.staged.blobs,
      log: state.newLog()
    }
    for (const location of named.staged.blobs.values()) state.retain(location)
    const { log } = group.staged
    for (const place of named.staged.segments) chunks.push({ log, place, group: named.group })
  }
  await loadChunks(state, source, chunks, isLenient)
  for (const range of fields.dead) {
    const size = Math.ceil(range.sizeBytes / Math.max(1, range.count))
    for (let at = 0; at < range.count; at += 1) state.table.adoptDead(range.first + at, size)
  }
  return state
}

async function loadChunks(
  state: NodeState,
  source: RecordSource,
  chunks: readonly {
    readonly log: LogIndex
    readonly place: SegmentPlace
    readonly group: number
  }[],
  isLenient: boolean
): Promise<void> {
  const found = new Map<string, Uint8Array>()
  const name = (location: Location): string => `${location.sequence}/${location.position}`
  const sequences = new Set(chunks.map((chunk) => chunk.place.location.sequence))
  const wanted = new Set(chunks.map((chunk) => name(chunk.place.location)))
  await source.forEach(
    [...sequences].sort((a, b) => a - b),
    () => storageLimits.indexRecordBytesMax,
    (sequence, value, header) => {
      const visit = (head: SectionHead, data: Uint8Array, position: number): void => {
        const key = `${sequence}/${position}`
        if (head.kind === 'chunk' && wanted.has(key)) found.set(key, data)
      }
      try {
        if (value === null || header === null)
          throw new Unreadable('a part of the index is missing')
        forEachSection(value, header, source.checksum, visit)
      } catch (error) {
        if (!isLenient || !(error instanceof Unreadable)) throw error
      }
    }
  )
  for (const { log, place } of chunks) {
    const segment = new Segment(place.number)
    const bytes = found.get(name(place.location))
    if (bytes === undefined || bytes.length !== place.location.length || !segment.fill(bytes)) {
      if (isLenient) continue
      throw new Unreadable('a part of the index is not what the checkpoint says')
    }
    segment.chunk = place.location
    segment.isDirty = false
    state.retain(place.location)
    log.addSegment(segment)
    for (let at = 0; at < segment.rowCount; at += 1) {
      if (segment.isPresent(at)) state.retain(segment.read(at))
    }
  }
}

/** Returns the bytes above the checkpoint. */
async function replay(
  state: NodeState,
  source: RecordSource,
  checkpoint: number,
  lastSequence: number
): Promise<number> {
  const sequences: number[] = []
  for (let at = checkpoint + 1; at <= lastSequence; at += 1) sequences.push(at)
  let total = 0
  const averageBytes = storageLimits.openBatchBytesMax / 32
  await source.forEach(
    sequences,
    () => averageBytes,
    (sequence, value, header) => {
      if (value === null) throw new Unreadable(`record ${sequence} is missing`)
      if (header === null) throw new Unreadable(`record ${sequence} is broken`)
      if (header.kind !== 'commit' || header.checkpoint !== checkpoint) {
        throw new Unreadable(`record ${sequence} is out of place`)
      }
      if (header.recordId <= state.recordId) throw new Unreadable('ids of commit records fall')
      const changes = decodeCommitRecord(value, header, source.checksum)
      state.table.register(sequence, value.length)
      state.apply(changes, header.recordId)
      total += value.length
    }
  )
  return total
}

/** What must hold for Raft to stand on it: entries above the snapshot are there without a gap. */
function checkGroup(group: GroupState): void {
  const snapshotIndex = group.snapshot?.id.index ?? 0
  if (group.lastIndex < snapshotIndex) {
    throw new Unreadable(`group ${group.group} ends before its snapshot`)
  }
  if (group.log.contiguousFrom(group.lastIndex) > snapshotIndex + 1) {
    throw new Unreadable(`group ${group.group} has a gap above its snapshot`)
  }
}
