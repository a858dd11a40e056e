// All Raft groups of this node: the metadata group and the shards with a replica here. They are
// born at bootstrap, found on disk, or made blank when a leader writes to a replica that does not
// exist yet.
import { type MetadataMachine, metadataLimits, ShardMachine } from '@holdfast/broker'
import { assert } from '@holdfast/errors'
import {
  bootstrapState,
  type Message,
  type RaftInitialState,
  type ReplicaId,
  type SnapshotMeta
} from '@holdfast/raft'
import { openReplica } from '../audit-calls.ts'
import type { Core } from '../core.ts'
import { log } from '../core.ts'
import { times } from '../limits.ts'
import type { Blob, GroupId, IndexRange, RecoveredGroup } from '../log-store.ts'
import { leaveGroups } from '../membership/leaving.ts'
import type { MetadataGroup } from '../metadata/metadata.ts'
import { SharedRoom } from '../peers/shared-room.ts'
import { type ShardGroup, ShardHost } from '../publishing/shards.ts'
import type { MachineHash } from '../status.ts'
import { Beat } from './beat.ts'
import { boundBodies } from './body-bound.ts'
import { Group } from './group.ts'
import { bytesInFlight, configOf } from './group-config.ts'
import { metadataLeadership, shardLeadership } from './leadership.ts'
import { LeftGroups } from './left-groups.ts'
import { recoveredState } from './recovered-state.ts'
import { nodeOf, replicaOf } from './replica-id.ts'
import type { MachineSnapshot } from './snapshots.ts'

export type AnyGroup = MetadataGroup | ShardGroup

/** Rounds of propose, persist, apply in one step before the rest waits for the next. */
const roundsMax = 16

export class Groups {
  readonly #core: Core
  readonly #shards = new Map<GroupId, { readonly group: ShardGroup; host: ShardHost }>()
  readonly #left = new LeftGroups()
  #all: AnyGroup[] = []
  readonly #room: SharedRoom<AnyGroup>
  #leaveAtMs = 0
  readonly #beat = new Beat()

  constructor(core: Core) {
    this.#core = core
    this.#room = new SharedRoom(core.tuning.laneBytesMax, (replica) =>
      bytesInFlight(this.#all, replica)
    )
  }

  /** This node's replica id. Only where the node has an identity. */
  get selfReplica(): number {
    const { identity } = this.#core
    assert(identity !== null, 'a node without an identity has no replicas')
    return replicaOf(identity.node, identity.incarnation)
  }

  all(): readonly AnyGroup[] {
    return this.#all
  }

