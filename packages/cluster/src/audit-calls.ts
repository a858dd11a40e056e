// What a member tells whoever audits it (audit.ts); nothing where nobody does.
import type {
  DeliveryRun,
  MetadataMachine,
  QueueTarget,
  QueueView,
  ShardMachine
} from '@holdfast/broker'
import { Raft, type RaftConfig, type RaftInitialState } from '@holdfast/raft'
import type {
  AuditedReplica,
  MetadataApplied,
  RoutingLease,
  SectionAnswer,
  ShardApplied
} from './audit.ts'
import type { Core } from './core.ts'
import type { GroupId } from './log-store.ts'

function replicaOf(core: Core, group: GroupId): AuditedReplica {
  return { group, replica: core.groups.selfReplica }
}

export function openReplica(
  core: Core,
  group: GroupId,
  config: RaftConfig,
  initial: RaftInitialState
): Raft {
  const { audit } = core.options
  return audit?.openReplica(group, config, initial) ?? new Raft(config, initial)
}

export function tellShardApplied(core: Core, group: GroupId, applied: ShardApplied): void {
  core.options.audit?.shardApplied(replicaOf(core, group), applied)
}

export function tellMetadataApplied(core: Core, applied: MetadataApplied): void {
  core.options.audit?.metadataApplied(replicaOf(core, 0), applied)
}

function machineOf(core: Core, group: GroupId): ShardMachine | MetadataMachine {
  return core.groups.shardHost(group)?.machine ?? core.metadata.machine
}

export function tellSnapshotTaken(core: Core, group: GroupId): void {
  core.options.audit?.snapshotTaken(replicaOf(core, group), machineOf(core, group))
}

/** The machine of the group was made anew from a snapshot. */
export function tellRestored(core: Core, group: GroupId): void {
  core.options.audit?.restored(replicaOf(core, group), machineOf(core, group))
}

export function tellChangesAnswered(core: Core, index: number): void {
  core.options.audit?.changesAnswered(index)
}

export function tellRoutes(core: Core): void {
  core.options.audit?.routes(replicaOf(core, 0), core.metadata.appliedIndex)
}

/** What follows a fence; whoever audits is told how far the metadata is by then. */
export function auditedFence(
  core: Core,
  done: (isCurrent: boolean) => void
): (isCurrent: boolean) => void {
  const tell = core.identity === null ? undefined : core.options.audit?.waits(replicaOf(core, 0))
  if (tell === undefined) return done
  return (isCurrent) => {
    if (isCurrent) tell(core.metadata.appliedIndex)
    done(isCurrent)
  }
}

function ofNoInterest(): void {}

/** A publish comes; what is returned is to be called when it is found to go nowhere. */
export function auditedArrival(core: Core): () => void {
  if (core.identity === null) return ofNoInterest
  return core.options.audit?.arrives(replicaOf(core, 0)) ?? ofNoInterest
}

export function tellLeaseGranted(core: Core, grant: RoutingLease): void {
  core.options.audit?.leaseGranted(grant)
}

export function tellLeaseTaken(core: Core, lease: RoutingLease): void {
  core.options.audit?.leaseTaken(lease)
}

export function tellHandedOut(
  core: Core,
  group: GroupId,
  handedOut: { readonly queue: QueueView; readonly run: DeliveryRun; readonly to: string }
): void {
  const term = core.groups.shard(group)?.raft.term
  if (term === undefined) return
  core.options.audit?.handedOut(replicaOf(core, group), { term, ...handedOut })
}

export function tellRollAnswered(core: Core, group: GroupId, node: number): void {
  const term = core.groups.shard(group)?.raft.term
  if (term === undefined) return
  core.options.audit?.rollAnswered(replicaOf(core, group), { term, node })
}

export function tellRollOver(core: Core, group: GroupId): void {
  const term = core.groups.shard(group)?.raft.term
  if (term === undefined) return
  core.options.audit?.rollOver(replicaOf(core, group), { term })
}

export function tellSectionAnswered(core: Core, answer: SectionAnswer): void {
  core.options.audit?.sectionAnswered(replicaOf(core, answer.group), answer)
}

export function tellRelaySettled(core: Core, queue: QueueTarget, ranges: readonly number[]): void {
  core.options.audit?.relaySettled({ queue, ranges })
}
