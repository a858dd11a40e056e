// What replicas of one group say to each other. The carrier may lose, delay, repeat and reorder.
import type { Entry, EntryId, ReplicaId, SnapshotMeta } from './entry.ts'

interface Envelope {
  readonly from: ReplicaId
  readonly to: ReplicaId
  /** The sender's term; for a pre-vote request the term it would have (thesis §9.6). */
  readonly term: number
}

/** Raft §5.2, §5.4.1; with `pre` thesis §9.6; with `transfer` thesis §3.10 (heard leader is no reason to refuse). */
export interface VoteRequest extends Envelope {
  readonly type: 'vote-request'
  readonly pre: boolean
  readonly transfer: boolean
  readonly last: EntryId
}
export interface VoteResponse extends Envelope {
  readonly type: 'vote-response'
  readonly pre: boolean
  readonly granted: boolean
}
/** Raft §5.3. `entries` follow `previous` without gaps and may be empty (a probe, or a new commit index). */
export interface AppendRequest extends Envelope {
  readonly type: 'append-request'
  readonly previous: EntryId
  readonly commit: number
  readonly entries: readonly Entry[]
}
/**
 * `accepted`: every entry up to `index` is durable here and equals the leader's. Otherwise `index` is
 * the `previous.index` that was refused, and `hint` the highest entry that could match (Raft §5.3, end).
 */
export interface AppendResponse extends Envelope {
  readonly type: 'append-response'
  readonly accepted: boolean
  readonly index: number
  readonly hint: EntryId
}
/** Keeps authority, carries the commit index and a read-index round (thesis §6.4). `round` is 0 without one. */
export interface HeartbeatRequest extends Envelope {
  readonly type: 'heartbeat-request'
  readonly commit: number
  readonly round: number
}
export interface HeartbeatResponse extends Envelope {
  readonly type: 'heartbeat-response'
  readonly round: number
}
/** Offers a snapshot (Raft §7). The receiver fetches its parts in chunks outside Raft, then answers with an append-response. */
export interface SnapshotRequest extends Envelope {
  readonly type: 'snapshot-request'
  readonly snapshot: SnapshotMeta
}
/** Tells the most up-to-date replica to campaign at once (thesis §3.10). */
export interface TimeoutNow extends Envelope {
  readonly type: 'timeout-now'
}
/** A follower asks the leader for a read index. `id` is unique per attempt of the asking replica. */
export interface ReadIndexRequest extends Envelope {
  readonly type: 'read-index-request'
  readonly id: number
}
export interface ReadIndexResponse extends Envelope {
  readonly type: 'read-index-response'
  readonly id: number
  /** Null: not answered (no leader, or no entry of this term committed yet); ask again. */
  readonly index: number | null
}

export type Message =
  | VoteRequest
  | VoteResponse
  | AppendRequest
  | AppendResponse
  | HeartbeatRequest
  | HeartbeatResponse
  | SnapshotRequest
  | TimeoutNow
  | ReadIndexRequest
  | ReadIndexResponse
