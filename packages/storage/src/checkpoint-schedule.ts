// When a checkpoint is due, and where the last one is: from there the next open replays the log.
import { CheckpointBuilder, type StoredRecord } from './checkpoint.ts'
import type { Checksum } from './checksum.ts'
import type { StoreTuning } from './limits.ts'
import type { NodeState } from './node-state.ts'

/** The last checkpoint, as it was found or has just been made. */
export interface CheckpointPlace {
  readonly checkpoint: number
  readonly checkpointBytes: number
  readonly replayedBytes: number
}

export class CheckpointSchedule {
  readonly #state: NodeState
  readonly #storeId: Uint8Array
  readonly #checksum: Checksum
  readonly #tuning: StoreTuning
  #sequence: number
  #bytes: number
  #bytesSince: number
  /** The last checkpoint lists records that were deleted since: they would be deleted again. */
  #hasDeleted = false

  constructor(
    state: NodeState,
    codec: { readonly storeId: Uint8Array; readonly checksum: Checksum },
    tuning: StoreTuning,
    place: CheckpointPlace
  ) {
    this.#state = state
    this.#storeId = codec.storeId
    this.#checksum = codec.checksum
    this.#tuning = tuning
    this.#sequence = place.checkpoint
    this.#bytes = place.checkpointBytes
    this.#bytesSince = place.replayedBytes
  }

  /** Of the last checkpoint. */
  get sequence(): number {
    return this.#sequence
  }

  noteWrite(bytes: number): void {
    this.#bytesSince += bytes
  }

  noteDeletes(count: number): void {
    this.#hasDeleted ||= count > 0
  }

  isDue(lastSequence: number): boolean {
    const interval = Math.max(this.#tuning.checkpointIntervalBytes, 16 * this.#bytes)
    return (
      this.#bytesSince >= interval ||
      this.#state.table.heldBackBytes >= interval / 2 ||
      lastSequence - this.#sequence >= this.#tuning.checkpointIntervalRecords
    )
  }

  /** Whether the next open would have something to replay, or to delete again. */
  isStale(lastSequence: number): boolean {
    return lastSequence > this.#sequence || this.#hasDeleted
  }

  /** Moves the state to a checkpoint behind `lastSequence`: its records must be written. */
  build(lastSequence: number): readonly StoredRecord[] {
    const records = new CheckpointBuilder(this.#state, this.#storeId, this.#checksum, {
      nextSequence: lastSequence + 1,
      previous: this.#sequence
    }).build()
    const root = records.at(-1)
    if (root !== undefined) {
      this.#sequence = root.sequence
      this.#bytes = root.value.length
    }
    this.#bytesSince = 0
    this.#hasDeleted = false
    return records
  }
}
