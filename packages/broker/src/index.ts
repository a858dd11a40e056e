// The public names of @holdfast/broker, one by one: what the logs replicate.

// The metadata group: machine, commands, topology, routing.
export { allRights } from './access/access-changes.ts'
export type {
  AccessCommand,
  HashAlgorithm,
  PasswordHash,
  Permission,
  TopicPermission,
  UserLimit,
  VhostLimit
} from './access/access-command.ts'
export type { AccessState, User, UserIdentity, VhostSettings } from './access/access-state.ts'
export { guest, hashAlgorithms, passwordHashFault, scryptCost } from './access/password-hash.ts'
export { compilePattern, type Pattern, quotePattern } from './access/pattern.ts'
export { defaultVhost } from './cluster-changes.ts'
export { checkMetadataCommand } from './command-check.ts'
export {
  decodeMetadataCommand,
  encodeMetadataBatch,
  encodeMetadataCommand,
  packMetadataBatch,
  readMetadataCommand,
  unpackMetadataBatch
} from './command-codec.ts'
export { defaultExchange, predeclaredExchanges } from './exchange/exchange.ts'
export { type MetadataLimits, metadataLimits } from './limits.ts'
export {
  incarnationOfReplica,
  type MembershipState,
  type Node,
  nodeOfReplica,
  replicaId
} from './membership-state.ts'
export type {
  BindingArguments,
  DeclaredNodeState,
  Destination,
  ExchangeKind,
  MetadataApplied,
  MetadataBatch,
  MetadataCommand,
  MetadataEffect,
  MetadataReply,
  MetadataResult,
  NodeAddresses,
  OperationError,
  OperationKind,
  Options,
  OutboxChange,
  OutboxEntry,
  TopologyCommand
} from './metadata-command.ts'
export { type EntryMeta, MetadataMachine } from './metadata-machine.ts'
export type { MetadataSnapshot } from './metadata-snapshot.ts'
export type { Operation, OperationsState } from './operations-state.ts'
export { creationOf, type GroupOutbox, type Outbox } from './outbox.ts'
export type { OwnedQueues } from './owned-queues.ts'
export type { Placement, PlacementState } from './placement-state.ts'
export type { QueueArguments } from './queue-arguments.ts'
export { type QueueOptions, readQueueOptions, serverNamed, settingsOf } from './queue-options.ts'
export { checkUse, isSameOwner, type QueueOwner } from './queue-owner.ts'
export type { QueuePage } from './queues-page.ts'
export { rendezvousGroup } from './rendezvous.ts'
export { type HeaderSource, type RouteResult, RouteTargets } from './router.ts'
export type { Topology, TopologyCounts } from './topology.ts'
export type {
  Exchange,
  ExchangeOptions,
  Headers,
  Queue as QueueRow,
  QueueTarget
} from './topology-row.ts'
export { digestVersion, machineVersionSupported } from './version.ts'
// The public names of @holdfast/broker: the two machines that the logs replicate, and the codecs of
// what goes into the logs.

// The shard machine.
export {
  type EncodedSection,
  encodeEntryBatch,
  entryBatchHeaderBytes,
  readEntryBatch,
  sectionBytes,
  shardVersion,
  validateSection
} from './entry-batch.ts'
export type {
  Applied,
  IndexRange,
  Machine,
  MachineSnapshot,
  Meta,
  SnapshotBlob
} from './machine.ts'
export {
  encodePublishSection,
  type GatewayId,
  type PublishHeader,
  type PublishProducer,
  type PublishSection,
  publishSectionBytes,
  readPublishHeader,
  readSectionAlone,
  readSectionHeader,
  type SectionOrigin,
  withoutRecords
} from './publish-section.ts'
export { type Consumer, consumerId } from './queue/consumer.ts'
export type { DeadLetter, DeadLettersView, DeathReason } from './queue/dead-letters.ts'
export type { DeliveryRun } from './queue/delivery-run.ts'
export type { IsHeld } from './queue/due-segments.ts'
export { type LengthLimit, type Overflow, overflows } from './queue/length-limit.ts'
export { type ShardLimits, shardLimits } from './queue/limits.ts'
export type { MessageRow } from './queue/message-row.ts'
export { addPair } from './queue/pairs.ts'
export type { QueueView } from './queue/queue-view.ts'
export { noDeadlineMs } from './queue/segment.ts'
export {
  type DeadLetterSettings,
  isReserving,
  plainSettings,
  type QueueSettings
} from './queue/settings.ts'
export { decodeCommandSection, encodeCommandSection } from './shard-codec.ts'
export type {
  ConsumerKey,
  Outcome,
  QueueMark,
  QueueRanges,
  Release,
  SettleCommand,
  ShardCommand,
  TopologyChange
} from './shard-command.ts'
export { ShardMachine } from './shard-machine.ts'
export type { Refused, SectionReply, ShardEffect } from './shard-reply.ts'
export type { ShardOptions } from './shard-state.ts'
export {
  encodeTransactionSection,
  readForwarded,
  readTransaction,
  type SectionNumber,
  type TransactionHeader,
  type TransactionSection,
  transactionKind,
  transactionSectionBytes
} from './transaction-section.ts'
