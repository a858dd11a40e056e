// Somebody who looks over a member's shoulder: told of what cannot be seen from outside, changes
// nothing. A simulated cluster holds every step of every replica against the specification with it;
// in production there is none.
import type {
  DeliveryRun,
  MetadataMachine,
  MetadataResult,
  QueueTarget,
  QueueView,
  SectionReply,
  ShardEffect,
  ShardMachine
} from '@holdfast/broker'
import type { EntryId, Raft, RaftConfig, RaftInitialState, ReplicaId } from '@holdfast/raft'
import type { GroupId } from './log-store.ts'
import type { ForwardOutcome } from './peers/peer-codec.ts'

/** A replica whose machine has done something. */
export interface AuditedReplica {
  readonly group: GroupId
  readonly replica: ReplicaId
}

export interface ShardApplied {
  readonly id: EntryId
  readonly data: Uint8Array
  readonly machine: ShardMachine
  readonly replies: readonly SectionReply[]
  readonly effects: readonly ShardEffect[]
}

export interface MetadataApplied {
  readonly id: EntryId
  readonly data: Uint8Array
  readonly results: readonly MetadataResult[]
  readonly machine: MetadataMachine
}

/** What a node holds of the metadata leader of a term. */
export interface RoutingLease {
  readonly node: number
  readonly term: number
  readonly forMs: number
}

/** What a section of a gateway's stream to a shard became, as the gateway has it from an answer. */
export interface SectionAnswer {
  readonly group: GroupId
  /** Of the gateway. */
  readonly epoch: number
  readonly number: number
  readonly outcome: ForwardOutcome
}

export interface Audit {
  /** Makes a replica in place of `new Raft`, so that each of its calls can be watched. */
  openReplica(group: GroupId, config: RaftConfig, initial: RaftInitialState): Raft
  shardApplied(replica: AuditedReplica, applied: ShardApplied): void
  metadataApplied(replica: AuditedReplica, applied: MetadataApplied): void
  /** A snapshot is made of the machine as it is now. */
  snapshotTaken(replica: AuditedReplica, machine: ShardMachine | MetadataMachine): void
  /** A machine was made from a snapshot. */
  restored(replica: AuditedReplica, machine: ShardMachine | MetadataMachine): void
  /** The metadata leader answers changes: those up to this entry are in force on every node. */
  changesAnswered(index: number): void
  /** A node has a lease, and routes by its replica of the metadata, which has applied so much. */
  routes(replica: AuditedReplica, applied: number): void
  /**
   * A node asks how far the metadata is; the answer is called with what its replica has applied
   * when it is sure to have that.
   */
  waits(replica: AuditedReplica): (applied: number) => void
  /** A publish comes; the answer is called when the node is sure that it goes nowhere. */
  arrives(replica: AuditedReplica): () => void
  /** The metadata leader counts on a node to route for so long from now. */
  leaseGranted(grant: RoutingLease): void
  /** A node will route by its replica of the metadata for so long from now, or does no more. */
  leaseTaken(lease: RoutingLease): void
  /** The leader of `term` hands out a run of messages. */
  handedOut(
    replica: AuditedReplica,
    delivery: {
      readonly term: number
      readonly queue: QueueView
      readonly run: DeliveryRun
      /** The consumer, by its session and tag. */
      readonly to: string
    }
  ): void
  /** A node told the leader of `term` that all who hold something of the shard there are back. */
  rollAnswered(replica: AuditedReplica, by: { readonly term: number; readonly node: number }): void
  /** That leader waits for no more of them. */
  rollOver(replica: AuditedReplica, by: { readonly term: number }): void
  /** A gateway takes a section for answered. */
  sectionAnswered(replica: AuditedReplica, answer: SectionAnswer): void
  /** A gateway hears that deliveries of a relayed consumer have ended: triples. */
  relaySettled(of: { readonly queue: QueueTarget; readonly ranges: readonly number[] }): void
}
