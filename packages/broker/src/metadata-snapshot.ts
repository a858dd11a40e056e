// The metadata machine as blobs, and back.
//   manifest := msgpack [version, applied index, next blob, [page blob…], [state blob…]]
//   page     := msgpack [row…]     rows of the topology in order of creation: topology-codec.ts
//   state    := msgpack [row…]     everything else, written anew each time: state-codec.ts
// No blob exceeds 1 MiB. Pages that have not changed keep their blob. Nothing of the log is needed
// beside a snapshot, so every entry up to it is freed.
import { assert } from '@holdfast/errors'
import { pack, unpack } from '@holdfast/record'
import type { MetadataState } from './metadata-state.ts'
import { readStateRow, stateRows } from './state-codec.ts'
import { readTopologyRow, topologyRow } from './topology-codec.ts'
import { metadataSnapshotVersion } from './version.ts'

/** No blob may be longer: it travels in one piece. */
const blobBytesMax = 1024 * 1024
/** Rows of the state are bounded to a few KiB each, so this many stay below the limit. */
const stateRowsPerBlob = 128

export interface SnapshotBlob {
  readonly id: number
  readonly bytes: Uint8Array
}

/** First and last index of a run of entries, both inclusive. */
export interface FreedRange {
  readonly first: number
  readonly last: number
}

export interface MetadataSnapshot {
  readonly manifest: Uint8Array
  /** Blobs that were not part of the snapshot before. */
  readonly newBlobs: readonly SnapshotBlob[]
  /** All that the manifest names, ascending. */
  readonly blobs: readonly number[]
  /** Entries that nothing needs any more, since the snapshot before. */
  readonly freed: readonly FreedRange[]
}

function createBlob(state: MetadataState, rows: readonly unknown[]): SnapshotBlob {
  const bytes = pack(rows)
  assert(bytes.length <= blobBytesMax, 'a blob of a metadata snapshot is at most 1 MiB')
  const id = state.nextBlob
  state.nextBlob += 1
  return { id, bytes }
}

/** Pages in the blobs `lost` are written anew: their bytes cannot be read any more. */
export function takeSnapshot(
  state: MetadataState,
  lost: ReadonlySet<number> = new Set()
): MetadataSnapshot {
  const newBlobs: SnapshotBlob[] = []
  const pageBlobs: number[] = []
  for (const page of state.topology.pages.compacted()) {
    if (page.blob === null || lost.has(page.blob)) {
      const blob = createBlob(state, Array.from(page.rows, topologyRow))
      newBlobs.push(blob)
      page.blob = blob.id
    }
    pageBlobs.push(page.blob)
  }
  const stateBlobs: number[] = []
  const rows = stateRows(state)
  for (let start = 0; start < rows.length; start += stateRowsPerBlob) {
    const blob = createBlob(state, rows.slice(start, start + stateRowsPerBlob))
    newBlobs.push(blob)
    stateBlobs.push(blob.id)
  }
  const { appliedIndex, freedIndex, nextBlob } = state
  const freed = appliedIndex > freedIndex ? [{ first: freedIndex + 1, last: appliedIndex }] : []
  state.freedIndex = appliedIndex
  const manifest = [metadataSnapshotVersion, appliedIndex, nextBlob, pageBlobs, stateBlobs]
  const blobs = [...pageBlobs, ...stateBlobs].sort((a, b) => a - b)
  return { manifest: pack(manifest), newBlobs, blobs, freed }
}

function isIds(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((id) => Number.isSafeInteger(id))
}

function readBlob(blobs: ReadonlyMap<number, Uint8Array>, id: number): readonly unknown[] {
  const bytes = blobs.get(id)
  assert(bytes !== undefined, 'every blob that a manifest names is there')
  const rows = unpack(bytes)
  assert(Array.isArray(rows), 'a blob of a metadata snapshot is a list of rows')
  return rows
}

/** Fills a blank state. */
export function restoreState(
  state: MetadataState,
  manifest: Uint8Array,
  blobs: ReadonlyMap<number, Uint8Array>
): void {
  const value = unpack(manifest)
  assert(Array.isArray(value) && value.length === 5, 'a metadata manifest has five parts')
  const [version, appliedIndex, nextBlob, pageBlobs, stateBlobs]: readonly unknown[] = value
  assert(version === metadataSnapshotVersion, 'a metadata snapshot has a known version')
  assert(
    typeof appliedIndex === 'number' && typeof nextBlob === 'number',
    'a metadata manifest has its index and its next blob'
  )
  assert(isIds(pageBlobs) && isIds(stateBlobs), 'a metadata manifest lists its blobs')
  for (const id of pageBlobs) {
    const rows = readBlob(blobs, id)
    state.topology.pages.restorePage(id, () => {
      for (const row of rows) readTopologyRow(state.topology, row)
    })
  }
  for (const id of stateBlobs) for (const row of readBlob(blobs, id)) readStateRow(state, row)
  state.appliedIndex = appliedIndex
  state.freedIndex = appliedIndex
  state.nextBlob = nextBlob
}

/** FNV-1a with two bases side by side: 64 bits without 64-bit arithmetic. */
export function hashState(state: MetadataState): string {
  let low = 0x811c9dc5 | 0
  let high = 0x2c1b3c6d | 0
  const add = (row: unknown): void => {
    for (const byte of pack(row)) {
      low = Math.imul(low ^ byte, 0x01000193)
      high = Math.imul(high ^ byte, 0x01000197)
    }
  }
  add(state.appliedIndex)
  for (const row of state.topology.pages.rows()) add(topologyRow(row))
  for (const row of stateRows(state)) add(row)
  const hexadecimal = (word: number): string => (word >>> 0).toString(16).padStart(8, '0')
  return `${hexadecimal(high)}${hexadecimal(low)}`
}
