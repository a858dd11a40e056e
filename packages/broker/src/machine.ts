// What both machines have in common. A machine is a deterministic function of its log: the same
// entries give the same state, replies and effects on every replica, whatever the node, clock or
// order of calls. The leader uses replies and effects; followers throw them away.

/** Where the entry stands in the log of the group. */
export interface Meta {
  readonly index: number
  readonly term: number
}

/** Outcome of one entry. */
export interface Applied<Reply, Effect> {
  /** Log time after the entry, in milliseconds since 1970; never goes back (architecture, A10). */
  readonly timeMs: number
  /** One for each section of the entry, in order; none if the entry itself is malformed. */
  readonly replies: readonly Reply[]
  readonly effects: readonly Effect[]
}

/** First and last index of a run, both inclusive. */
export interface IndexRange {
  readonly first: number
  readonly last: number
}

/** A part of a snapshot. Immutable; its id is never used again by the same machine. */
export interface SnapshotBlob {
  readonly id: number
  readonly bytes: Uint8Array
}

/** A snapshot as of the last applied entry. Its cost follows what changed since the one before. */
export interface MachineSnapshot {
  /** What `restore` needs beside the blobs. */
  readonly manifest: Uint8Array
  /** Blobs that no earlier snapshot of this machine has written, ascending. */
  readonly newBlobs: readonly SnapshotBlob[]
  /** Every blob that the manifest refers to, ascending. */
  readonly blobs: readonly number[]
  /** Entries that hold nothing live any more, freed since the snapshot before; ascending. */
  readonly freed: readonly IndexRange[]
}

/** A machine as a group hosts it. */
export interface Machine<Reply, Effect> {
  /**
   * Applies the next entry. Refusals are replies; an exception means a defect and halts the
   * replica.
   */
  apply(meta: Meta, data: Uint8Array): Applied<Reply, Effect>
  /** Without the blobs `lost`, whose bytes cannot be read any more. */
  snapshot(lost?: ReadonlySet<number>): MachineSnapshot
  /** Digest of the whole state, for comparing replicas. Walks everything: for tests and audits. */
  hash(): string
  /** The same at a price that a node at work can pay now and then. */
  digest(): string
}
