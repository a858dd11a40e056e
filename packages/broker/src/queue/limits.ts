// Every bound of the shard machine. Bounds are part of the replicated behaviour: all replicas of a
// shard use the same numbers, otherwise one refuses what another accepts. Changing one is a new
// machine version (architecture, A16). Tests make machines with smaller ones.
import { recordLimits } from '@holdfast/record'

export interface ShardLimits {
  /** Sections in one entry. */
  readonly sectionsMax: number
  /** Bytes of UTF-8 of an exchange, routing key, queue, vhost, session or consumer tag. */
  readonly nameBytesMax: number
  /** Target queues of one publish section. */
  readonly targetsMax: number
  /** Publishes and settlements in one transaction. */
  readonly transactionPartsMax: number
  /** Ranges in one command. */
  readonly rangesMax: number
  /** Queues named by one command: topology changes, marks, releases. */
  readonly changesMax: number
  readonly queuesMax: number
  readonly consumersPerQueueMax: number
  /** Unsettled deliveries of one consumer. */
  readonly prefetchMax: number
  /** Of clients, and as many of nodes, which bring dead letters. */
  readonly producersMax: number
  /** Log time after which a silent producer is forgotten. */
  readonly producerExpiryMs: number
  /** Runs of applied sequences remembered of one producer. */
  readonly sequenceRunsMax: number
  readonly gatewaysMax: number
  readonly gatewayExpiryMs: number
  /** Unusual answers remembered of one gateway; it may have as many sections unanswered. */
  readonly gatewayOutcomesMax: number
  /** Log time that a queue stays closed for its deletion to arrive. */
  readonly closingMs: number
  /** Log time that a queue can be told to wait for somebody to use it. */
  readonly expiresMsMax: number
  /** Log time that a message can be told to live. */
  readonly messageTtlMsMax: number
  /** Highest priority that a queue can tell apart. */
  readonly maxPriorityMax: number
  /** Messages that consumers of a queue with priorities have room for. */
  readonly roomMax: number
  /** Messages that one command lets expire: a million at once must not hold up the log. */
  readonly expiringMax: number
  /** A blob of a snapshot is closed when it has reached this size. */
  readonly blobBytes: number
}

export const shardLimits: ShardLimits = {
  sectionsMax: 65_536,
  nameBytesMax: 255,
  targetsMax: 65_536,
  transactionPartsMax: 32_768,
  rangesMax: 65_536,
  changesMax: 65_536,
  queuesMax: 1_000_000,
  consumersPerQueueMax: 65_536,
  prefetchMax: 65_535,
  producersMax: 100_000,
  producerExpiryMs: 15 * 60_000,
  sequenceRunsMax: 32_768,
  gatewaysMax: 4_096,
  gatewayExpiryMs: 24 * 3_600_000,
  gatewayOutcomesMax: 8_192,
  closingMs: 60_000,
  expiresMsMax: recordLimits.expirationMsMax,
  messageTtlMsMax: recordLimits.expirationMsMax,
  maxPriorityMax: 255,
  roomMax: 65_536,
  expiringMax: 32_768,
  blobBytes: 1_048_576
}
