// Builds the parts of a member around the core that they share.
import { Bodies } from './bodies.ts'
import { type Answer, Calls } from './calls.ts'
import { Clock } from './clock.ts'
import type { Core, MemberOptions } from './core.ts'
import { Counters } from './counters.ts'
import { Deliveries } from './deliveries.ts'
import { Disk } from './disk.ts'
import { Fence } from './fence.ts'
import { Gateway } from './gateway.ts'
import { GroupCommit } from './group-commit.ts'
import { Groups } from './groups.ts'
import { Lease } from './lease.ts'
import { defaultTuning } from './limits.ts'
import type { Recovered } from './log-store.ts'
import { Membership } from './membership.ts'
import { Metadata } from './metadata.ts'
import { Operations } from './operations.ts'
import type { Call } from './peer-message.ts'
import { Peers } from './peers.ts'
import { Reconciler } from './reconciler.ts'
import { Repair } from './repair.ts'
import { Reports } from './reports.ts'
import { Sessions } from './sessions.ts'
import { Shards } from './shards.ts'
import { Snapshots } from './snapshots.ts'
import { StoreReads } from './store-reads.ts'
import { Timers } from './timers.ts'
import { TopologyDriver } from './topology-driver.ts'

export function buildCore(
  options: MemberOptions,
  recovered: Recovered,
  handle: (call: Call, answer: Answer) => void
): Core {
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
  core.calls = new Calls(core, handle)
  core.groups = new Groups(core)
  core.snapshots = new Snapshots(core)
  core.shards = new Shards(core)
  core.bodies = new Bodies(core)
  core.repair = new Repair(core)
  core.metadata = new Metadata(core)
  core.lease = new Lease(core)
  core.fence = new Fence(core)
  core.topologyDriver = new TopologyDriver(core)
  core.reports = new Reports(core)
  core.membership = new Membership(core)
  core.reconciler = new Reconciler(core)
  core.operations = new Operations(core)
  core.gateway = new Gateway(core)
  core.deliveries = new Deliveries(core)
  core.sessions = new Sessions(core)
  core.disk = new Disk(core)
  return core
}
