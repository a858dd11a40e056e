// The machine of the metadata group (architecture, A2, A6): membership, placement, operations,
// users and rights, and the topology. Deterministic: the same entries give the same state, answers
// and effects on every replica. A command that cannot be obeyed is answered with a coded error and
// changes nothing. Anything unexpected is thrown and halts the group's replica (A15), so does a
// command type that this version does not know, since another version might obey it.
import { assert, HoldfastError } from '@holdfast/errors'
import { changeAccess, isAccessCommand } from './access/access-changes.ts'
import { AccessState } from './access/access-state.ts'
import { type ClusterContext, type ClusterFacts, changeCluster } from './cluster-changes.ts'
import { decodeMetadataCommand, unpackMetadataBatch } from './command-codec.ts'
import { type MetadataLimits, metadataLimits } from './limits.ts'
import { MembershipState } from './membership-state.ts'
import type {
  GroupId,
  MetadataApplied,
  MetadataCommand,
  MetadataReply,
  MetadataResult
} from './metadata-command.ts'
import { MetadataEffects } from './metadata-effects.ts'
import {
  hashState,
  type MetadataSnapshot,
  restoreState,
  takeSnapshot
} from './metadata-snapshot.ts'
import type { MetadataState } from './metadata-state.ts'
import { OperationsState } from './operations-state.ts'
import { creationOf, type GroupOutbox, Outbox } from './outbox.ts'
import { PlacementState } from './placement-state.ts'
import { Topology } from './topology.ts'
import { type ChangeContext, changeTopology } from './topology-changes.ts'

type TopologyType = Parameters<typeof changeTopology>[1]['type']

const topologyTypes: ReadonlySet<string> = new Set<TopologyType>([
  'declare-vhost',
  'delete-vhost',
  'declare-exchange',
  'delete-exchange',
  'declare-queue',
  'delete-queue',
  'bind',
  'unbind'
])

function isTopologyCommand(
  command: MetadataCommand
): command is Parameters<typeof changeTopology>[1] {
  return topologyTypes.has(command.type)
}

/** Where an entry stands in the log. */
export interface EntryMeta {
  readonly index: number
  readonly term: number
}

export class MetadataMachine {
  readonly topology: Topology
  readonly access: AccessState = new AccessState()
  readonly membership: MembershipState
  readonly placement: PlacementState
  readonly operations: OperationsState
  readonly outbox: Outbox
  readonly #facts: ClusterFacts = { clusterId: null, version: 1 }
  readonly #limits: MetadataLimits
  readonly #state: MetadataState

