// The port to the node log: what a member asks a store to persist and to read. The real store is
// @holdfast/storage on LevelDB; the contract suite in contract/ is run by every implementation.
import type {
  Configuration,
  Entry,
  EntryId,
  HardState,
  ReplicaId,
  SnapshotMeta,
  TermRun
} from '@holdfast/raft'

/** 0 is the metadata group; shards count from 1 and are never reused. */
export type GroupId = number

/** First and last index of a run, both inclusive. */
export interface IndexRange {
  readonly first: number
  readonly last: number
}

/** What one Raft group persists in a round. */
export interface GroupWrite {
  readonly group: GroupId
  /** Null if unchanged. */
  readonly hardState: HardState | null
  /** Entries from this index on are void, before `entries` are appended. Null: none. */
  readonly truncateFrom: number | null
  readonly entries: readonly Entry[]
}

/**
 * A part of a snapshot, immutable. Ids are per group, grow, and are never reused by one replica.
 */
export interface Blob {
  readonly id: number
  readonly bytes: Uint8Array
}

/**
 * A snapshot that this replica took of its own machine. Once durable, the store may forget blobs
 * that are not in `blobs`, and entries below `keepFrom` that are freed. Entries that are not freed
 * stay, however old they are (the log is the message store).
 */
export interface SnapshotWrite {
  readonly group: GroupId
  readonly meta: SnapshotMeta
  /** Blobs to write now. */
  readonly newBlobs: readonly Blob[]
  /** Every blob that the manifest refers to, the new ones included, ascending. */
  readonly blobs: readonly number[]
  /** Entries that hold no live message any more, freed since the snapshot before. */
  readonly freed: readonly IndexRange[]
  /** From here on even freed entries are kept, for followers that lag. */
  readonly keepFrom: number
}

/**
 * Blobs of a snapshot that follows in a later record, where one record cannot hold them all. What
 * no snapshot names after all is void: it is there until the next snapshot of the group.
 */
export interface BlobWrite {
  readonly group: GroupId
  readonly blobs: readonly Blob[]
}

/** A snapshot as the replica that offers it has it: another one's consists of other blobs. */
export interface OfferedSnapshot {
  readonly source: ReplicaId
  readonly snapshot: EntryId
}

/**
 * Parts of a snapshot that is being fetched from a leader; void until an `InstallWrite` names it.
 * Blobs of another offer are dropped. Entries stay, whoever they came from: what is retained is
 * committed, and therefore the same on all replicas. A snapshot of its own that is as new drops
 * all of it.
 */
export interface StageWrite extends OfferedSnapshot {
  readonly group: GroupId
  readonly blobs: readonly Blob[]
  /** Retained entries at or below the snapshot's index; not contiguous. */
  readonly entries: readonly Entry[]
}

/**
 * Replaces the whole log and snapshot of a group by the staged snapshot, atomically (Raft §7): the
 * log is empty after `meta.id`. Staged parts that are not listed are dropped. A retained entry
 * that is not staged is taken from the log that is replaced: the caller has compared its checksum.
 */
export interface InstallWrite {
  readonly group: GroupId
  readonly meta: SnapshotMeta
  readonly hardState: HardState
  readonly blobs: readonly number[]
  readonly retained: readonly IndexRange[]
}

/**
 * Entries that were damaged here, as another replica has them (storage rule S8). Each takes the
 * place of the one that is there if term and checksum are the same; otherwise it is void.
 */
export interface RepairWrite {
  readonly group: GroupId
  readonly entries: readonly Entry[]
}

/** Who this data directory is. Blank until adopted or bootstrapped. */
export interface NodeIdentity {
  /** 32 hex digits. */
  readonly clusterId: string
  /** From 1, given by the cluster, never reused. */
  readonly node: number
  /** From 1, counts the data directories this node has had. */
  readonly incarnation: number
}

/**
 * Everything that one round persists, as one atomic, synced write: at most 4 MiB, or one larger
 * message beside that (storage rule S1). Ids grow. Order of effect: removed groups, stages,
 * installs, groups, blobs, snapshots, repairs. So a group that is removed may begin anew in the
 * same record. A group write beside an install of its group comes behind it: entries that the
 * install covers, its truncation and an older hard state are void.
 */
