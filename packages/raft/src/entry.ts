// The entry: what a Raft log consists of, and the identity (index, term) by which logs are compared
// (Raft §5.3). Types only; the codec of a configuration is in configuration-codec.ts.
// Indexes and terms are safe integers.

/** A replica of a group: one incarnation of one node. Opaque and ordered for Raft. */
export type ReplicaId = number

/** Index and term travel together (Raft §5.3): two logs agree up to an entry with the same id. */
export interface EntryId {
  /** Position in the log, from 1. Zero means 'before the first entry'. */
  readonly index: number
  /** Term in which a leader created the entry; zero only with index zero. */
  readonly term: number
}

/** `command` is for the machine; `configuration` and `no-op` are Raft's own. */
export type EntryType = 'command' | 'configuration' | 'no-op'

export interface Entry extends EntryId {
  readonly type: EntryType
  /**
   * The command's bytes as they entered the cluster; a configuration in its codec; empty for a
   * no-op.
   */
  readonly data: Uint8Array
}

/**
 * Who takes part. `outgoing` is empty except while a change is under way (joint consensus, Raft
 * §6): then elections and commits need a majority of `voters` and a majority of `outgoing`. A
 * learner receives entries and counts nowhere; a replica may be in `outgoing` and `learners` at
 * once. All lists are sorted ascending and free of repeats.
 */
export interface Configuration {
  readonly voters: readonly ReplicaId[]
  readonly outgoing: readonly ReplicaId[]
  readonly learners: readonly ReplicaId[]
}

/** Must be durable before any answer that depends on it (Raft figure 2). */
export interface HardState {
  readonly term: number
  /** Whom this replica voted for in `term`, or null. */
  readonly vote: ReplicaId | null
  /**
   * Highest index known to be committed; may lag behind the truth. Above the end of the log it is a
   * floor: the replica gave up a log that reached so far, and must not lead before it is there.
   */
  readonly commit: number
}

/**
 * A run of entries of one term: `term` holds from `firstIndex` to the next run's first index - 1.
 */
export interface TermRun {
  readonly firstIndex: number
  readonly term: number
}

/** What a snapshot stands for, and the machine's opaque description of it. */
export interface SnapshotMeta {
  /** Last entry that the snapshot covers. */
  readonly id: EntryId
  readonly configuration: Configuration
  /** Opaque to Raft: what the machine needs to restore, or to fetch what it lacks. */
  readonly manifest: Uint8Array
}