  /** All replicas must be given the same limits; others than the default are for tests. */
  constructor(limits: MetadataLimits = metadataLimits) {
    this.#limits = limits
    this.topology = new Topology(limits)
    this.membership = new MembershipState(limits)
    this.placement = new PlacementState(limits)
    this.operations = new OperationsState(limits)
    this.outbox = new Outbox(limits)
    const { topology, access, membership, placement, operations, outbox } = this
    const parts = { facts: this.#facts, topology, membership, placement, operations, outbox }
    this.#state = { ...parts, access, timeMs: 0, appliedIndex: 0, freedIndex: 0, nextBlob: 1 }
  }

  /**
   * Rebuilds the machine from what `snapshot` gave, on this replica or another one. `blobs` holds
   * at least those that the manifest names. @throws AssertionError, FRAME_INVALID when they do not
   * fit together
   */
  static restore(
    manifest: Uint8Array,
    blobs: ReadonlyMap<number, Uint8Array>,
    limits: MetadataLimits = metadataLimits
  ): MetadataMachine {
    const machine = new MetadataMachine(limits)
    restoreState(machine.#state, manifest, blobs)
    return machine
  }

  /** 32 hex digits; null until the cluster is initialised. */
  get clusterId(): string | null {
    return this.#facts.clusterId
  }

  /** Active machine version. */
  get version(): number {
    return this.#facts.version
  }

  /** Log time of the last batch. */
  get timeMs(): number {
    return this.#state.timeMs
  }

  /** Index of the last entry applied. */
  get appliedIndex(): number {
    return this.#state.appliedIndex
  }

  /** No command that was applied has a higher cursor, and each that follows has one. */
  get lastCursor(): number {
    return (this.appliedIndex + 1) * this.#limits.commandsMax - 1
  }

  /**
   * Applies one entry, indexes ascending. @throws whatever halts the group: FRAME_INVALID,
   * VERSION_UNSUPPORTED, OPERATION_UNKNOWN, AssertionError
   */
  apply(meta: EntryMeta, data: Uint8Array): MetadataApplied {
    const state = this.#state
    assert(meta.index > state.appliedIndex, 'entries are applied once and in order')
    const batch = unpackMetadataBatch(data)
    state.timeMs = Math.max(state.timeMs, batch.timeMs)
    const effects = new MetadataEffects()
    const { access, topology } = this
    const accessBefore = access.changes
    const topologyBefore = topology.pages.changes
    const results = batch.commands.map((bytes, position) =>
      this.#answer(bytes, meta.index * this.#limits.commandsMax + position, effects)
    )
    const isAccessChanged = access.changes !== accessBefore
    if (isAccessChanged) effects.add({ type: 'access-changed' })
    if (isAccessChanged || topology.pages.changes !== topologyBefore) {
      topology.revision = meta.index
      effects.add({ type: 'topology-changed', revision: meta.index })
    }
    state.appliedIndex = meta.index
    return { timeMs: state.timeMs, results, effects: effects.effects }
  }

  /** Queue changes that shards have yet to take over, by group, ascending. */
  outboxes(): readonly GroupOutbox[] {
    return this.outbox.all()
  }

  /**
   * The state at the last entry applied. The cost follows what changed since the snapshot before.
   */
  snapshot(lost: ReadonlySet<number> = new Set()): MetadataSnapshot {
    return takeSnapshot(this.#state, lost)
  }

  /**
   * 16 hex digits, equal on all replicas at one index. Reads the whole state: for tests and audits.
   */
  hash(): string {
    return hashState(this.#state)
  }

  /** The same: what changes the metadata is rare, and costs more than to read all of it. */
  digest(): string {
    return this.hash()
  }

  #answer(bytes: Uint8Array, cursor: number, effects: MetadataEffects): MetadataResult {
    try {
      return { reply: this.#obey(decodeMetadataCommand(bytes), cursor, effects) }
    } catch (error) {
      if (!(error instanceof HoldfastError) || error.code === 'OPERATION_UNKNOWN') throw error
      return { error: error.toWire() }
    }
  }

  #obey(command: MetadataCommand, cursor: number, effects: MetadataEffects): MetadataReply {
    if (this.#facts.clusterId === null && command.type !== 'initialise') {
      throw new HoldfastError('UNAVAILABLE', { reason: 'the cluster is not initialised' })
    }
    if (isAccessCommand(command)) {
      const { access, topology } = this
      return changeAccess({ access, topology, limits: this.#limits, cursor }, command)
    }
    if (isTopologyCommand(command)) {
      return changeTopology(this.#changeContext(cursor, effects), command)
    }
    return changeCluster(this.#clusterContext(cursor, effects), command)
  }

  #clusterContext(cursor: number, effects: MetadataEffects): ClusterContext {
    const { topology, access, membership, placement, operations, outbox } = this
    const parts = { facts: this.#facts, topology, membership, placement, operations, outbox }
    const { timeMs } = this.#state
    const effect: ClusterContext['effect'] = (value) => effects.add(value)
    return { ...parts, access, limits: this.#limits, cursor, timeMs, effect }
  }

  #changeContext(cursor: number, effects: MetadataEffects): ChangeContext {
    return {
      topology: this.topology,
      limits: this.#limits,
      cursor,
      queuesMax: (vhost) => this.access.vhostLimit(vhost, 'max-queues'),
      vhostDeleted: (vhost) => this.access.vhostRemoved(vhost),
      checkOutbox: (group) => this.#checkOutbox(group),
      queueCreated: (queue) => {
        this.outbox.add(queue.group, cursor, creationOf(queue))
        effects.addQueue('queue-created', queue)
        effects.add({ type: 'outbox-grew', group: queue.group })
      },
      queueDeleted: (queue) => {
        const { id, group } = queue
        this.outbox.add(group, cursor, { type: 'delete-queue', queue: id })
        effects.addQueue('queue-deleted', queue)
        effects.add({ type: 'outbox-grew', group })
      }
    }
  }

  #checkOutbox(group: GroupId): void {
    if (!this.placement.isShard(group)) throw new HoldfastError('GROUP_NOT_FOUND', { group })
    this.outbox.checkRoom(group)
  }
}