export interface CommitRecord {
  readonly id: number
  readonly groups: readonly GroupWrite[]
  readonly blobs: readonly BlobWrite[]
  readonly snapshots: readonly SnapshotWrite[]
  readonly stages: readonly StageWrite[]
  readonly installs: readonly InstallWrite[]
  readonly repairs: readonly RepairWrite[]
  /** Groups of which this node keeps nothing any more, but what the same record says of them. */
  readonly removedGroups: readonly GroupId[]
  /** Set once, when the node is adopted or bootstraps. */
  readonly identity: NodeIdentity | null
  /** Addresses under which the node last knew its peers, so that a restart finds them. Opaque. */
  readonly peers: Uint8Array | null
}

/** What a store holds of one group when it is opened. */
export interface RecoveredGroup {
  readonly group: GroupId
  readonly hardState: HardState
  readonly snapshot: { readonly meta: SnapshotMeta; readonly blobs: readonly Blob[] } | null
  /** Lowest index from which on every entry up to `lastIndex` can be read. */
  readonly firstIndex: number
  readonly terms: readonly TermRun[]
  readonly lastIndex: number
  /** Entries above the snapshot (all, without one), with their bodies. */
  readonly entries: readonly Entry[]
  /** Parts of a snapshot that was being fetched: nothing needs to be fetched twice. */
  readonly staged:
    | (OfferedSnapshot & {
        readonly blobs: readonly number[]
        readonly entries: readonly EntryId[]
      })
    | null
}

export interface Recovered {
  /** 32 hex digits, born with the data directory. */
  readonly storeId: string
  readonly identity: NodeIdentity | null
  readonly peers: Uint8Array | null
  readonly groups: readonly RecoveredGroup[]
  /** Id of the last commit record; the next one is higher. */
  readonly lastRecord: number
}

/** An entry that was read, or the honest statement that this node does not have it intact. */
export type ReadResult =
  | { readonly type: 'entry'; readonly entry: Entry }
  | { readonly type: 'blob'; readonly blob: Blob }
  | { readonly type: 'absent' }
  | { readonly type: 'damaged' }

/** An entry that a replica has, with its checksum: two that agree in all of it are the same. */
export interface RetainedEntry extends EntryId {
  /** CRC-32 of the entry's data. */
  readonly checksum: number
  readonly sizeBytes: number
}

/**
 * The store of one node. Asynchronous, therefore used by the driver only; a member sees its
 * results as inputs. After a rejected `write` the store refuses everything: the process must end
 * (storage rule S2).
 */
export interface LogStore {
  readonly recovered: Recovered
  /** Atomic and fsynced when it resolves. One at a time. @throws WRITE_FAILED */
  write(record: CommitRecord): Promise<void>
  /**
   * Result k is for index `range.first + k`; as many as fit into `bytesMax` (at least one, at most
   * 1024), absent and damaged ones included. Bytes are views: copy what is kept singly.
   */
  readEntries(group: GroupId, range: IndexRange, bytesMax: number): Promise<readonly ReadResult[]>
  readBlobs(group: GroupId, ids: readonly number[]): Promise<readonly ReadResult[]>
  /**
   * Entries retained at or below the snapshot's index that are not freed, ascending, from `from`
   * on.
   */
  retained(group: GroupId, from: number, countMax: number): readonly RetainedEntry[]
  /** Those of the blobs that are staged of this very offer; the others are absent. */
  readStaged(
    group: GroupId,
    offer: OfferedSnapshot,
    ids: readonly number[]
  ): Promise<readonly ReadResult[]>
  /**
   * Which of these entries, at most 1024, are staged or in the log: an install may name them
   * without another `StageWrite`. What is staged counts before what is in the log.
   */
  held(group: GroupId, indexes: readonly number[]): readonly RetainedEntry[]
  /** Bytes that the node log occupies, as accounted by the store. */
  sizeBytes(): number
  close(): Promise<void>
}

const emptyRecord: CommitRecord = {
  id: 0,
  groups: [],
  blobs: [],
  snapshots: [],
  stages: [],
  installs: [],
  repairs: [],
  removedGroups: [],
  identity: null,
  peers: null
}

/** A commit record with nothing in it but what is given. */
export function commitRecord(id: number, parts: Partial<CommitRecord>): CommitRecord {
  return { ...emptyRecord, ...parts, id }
}

/** Members of a configuration without a change under way. */
export const blankConfiguration: Configuration = { voters: [], outgoing: [], learners: [] }
