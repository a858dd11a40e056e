// What replicas of one group say to each other. The carrier may lose, delay, repeat and reorder; it
// never changes a message (frames are checksummed) and never brings one to another group.

import type { Entry, EntryId, ReplicaId, SnapshotMeta } from './entry.ts'
import type { LogDigest } from './log-digest.ts'

interface Envelope {
  readonly from: ReplicaId
  readonly to: ReplicaId
  /** The sender's term; for a pre-vote request the term it would have (thesis §9.6). */
  readonly term: number
}

/**
 * Raft §5.2, §5.4.1; with `pre` thesis §9.6; with `transfer` thesis §3.10 (a leader that was heard
 * is no reason to refuse).
 */
export interface VoteRequest extends Envelope {
  readonly type: 'vote-request'
  readonly pre: boolean
  readonly transfer: boolean
  readonly last: EntryId
  /** Highest index that the candidate knows to be committed, for voters below their floor. */
  readonly commit: number
}
export interface VoteResponse extends Envelope {
  readonly type: 'vote-response'
  readonly pre: boolean
  readonly granted: boolean
}
/**
 * Raft §5.3. `entries` follow `previous` without gaps and may be empty (a probe, or a new commit).
 */
export interface AppendRequest extends Envelope {
  readonly type: 'append-request'
  /**
   * Index of the entry with which the leader began to track the receiver; echoed by the answer. An
   * answer of a replica that was removed and added again in one term is thereby told from a new
   * one.
   */
  readonly session: number
  readonly previous: EntryId
  readonly commit: number
  readonly entries: readonly Entry[]
  /** Of entries up to `previous`, as far as the leader knows it. */
  readonly digest?: LogDigest
}
/**
 * `accepted`: every entry up to `index` is durable here and equals the leader's. Otherwise `index`
 * is the `previous.index` that was refused, and `hint` the highest entry that could match (Raft
 * §5.3, end).
 */
export interface AppendResponse extends Envelope {
  readonly type: 'append-response'
  readonly session: number
  readonly accepted: boolean
  readonly index: number
  readonly hint: EntryId
}
/**
 * Keeps authority, carries the commit index and a round (thesis §6.4). Rounds grow by one with each
 * broadcast of a leader; the echo confirms reads asked before, and dates leases by the time of
 * sending.
 */
export interface HeartbeatRequest extends Envelope {
  readonly type: 'heartbeat-request'
  readonly commit: number
  readonly round: number
}
export interface HeartbeatResponse extends Envelope {
  readonly type: 'heartbeat-response'
  readonly round: number
}
/**
 * Offers a snapshot (Raft §7). The receiver fetches its parts in chunks outside Raft, then answers
 * with an append-response: accepted once all of it is durable; refused, with the snapshot's index,
 * if not.
 */
export interface SnapshotRequest extends Envelope {
  readonly type: 'snapshot-request'
  readonly session: number
  readonly snapshot: SnapshotMeta
}
/** Tells the most up-to-date replica to campaign at once (thesis §3.10). */
export interface TimeoutNow extends Envelope {
  readonly type: 'timeout-now'
}
/**
 * A follower asks the leader for a read index. `id` is unique per attempt of the asking replica.
 */
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
