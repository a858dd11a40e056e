// Settings of one replica and what it starts from. All times are in ticks; who ticks decides how
// long one is. Checked once, in the constructor of `Raft`.
import { assert } from '@holdfast/errors'
import type { Configuration, Entry, HardState, ReplicaId, SnapshotMeta, TermRun } from './entry.ts'

export interface Sharing {
  /** Payload bytes that a group may have in flight to one follower unasked. */
  readonly bytesFree: number
  /** Whether so many bytes may go to a follower beside what all groups have in flight to it. */
  readonly admits: (replica: ReplicaId, bytes: number) => boolean
}

export interface RaftConfig {
  readonly id: ReplicaId
  /**
   * A follower that hears nothing for this many ticks, plus a random share of it again, campaigns.
   */
  readonly electionTimeoutTicks: number
  /** Must be well below `electionTimeoutTicks`. */
  readonly heartbeatIntervalTicks: number
  /** Payload bytes of one append request; one larger entry is sent alone. */
  readonly appendBytesMax: number
  /** Append requests in flight to one follower. */
  readonly inflightRequestsMax: number
  /** Payload bytes in flight to one follower; one larger entry is sent alone. */
  readonly inflightBytesMax: number
  /** What the groups of one host share on the way to a follower. Absent: nothing. */
  readonly sharing?: Sharing
  /** Payload bytes proposed and not yet committed; beyond it `propose` refuses. */
  readonly uncommittedBytesMax: number
  /**
   * Whether followers are told of a new commit index at once, by an empty append if nothing else
   * goes out. Otherwise they learn it from the next append or heartbeat.
   */
  readonly broadcastCommit: boolean
  /** Of the data of an entry, to compare logs by. Absent: they are not compared. */
  readonly checksum?: (bytes: Uint8Array) => number
  /** Draws from [0, 1). Injected, so that a seed repeats a run. */
  readonly random: () => number
}

/** What a replica finds on its disk; a blank one starts with `blankState()`. */
export interface RaftInitialState {
  readonly hardState: HardState
  /** Snapshot the log rests on; null when the log begins at index 1. */
  readonly snapshot: SnapshotMeta | null
  /** Configuration before the first entry of `entries` (the snapshot's, or empty). */
  readonly configuration: Configuration
  /** First index whose term is known and whose entry can be loaded: ≤ snapshot index + 1. */
  readonly firstIndex: number
  /** Terms from `firstIndex` to the last index. */
  readonly terms: readonly TermRun[]
  readonly lastIndex: number
  /** Bodies of the entries above the snapshot, without gaps. */
  readonly entries: readonly Entry[]
  /** Index up to which the machine has already applied (the snapshot's index). */
  readonly applied: number
  /** True at the birth of a group: nothing of this is on disk, the first ready carries it all. */
  readonly isUnpersisted?: boolean
}

/** @throws AssertionError if a setting is out of range or two of them do not fit together. */
export function assertConfig(config: RaftConfig): void {
  const { electionTimeoutTicks, heartbeatIntervalTicks } = config
  assert(
    Number.isSafeInteger(config.id) && config.id > 0,
    'a replica id is a positive safe integer'
  )
  assert(heartbeatIntervalTicks >= 1, 'heartbeats are at least a tick apart')
  // A single lost heartbeat must not start an election.
  assert(electionTimeoutTicks > 2 * heartbeatIntervalTicks, 'an election waits for two heartbeats')
  assert(config.appendBytesMax > 0, 'an append request may carry something')
  assert(config.inflightRequestsMax > 0, 'at least one request may be in flight')
  assert(config.inflightBytesMax > 0, 'at least one byte may be in flight')
  assert(config.uncommittedBytesMax > 0, 'at least one byte may be uncommitted')
}