  get(id: GroupId): AnyGroup | undefined {
    return id === 0 ? (this.#core.metadata.group ?? undefined) : this.#shards.get(id)?.group
  }

  shard(id: GroupId): ShardGroup | undefined {
    return this.#shards.get(id)?.group
  }

  shardHost(id: GroupId): ShardHost | undefined {
    return this.#shards.get(id)?.host
  }

  /** Opens a replica as the store found it. */
  recover(recovered: RecoveredGroup): void {
    if (this.#left.recover(recovered)) return
    const { group, snapshot } = recovered
    this.#open(group, recoveredState(recovered))
    if (snapshot === null) return
    this.#restore(group, snapshot.meta, snapshot.blobs)
    const blobs = snapshot.blobs.map((blob) => blob.id)
    this.#core.snapshots.restored(group, snapshot.meta, blobs)
  }

  /** A group of one voter, this node. */
  bootstrap(id: GroupId): void {
    this.#open(id, bootstrapState(this.selfReplica)).raft.campaign()
  }

  /** It learns all from the leader, and keeps what it promised if it was a member before. */
  openBlank(id: GroupId): AnyGroup {
    return this.get(id) ?? this.#open(id, this.#left.return(id))
  }

  receive(id: GroupId, message: Message): void {
    if (message.to !== this.selfReplica) return
    const group = this.get(id) ?? this.#bornBy(id, message)
    if (group === undefined) return
    if (isFromLeader(message)) group.heardMs = this.#core.clock.nowMs
    if (message.type === 'heartbeat-request') this.#beat.heard()
    this.#guard(group, () => group.step(message))
  }

  /** A leader writes to a replica that is not here yet: it is a new member of that group. */
  #bornBy(id: GroupId, message: Message): AnyGroup | undefined {
    return isFromLeader(message) && id <= metadataLimits.shardsMax ? this.openBlank(id) : undefined
  }

  #open(id: GroupId, initial: RaftInitialState): AnyGroup {
    const raft = openReplica(this.#core, id, configOf(this.#core, id), initial)
    if (id === 0) {
      const group = new Group(this.#core, id, raft, this.#core.metadata)
      group.onLeadership = () => metadataLeadership(this.#core)
      this.#core.metadata.group = group
      this.#listAll()
      return group
    }
    const host = new ShardHost(this.#core, id, new ShardMachine({ group: id }))
    const group = new Group(this.#core, id, raft, host)
    group.onLeadership = (isLeading) => shardLeadership(this.#core, id, isLeading)
    this.#shards.set(id, { group, host })
    this.#listAll()
    return group
  }

  #listAll(): void {
    const { group } = this.#core.metadata
    const shards = [...this.#shards].sort(([a], [b]) => a - b).map(([, shard]) => shard.group)
    this.#all = group === null ? shards : [group, ...shards]
  }

  /** Whether a group may send so many bytes to a replica beside what all have in flight to it. */
  admits(id: GroupId, replica: ReplicaId, bytes: number): boolean {
    const group = this.get(id)
    return group === undefined || this.#room.admits(group, replica, bytes)
  }

  /** Ticks that may pass at once: one where each matters. */
  get restTicks(): number {
    return this.#all.some((group) => group.isRestless) ? 1 : this.#beat.restTicks
  }

  tick(ticks: number): void {
    const isBeat = this.#beat.tick(ticks)
    for (const group of this.#all) this.#guard(group, () => group.tick(ticks, isBeat))
    const { nowMs } = this.#core.clock
    if (nowMs < this.#leaveAtMs) return
    this.#leaveAtMs = nowMs + times.reconcileMs
    leaveGroups(this.#core)
  }

  /** Proposes, persists, sends and applies until nothing is left to do. */
  work(): boolean {
    if (this.#beat.join()) for (const group of this.#all) this.#guard(group, () => group.beat())
    let hasWorked = false
    for (let round = 0; round < roundsMax; round++) {
      let isBusy = false
      for (const group of this.#room.inTurn(this.#all)) {
        if (group.waitingBytes === 0 && group.raft.isQuiet) continue
        this.#guard(group, () => {
          group.propose()
          if (group.work()) isBusy = true
        })
      }
      if (!isBusy) break
      hasWorked = true
    }
    if (hasWorked) {
      this.#core.snapshots.lookAgain()
      boundBodies(this.#all, this.#core.tuning.bodyBytesMax)
    }
    return hasWorked
  }

  /** Reads all state: for tests and audits. */
  machineHashes(): readonly MachineHash[] {
    return this.#all.map(({ id, raft }) => {
      const hash = this.machine(id).hash()
      return { group: id, replica: this.selfReplica, applied: raft.appliedIndex, hash }
    })
  }

  /** Of a group that is open. */
  machine(id: GroupId): ShardMachine | MetadataMachine {
    const shard = this.#shards.get(id)
    assert(id === 0 || shard !== undefined, 'the group of a machine is open')
    return shard?.host.machine ?? this.#core.metadata.machine
  }

  snapshotMachine(id: GroupId, lost: ReadonlySet<number>): MachineSnapshot {
    return this.machine(id).snapshot(lost)
  }

  /** All parts of an offered snapshot are durable: they replace log and machine, in one write. */
  install(
    id: GroupId,
    meta: SnapshotMeta,
    blobs: readonly Blob[],
    retained: readonly IndexRange[]
  ): void {
    const group = this.get(id)
    if (group === undefined) return
    // What came to the log in this step is written before what takes the log's place.
    this.#guard(group, () => group.carryOut())
    if (group.haltedReason !== null || !group.raft.beginInstall(meta)) return
    const { term, vote, commit: known } = group.raft.hardState
    const hardState = { term, vote, commit: Math.max(known, meta.id.index) }
    const ids = blobs.map((blob) => blob.id)
    const { commit, counters, snapshots } = this.#core
    snapshots.installing(id)
    const record = commit.addInstall({ group: id, meta, hardState, blobs: ids, retained })
    commit.whenDurable(record, () => {
      if (this.get(id) !== group) return
      this.#guard(group, () => {
        this.#restore(id, meta, blobs)
        group.appliedBytes = 0
        group.raft.installed(meta)
        snapshots.restored(id, meta, ids)
        counters.snapshotsInstalled++
      })
    })
  }

  #restore(id: GroupId, meta: SnapshotMeta, blobs: readonly Blob[]): void {
    const byId = new Map(blobs.map((blob) => [blob.id, blob.bytes]))
    if (id === 0) {
      this.#core.metadata.restore(meta.manifest, byId)
      this.#core.membership.nodesChanged()
      return
    }
    const shard = this.#shards.get(id)
    assert(shard !== undefined, 'a restored shard is open')
    const firstBlobId = this.#core.snapshots.firstFreeBlob(id)
    const machine = ShardMachine.restore(meta.manifest, byId, { group: id, firstBlobId })
    shard.host = new ShardHost(this.#core, id, machine)
    shard.group.host = shard.host
  }

  /**
   * This node is no member of the group any more: nothing of it is kept but what its replica
   * promised, since it may come back under the same id. `leader` is what the leader said last.
   */
  drop(id: GroupId, leader: { readonly term: number; readonly commit: number }): void {
    const group = this.#shards.get(id)?.group
    if (group === undefined) return
    const promise = this.#left.leave(id, group.raft.hardState, leader)
    this.#shards.delete(id)
    this.#listAll()
    this.#core.snapshots.forget(id)
    this.#core.agreement.forget(id)
    this.#core.reads.forget(id)
    this.#core.commit.addRemovedGroup(id, promise)
    log(this.#core, 'info', 'left a group', { group: id })
  }

  /** The process of a node is gone: who followed it need not wait for a timeout. */
  nodeGone(node: number): void {
    for (const group of this.#all) {
      if (group.leaderNode === node) this.#guard(group, () => group.raft.leaderGone())
    }
  }

  /** What is sent to a node arrives from here on: a group without a leader may elect one. */
  linkUp(node: number): void {
    for (const group of this.#all) {
      const { voters, outgoing } = group.raft.configuration
      const isVoter = [...voters, ...outgoing].some((replica) => nodeOf(replica) === node)
      if (isVoter && group.haltedReason === null) this.#guard(group, () => group.raft.hasten())
    }
  }

  /** The raft lane to a node broke: what was in flight may be lost. */
  linkDown(node: number): void {
    for (const { raft } of this.#all) {
      for (const { replica } of raft.progress()) {
        if (nodeOf(replica) === node) raft.reportUnreachable(replica)
      }
    }
  }

  /** A broken invariant halts the replica it happened in, loudly; other groups go on. */
  #guard(group: AnyGroup, work: () => void): void {
    try {
      work()
    } catch (error) {
      this.halt(group, error instanceof Error ? (error.stack ?? error.message) : String(error))
    }
  }

  halt(group: AnyGroup, reason: string): void {
    log(this.#core, 'error', 'a replica halted', { group: group.id, reason })
    group.halt(reason)
  }
}

function isFromLeader({ type }: Message): boolean {
  return type === 'append-request' || type === 'heartbeat-request' || type === 'snapshot-request'
}
