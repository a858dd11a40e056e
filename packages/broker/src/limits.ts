// Every bound of the metadata machine, in one place. A bound is part of the replicated behaviour:
// all replicas of a group must use the same numbers, otherwise one refuses what another accepts.
// Raising one is therefore a new machine version (architecture, A16). The bounds of queues are in
// queue/limits.ts.

export interface MetadataLimits {
  /** Commands in one entry: a cursor is the entry's index × 4096 + position. Never changes. */
  readonly commandsMax: number
  /**
   * Bytes of UTF-8 in the name of a vhost, exchange or queue; the least is 1. AMQP 0-9-1 shortstr.
   */
  readonly nameBytesMax: number
  /** Bytes of UTF-8 in a binding key, which may be empty. */
  readonly bindingKeyBytesMax: number
  /** Bytes of a binding's arguments, as they are encoded in the log. */
  readonly argumentsBytesMax: number
  /** Containers within each other in a binding's arguments, the outermost map included. */
  readonly argumentsDepthMax: number
  /** Bytes of UTF-8 of an address, a store id, a cluster id. */
  readonly addressBytesMax: number
  /** Bytes of UTF-8 of the sentences and codes kept with an operation. */
  readonly sentenceBytesMax: number
  readonly vhostsMax: number
  readonly usersMax: number
  /** Of all users in all vhosts, and as many for topics. */
  readonly permissionsMax: number
  /** Bytes of UTF-8 of a pattern. */
  readonly patternBytesMax: number
  readonly tagsMax: number
  readonly tagBytesMax: number
  /** Exchanges in all vhosts, the predeclared ones not counted. */
  readonly exchangesMax: number
  readonly queuesMax: number
  readonly bindingsMax: number
  readonly nodesMax: number
  /**
   * Data directories one node may have had; fixed by the arithmetic of replica ids. Never changes.
   */
  readonly incarnationsMax: number
  readonly shardsMax: number
  /** Replicas of one group. */
  readonly replicasMax: number
  readonly operationsRunningMax: number
  /** Ended operations that are remembered; the oldest are dropped. */
  readonly operationsEndedMax: number
  /** Queue changes that wait for one shard to take them. */
  readonly outboxMax: number
  /** Estimated bytes at which a page of a snapshot is full; no blob exceeds 1 MiB. */
  readonly snapshotPageBytes: number
}

export const metadataLimits: MetadataLimits = {
  commandsMax: 4096,
  nameBytesMax: 255,
  bindingKeyBytesMax: 255,
  argumentsBytesMax: 8192,
  argumentsDepthMax: 8,
  addressBytesMax: 255,
  sentenceBytesMax: 1024,
  vhostsMax: 10_000,
  usersMax: 10_000,
  permissionsMax: 20_000,
  patternBytesMax: 512,
  tagsMax: 16,
  tagBytesMax: 64,
  exchangesMax: 100_000,
  queuesMax: 1_000_000,
  bindingsMax: 10_000_000,
  nodesMax: 1000,
  incarnationsMax: 2 ** 20,
  shardsMax: 1024,
  replicasMax: 16,
  operationsRunningMax: 64,
  operationsEndedMax: 100,
  outboxMax: 100_000,
  snapshotPageBytes: 128 * 1024
}
