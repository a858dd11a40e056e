// Builds the parts of a member around the core that they share.

import { Authorization } from './access/authorization.ts'
import { Logins } from './access/logins.ts'
import { Reports } from './administration/reports.ts'
import { Clock } from './clock.ts'
import { Agreement } from './consensus/agreement.ts'
import { GroupCommit } from './consensus/group-commit.ts'
import { Groups } from './consensus/groups.ts'
import { Regression } from './consensus/regression.ts'
import { Repair } from './consensus/repair.ts'
import { Scrubber } from './consensus/scrubber.ts'
import { Snapshots } from './consensus/snapshots.ts'
import { StoreReads } from './consensus/store-reads.ts'
import type { Core, MemberOptions } from './core.ts'
import { Counters } from './counters.ts'
import { DeadLettering } from './dead-lettering/dead-lettering.ts'
import { Bodies } from './delivering/bodies.ts'
import { Deliveries } from './delivering/deliveries.ts'
import { Expiry } from './delivering/expiry.ts'
import { Lifetimes } from './delivering/lifetimes.ts'
import { Disk } from './disk.ts'
import { defaultTuning } from './limits.ts'
import type { Recovered } from './log-store.ts'
import { Membership } from './membership/membership.ts'
import { Operations } from './membership/operations.ts'
import { Reconciler } from './membership/reconciler.ts'
import { ExclusiveQueues } from './metadata/exclusive-queues.ts'
import { Fence } from './metadata/fence.ts'
import { Lease } from './metadata/lease.ts'
import { Metadata } from './metadata/metadata.ts'
import { QueueNames } from './metadata/queue-names.ts'
import { TopologyDriver } from './metadata/topology-driver.ts'
import { Calls, type Handle } from './peers/calls.ts'
import { Contact } from './peers/contact.ts'
import { Peers } from './peers/peers.ts'
import { Gateway } from './publishing/gateway.ts'
import { LackingQueues } from './publishing/lacking-queues.ts'
import { Shards } from './publishing/shards.ts'
import { GatewayRelay } from './relaying/gateway-relay.ts'
import { LeaderRelay } from './relaying/leader-relay.ts'
import { RollCalls } from './relaying/roll-calls.ts'
import { Replies } from './sessions/replies.ts'
import { Sessions } from './sessions/sessions.ts'
import { Timers } from './timers.ts'

export function buildCore(options: MemberOptions, recovered: Recovered, handle: Handle): Core {
  // The parts keep the core they are given and use each other only once all of them are there.
  const core = {
    options,
    tuning: { ...defaultTuning, ...options.tuning },
    storeId: recovered.storeId,
    identity: recovered.identity,
    outputs: [],
    counters: new Counters(),
    clock: new Clock()
  } as unknown as { -readonly [Part in keyof Core]: Core[Part] }
  core.timers = new Timers(core.clock)
  core.commit = new GroupCommit(core, recovered.lastRecord)
  core.reads = new StoreReads(core)
  core.peers = new Peers(core)
  core.contact = new Contact(core)
  core.calls = new Calls(core, handle)
  core.groups = new Groups(core)
  core.agreement = new Agreement(core)
  core.snapshots = new Snapshots(core)
  core.shards = new Shards(core)
  core.lackingQueues = new LackingQueues(core)
  core.bodies = new Bodies(core)
  core.repair = new Repair(core)
  core.regression = new Regression(core)
  core.scrubber = new Scrubber(core)
  core.metadata = new Metadata(core)
  core.lease = new Lease(core)
  core.fence = new Fence(core)
  core.topologyDriver = new TopologyDriver(core)
  core.queueNames = new QueueNames(core)
  core.exclusiveQueues = new ExclusiveQueues(core)
  core.reports = new Reports(core)
  core.membership = new Membership(core)
  core.reconciler = new Reconciler(core)
  core.operations = new Operations(core)
  core.gateway = new Gateway(core)
  core.deliveries = new Deliveries(core)
  core.lifetimes = new Lifetimes(core)
  core.deadLettering = new DeadLettering(core)
  core.expiry = new Expiry(core)
  core.gatewayRelay = new GatewayRelay(core)
  core.leaderRelay = new LeaderRelay(core)
  core.rollCalls = new RollCalls(core)
  core.authorization = new Authorization(core)
  core.logins = new Logins(core)
  core.sessions = new Sessions(core)
  core.replies = new Replies(core)
  core.disk = new Disk(core)
  return core
}

/** Opens what the store found, or begins a cluster. */
export function start(core: Core, recovered: Recovered): void {
  // The first record of this process makes the numbers of its gateway unlike those of any other.
  const record = core.commit.addStart()
  for (const group of recovered.groups) core.groups.recover(group)
  core.membership.recover(recovered.peers)
  const { bootstrap } = core.options
  if (core.identity === null && bootstrap !== null) core.membership.bootstrap(bootstrap.clusterId)
  else if (core.identity !== null) core.groups.openBlank(0)
  core.commit.whenDurable(record, () => {
    core.gateway.open(record)
    core.queueNames.open(record)
  })
}
