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
  type PublishProducer,
  type PublishSection,
  readSectionHeader
} from './publish-section.ts'
export { type Consumer, consumerId } from './queue/consumer.ts'
export type { DeliveryRun } from './queue/delivery-run.ts'
export { type ShardLimits, shardLimits } from './queue/limits.ts'
export type { MessageRow } from './queue/message-index.ts'
export type { QueueView } from './queue/queue.ts'
export { encodeCommandSection } from './shard-codec.ts'
export type {
  ConsumerKey,
  Outcome,
  QueueMark,
  Release,
  SettleCommand,
  ShardCommand,
  TopologyChange
} from './shard-command.ts'
export { ShardMachine } from './shard-machine.ts'
export type { Refused, SectionReply, ShardEffect } from './shard-reply.ts'
export type { ShardOptions } from './shard-state.ts'
