// Every bound of a member, in one place. Relations between them are asserted at the end.
import { shardLimits } from '@holdfast/broker'
import { assert } from '@holdfast/errors'

export const limits = {
  /** Payload of one log entry; one larger message makes an entry of its own. */
  entryBytesMax: 131_072,
  /** Proposals in one log entry. */
  entryProposalsMax: 4096,
  /** Payload of one commit record; one larger entry may exceed it. */
  recordBytesMax: 4_194_304,
  /** Proposed by this node and not yet committed, per group. */
  uncommittedBytesMax: 33_554_432,
  /** Waiting at a leader to be proposed, per group; more is refused and comes again. */
  queuedBytesMax: 16_777_216,
  /** The same two for all groups of a node; beyond it each goes on with an ordinary entry. */
  nodeUncommittedBytesMax: 134_217_728,
  nodeQueuedBytesMax: 67_108_864,
  /** Forwarded to one shard's leader and not yet answered. */
  forwardBytesMax: 8_388_608,
  /** Sections of publishes among them; a shard remembers the outcomes of twice as many. */
  forwardSectionsMax: 4096,
  /** A transaction of a client, which is one section: it fits into a frame between nodes. */
  transactionBytesMax: 17_825_792,
  /** Transactions of all clients of a node, until they are committed, and those of one client. */
  transactionsBytesMax: 67_108_864,
  clientTransactionsBytesMax: 35_651_584,
  /** Bodies that have not come in whole, of all AMQP clients of a node, and of one. */
  contentsBytesMax: 268_435_456,
  clientContentsBytesMax: 68_157_440,
  /** So much of each every client may have, whatever others have. */
  gatheredBytesFree: 65_536,
  /** Append requests and payload in flight to one follower of one group. */
  inflightRequestsMax: 16,
  inflightBytesMax: 4_194_304,
  /**
   * The same over all groups, and forwarded to one leader over all streams: two of the largest
   * frames. A little, up to entryBytesMax, each group and each stream may have beside that.
   */
  laneBytesMax: 37_748_736,
  /** Entry bodies kept in memory for all groups: followers, deliveries. */
  bodyBytesMax: 25_165_824,
  /** Bodies read back from disk for deliveries, for all groups. */
  readCacheBytesMax: 16_777_216,
  /** One read from disk. */
  readBytesMax: 1_048_576,
  /** Publish credit of all clients together; a client starts with the protocol's initial credit. */
  publishCreditBytesMax: 100_663_296,
  /** Bytes that wait in a client's socket before its deliveries pause. */
  clientBufferBytesMax: 1_048_576,
  /** Given to a consumer by way of another node, and not taken by its client yet. */
  relayedBytesMax: 262_144,
  /** Replies that a client does not read, or on their way to a node; more are dropped. */
  replyBytesMax: 16_777_216,
  /** Consumers of one connection, and gets. */
  consumersPerClientMax: 65_536,
  /** Deliveries on their way to a consumer that acknowledges them unseen. */
  autoAckPrefetch: 1024,
  /** Payload of one deliver frame. */
  deliverBytesMax: 131_072,
  /** Payload of a peer frame that gathers small messages. */
  peerFrameBytesMax: 1_048_576,
  /** Calls to other nodes that are unanswered. */
  callsMax: 65_536,
  /** Removed nodes that are still reached, to be told. */
  farewellsMax: 64,
  /** Passwords that are verified at once, and logins that wait for it. */
  verificationsMax: 2,
  loginsWaitingMax: 1024,
  /** Compiled patterns of a node, and decisions of one connection, that are kept. */
  patternsMax: 256,
  decisionsMax: 1024,
  /** Unsettled deliveries that one consumer may ask for. */
  prefetchMax: 65_535,
  /** Deliveries settled in a row by a consumer that does not hold them. */
  mistakenMax: 262_144,
  /** A dispatch mark runs ahead of the deliveries by at least and at most this many offsets. */
  markBlockMin: 64,
  markBlockMax: 16_384,
  /** Messages that a queue with priorities reserves at a time: what comes later comes behind. */
  priorityRoomMax: 1024,
  /** One chunk of a snapshot transfer. */
  snapshotChunkBytes: 1_048_576,
  /** Retained entries in one list, and the most that one call may ask for. */
  retainedPerList: 1024,
  /** Log growth after which a machine is snapshotted. */
  snapshotBytes: 16_777_216,
  snapshotEntries: 50_000,
  /** A part of a snapshot of the metadata that is written anew as a whole. */
  snapshotPageBytes: 131_072,
  /** Freed entries are kept for lagging followers up to here, per group. */
  keepBytesMax: 268_435_456,
  /** The scrubber reads this much a second at most, and nothing where more was written in one. */
  scrubBytes: 1_048_576,
  scrubEntriesMax: 256,
  scrubQuietBytes: 4_194_304,
  /** Fruitless searches, a while apart, after which an entry is lost and passed over. */
  lostSearches: 8,
  /** Entries that were searched in vain fewer times; of more, the count begins anew. */
  suspectedEntriesMax: 65_536,
  /** After so many entries the machines of replicas are compared; the latest so often are kept. */
  digestEntries: 10_000,
  digestsMax: 4,
  /** Queues that a shard lacks and that are reported, and created again, at once. */
  lackingQueuesMax: 1000,
  /** Queues of a shard that ended by themselves and that the metadata is told of at once. */
  endingQueuesMax: 100,
  /** Dead letters of a node on their way to one shard. */
  deadLettersMax: 256,
  deadLetterBytesMax: 524_288,
  /** Dead letters of a queue that others pass since there is no room, or that are to be removed. */
  deadLettersOpenMax: 4096,
  /** Exclusive queues that lost their connections, and are deleted at once. */
  abandonedQueuesMax: 1000,
  /** Voters of the metadata group, replicas of a shard. */
  metadataVotersMax: 5,
  shardReplicasMax: 3,
  shardsAtBootstrap: 16
} as const

