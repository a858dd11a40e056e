// What the core asks its surroundings to do. Nothing else leaves the core. The shape is that of
// etcd/raft with asynchronous storage writes: a write is started, and reported back when durable.
import type { Entry, HardState, ReplicaId, SnapshotMeta } from './entry.ts'
import type { Message } from './message.ts'

/**
 * The duties of the caller, in order:
 * 1. Start to persist `hardState`, the truncation and `entries`, as one atomic write.
 * 2. Send `messages` at once (a leader replicates in parallel with its own write, thesis §10.2.1).
 * 3. When that write is durable: send `messagesAfterPersist`, then call `persisted(number)`.
 *    Readies are persisted in the order of their numbers; a later one includes the earlier.
 * 4. Hand entries up to `raft.applicableIndex` to the machine, and call `applied(index)`. The index
 *    also grows through `step` and `persisted` without a ready: look at it after each call.
 *
 * A ready with nothing to write is durable when the ready before it is, not earlier: its
 * `messagesAfterPersist` may confirm entries of a write that is still under way.
 */
export interface Ready {
  /** Grows by one with each ready; given back through `persisted`. */
  readonly number: number
  /** Null if unchanged. */
  readonly hardState: HardState | null
  /** Who writes this in parts must not let `commit` on disk fall below this; 0: it may. */
  readonly commitFloor: number
  /** Entries from here on are void in the stable log, before `entries` are appended. Null: none. */
  readonly truncateFrom: number | null
  readonly entries: readonly Entry[]
  readonly messages: readonly Message[]
  readonly messagesAfterPersist: readonly Message[]
  /**
   * Read indexes that are confirmed: serve the read once `applied ≥ index`. Null index: ask again.
   */
  readonly reads: readonly { readonly id: number; readonly index: number | null }[]
  /** Entries that a follower needs and that are no longer in memory; answer with `supply`. */
  readonly loads: readonly LoadRequest[]
  /**
   * A leader offers this snapshot. Fetch it; call `beginInstall` when the install is handed to the
   * store and `installed` when it is durable, or `snapshotRefused`.
   */
  readonly offeredSnapshot: { readonly from: ReplicaId; readonly snapshot: SnapshotMeta } | null
}

export interface LoadRequest {
  readonly replica: ReplicaId
  readonly firstIndex: number
  /** Inclusive. */
  readonly lastIndex: number
  readonly bytesMax: number
}
