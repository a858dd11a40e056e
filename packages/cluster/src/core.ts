// The parts of a member, by name. Each part is a synchronous object that sees the others through
// this interface; member.ts builds them and hands them their inputs.

import type { PasswordHash } from '@holdfast/broker'
import type { Authorization } from './access/authorization.ts'
import type { Logins } from './access/logins.ts'
import type { Reports } from './administration/reports.ts'
import type { Audit } from './audit.ts'
import type { Clock } from './clock.ts'
import type { Agreement } from './consensus/agreement.ts'
import type { GroupCommit } from './consensus/group-commit.ts'
import type { Groups } from './consensus/groups.ts'
import type { Regression } from './consensus/regression.ts'
import type { Repair } from './consensus/repair.ts'
import type { Scrubber } from './consensus/scrubber.ts'
import type { Snapshots } from './consensus/snapshots.ts'
import type { StoreReads } from './consensus/store-reads.ts'
import type { Counters } from './counters.ts'
import type { DeadLettering } from './dead-lettering/dead-lettering.ts'
import type { Bodies } from './delivering/bodies.ts'
import type { Deliveries } from './delivering/deliveries.ts'
import type { Expiry } from './delivering/expiry.ts'
import type { Lifetimes } from './delivering/lifetimes.ts'
import type { Disk } from './disk.ts'
import type { Tuning } from './limits.ts'
import type { NodeIdentity } from './log-store.ts'
import type { Membership } from './membership/membership.ts'
import type { Operations } from './membership/operations.ts'
import type { Reconciler } from './membership/reconciler.ts'
import type { ExclusiveQueues } from './metadata/exclusive-queues.ts'
import type { Fence } from './metadata/fence.ts'
import type { Lease } from './metadata/lease.ts'
import type { Metadata } from './metadata/metadata.ts'
import type { QueueNames } from './metadata/queue-names.ts'
import type { TopologyDriver } from './metadata/topology-driver.ts'
import type { Output } from './output.ts'
import type { Calls } from './peers/calls.ts'
import type { Contact } from './peers/contact.ts'
import type { Peers } from './peers/peers.ts'
import type { Gateway } from './publishing/gateway.ts'
import type { LackingQueues } from './publishing/lacking-queues.ts'
import type { Shards } from './publishing/shards.ts'
import type { GatewayRelay } from './relaying/gateway-relay.ts'
import type { LeaderRelay } from './relaying/leader-relay.ts'
import type { RollCalls } from './relaying/roll-calls.ts'
import type { Replies } from './sessions/replies.ts'
import type { Sessions } from './sessions/sessions.ts'
import type { Timers } from './timers.ts'

/** How a new cluster begins. */
export interface Bootstrap {
  readonly clusterId: string
  /** Its first administrator, in the place of `guest`. */
  readonly owner?: { readonly user: string; readonly password: PasswordHash }
}

/** What a member is told once, when its process starts. */
export interface MemberOptions {
  /** Grows or is random per process start; tells this process from the one before. */
  readonly processEpoch: number
  /** When the process started, by the wall clock. */
  readonly startedMs: number
  /** Under which addresses others reach this node. */
  readonly addresses: { readonly client: string; readonly peer: string; readonly http: string }
  /** Start a new cluster when the data directory is blank. The id is 32 hex digits. */
  readonly bootstrap: Bootstrap | null
  /** What AMQP clients are told of the server; absent: RabbitMQ. */
  readonly amqpIdentity?: 'rabbitmq' | 'self'
  /** Draws from [0, 1). */
  readonly random: () => number
  /** CRC-32. */
  readonly checksum: (bytes: Uint8Array) => number
  /** Other bounds than those of limits.ts, for tests. */
  readonly tuning?: Partial<Tuning>
  /** Who watches this member, in a simulated cluster. */
  readonly audit?: Audit
}

export interface Core {
  readonly options: MemberOptions
  readonly tuning: Tuning
  readonly storeId: string
  /** Null while blank. */
  identity: NodeIdentity | null
  readonly outputs: Output[]
  readonly counters: Counters
  readonly clock: Clock
  readonly timers: Timers
  readonly commit: GroupCommit
  readonly reads: StoreReads
  readonly peers: Peers
  readonly contact: Contact
  readonly calls: Calls
  readonly groups: Groups
  readonly agreement: Agreement
  readonly snapshots: Snapshots
  readonly shards: Shards
  readonly lackingQueues: LackingQueues
  readonly bodies: Bodies
  readonly repair: Repair
  readonly regression: Regression
  readonly scrubber: Scrubber
  readonly metadata: Metadata
  readonly lease: Lease
  readonly fence: Fence
  readonly topologyDriver: TopologyDriver
  readonly queueNames: QueueNames
  readonly exclusiveQueues: ExclusiveQueues
  readonly reports: Reports
  readonly membership: Membership
  readonly reconciler: Reconciler
  readonly operations: Operations
  readonly gateway: Gateway
  readonly deliveries: Deliveries
  readonly lifetimes: Lifetimes
  readonly deadLettering: DeadLettering
  readonly expiry: Expiry
  readonly gatewayRelay: GatewayRelay
  readonly leaderRelay: LeaderRelay
  readonly rollCalls: RollCalls
  readonly authorization: Authorization
  readonly logins: Logins
  readonly sessions: Sessions
  readonly replies: Replies
  readonly disk: Disk
}

/** One line for the node's log. */
export function log(
  core: Core,
  level: 'debug' | 'info' | 'warn' | 'error',
  message: string,
  fields: Readonly<Record<string, string | number | boolean | null>> = {}
): void {
  core.outputs.push({ type: 'log', level, message, fields })
}