/** Bounds that a simulation sets lower, so that what is rare happens often. */
export interface Tuning {
  readonly entryBytesMax: number
  readonly recordBytesMax: number
  readonly forwardBytesMax: number
  readonly inflightBytesMax: number
  readonly laneBytesMax: number
  readonly deliverBytesMax: number
  readonly markBlockMin: number
  readonly snapshotBytes: number
  readonly snapshotEntries: number
  readonly snapshotPageBytes: number
  readonly snapshotChunkBytes: number
  readonly retainedPerList: number
  readonly keepBytesMax: number
  readonly digestEntries: number
  readonly bodyBytesMax: number
  readonly readCacheBytesMax: number
  readonly shardsAtBootstrap: number
}

export const defaultTuning: Tuning = limits

assert(limits.entryBytesMax <= limits.recordBytesMax, 'an entry fits into a commit record')
assert(limits.markBlockMin <= limits.markBlockMax, 'mark blocks have a range')

/** Times in milliseconds of the monotonic clock. */
export const times = {
  tickMs: 50,
  electionTimeoutTicks: 20,
  /** All processes of an idle cluster wake for a heartbeat, and for little else. */
  heartbeatTicks: 6,
  /** Ticks between two steps of a process that was not held up: one that is idle rests. */
  awakeTicksMax: 7,
  /** A node that was silent for this long is not in contact. */
  contactTicks: 30,
  /** What belongs to the connections of a node that was silent for this long ends. */
  lostTicks: 80,
  /** A leader that a quorum has heard within this time is the only one. */
  leaderLeaseTicks: 16,
  /** A node may route without asking for this long after it asked (architecture: routing lease). */
  leaseMs: 2_000,
  leaseRenewMs: 800,
  /** Clocks of different nodes run at speeds that differ by far less. */
  leaseMarginMs: 200,
  /** A replica that its group does not name leaves after the leader was silent for this long. */
  dismissedMs: 3_000,
  /** Nodes tell each other what changed this often, and what did not this often. */
  statusMs: 400,
  statusRepeatMs: 2_000,
  /** What was told before this, and is so, would have been told again. */
  statusValidMs: 4_000,
  reconcileMs: 200,
  balanceMs: 1_500,
  /** A node gets leaderships only when it has been up for this long. */
  settleMs: 4_000,
  /** A new leader waits this long for the consumers it knows of to come back. */
  reattachGraceMs: 2_000,
  /** And this long where all are away, and the queue would go with them. */
  lastConsumerGraceMs: 10_000,
  /** And this long for gateways to say that whoever holds something there is back. */
  rollCallMs: 500,
  /** A call that is not answered fails; its caller retries or reports. */
  callTimeoutMs: 5_000,
  /** A client's request that could not be done by then is refused as unavailable. */
  requestTimeoutMs: 30_000,
  /** No password is compared for whoever has waited this long: no handshake is longer. */
  loginWaitMs: 10_000,
  retryMs: 50,
  /** A busy leader is asked again after pauses that double up to this. */
  retryMaxMs: 800,
  /** Dead letters that a shard does not take are brought to it again after this long. */
  deadLetterRetryMs: 1_000,
  /** A queue that is over waits for its dead letters for as long as one arrives in this time. */
  lastDeadLettersMs: 60_000,
  /** Lent publish credit may lie unused for this long while others wait for some. */
  lentIdleMs: 5_000,
  /** As long as its message is arriving, for this long. */
  lentSlowMs: 60_000,
  /** A dispatch mark that did not advance is asked for again. */
  markRetryMs: 1_000,
  /** Forwarded publishes without any answer are sent again, after times that double up to this. */
  forwardRetryMs: 3_000,
  forwardRetryMaxMs: 48_000,
  /**
   * A section that came longer ago vouches no more that its producer may be new to a shard: the
   * client did for some minutes already (`producerFreshMs` of the SDK), and has gone elsewhere.
   */
  gatewayFreshMs: 300_000,
  /** One that was sent, and came longer ago, is not repeated: its shard may not know. */
  gatewayRepeatMs: 43_200_000,
  snapshotTransferIdleMs: 15_000,
  /** The scrubber reads once in this time, and rests this long between two walks. */
  scrubMs: 1_000,
  scrubRestMs: 600_000,
  /** A shard that has applied nothing for this long is snapshotted, so that the disk is freed. */
  snapshotRestMs: 5_000
} as const

/** How long to wait before something is tried again that has waited `pauses` times before. */
export function retryPauseMs(pauses: number): number {
  return Math.min(times.retryMs * 2 ** pauses, times.retryMaxMs)
}

assert(times.electionTimeoutTicks > 3 * times.heartbeatTicks, 'heartbeats outpace elections')
assert(times.awakeTicksMax > times.heartbeatTicks, 'who rests between heartbeats is awake')
assert(times.contactTicks > times.electionTimeoutTicks, 'who is cut off has ceased to lead')
assert(
  (times.lostTicks - times.contactTicks) * times.tickMs > times.leaseMs,
  'who is lost has sent its clients away, and routes no more'
)
assert(
  2 * times.gatewayFreshMs < shardLimits.producerExpiryMs,
  'who vouches for a producer, client and gateway, ends before its row does'
)
assert(2 * times.gatewayRepeatMs <= shardLimits.gatewayExpiryMs, 'a shard knows what is repeated')
assert(times.leaderLeaseTicks > 2 * times.heartbeatTicks, 'a late heartbeat costs no lease')
assert(times.leaseMs > 2 * times.leaseRenewMs, 'a lost renewal costs no lease')
