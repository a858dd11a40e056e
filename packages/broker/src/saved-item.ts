// The account of what snapshots have written. State is saved as items packed into blobs; an item
// that changes or goes away is forgotten in its blob and, if it still exists, written again into a
// new one. A blob with too little left in it is absorbed, so that blobs stay few and rewriting
// stays cheap.
import { assert } from '@holdfast/errors'

/** A blob of the last snapshot. */
export interface SavedBlob {
  readonly id: number
  itemCount: number
  /** Bytes of all its items. */
  sizeBytes: number
  /** Bit per item: whether it is still the state. */
  live: Uint8Array
  liveCount: number
  liveBytes: number
  /** Being emptied into the blobs of the snapshot under way. */
  isAbsorbed: boolean
}

/** Where an item of the state is saved; each item of the state has one of these. */
export interface SavedItem {
  /** Null: changed since the last snapshot, or never saved. */
  blob: SavedBlob | null
  /** Its number in the blob. */
  ordinal: number
  sizeBytes: number
}

export function blankSavedItem(): SavedItem {
  return { blob: null, ordinal: 0, sizeBytes: 0 }
}

/** The item has changed or is gone: what is saved of it counts no longer. */
export function forget(item: SavedItem): void {
  const { blob, ordinal } = item
  if (blob === null) return
  const bits = blob.live[ordinal >>> 3] ?? 0
  assert((bits & (1 << (ordinal & 7))) !== 0, 'an item is forgotten once')
  blob.live[ordinal >>> 3] = bits & ~(1 << (ordinal & 7))
  blob.liveCount--
  blob.liveBytes -= item.sizeBytes
  item.blob = null
}

export function isItemLive(blob: SavedBlob, ordinal: number): boolean {
  return ((blob.live[ordinal >>> 3] ?? 0) & (1 << (ordinal & 7))) !== 0
}

/** Whether the item goes into the snapshot under way. */
export function needsSaving(item: SavedItem): boolean {
  return item.blob === null || item.blob.isAbsorbed
}

/**
 * Chooses the blobs to absorb: those less than half live, and, from the newest back, small ones
 * that are no larger than what is written anyway. So their number grows with the logarithm of the
 * state, and an item is rewritten as often at most. Those that are `lost` are absorbed in any case.
 */
export function chooseAbsorbed(
  blobs: readonly SavedBlob[],
  lost: ReadonlySet<number>,
  changedBytes: number,
  blobBytes: number
): void {
  let writtenBytes = changedBytes
  for (const blob of [...blobs].sort((a, b) => b.id - a.id)) {
    const isSparse = blob.liveBytes * 2 < blob.sizeBytes
    const isSmall = blob.liveBytes * 2 < blobBytes && blob.liveBytes <= writtenBytes
    blob.isAbsorbed = isSparse || isSmall || lost.has(blob.id)
    if (blob.isAbsorbed) writtenBytes += blob.liveBytes
  }
}
