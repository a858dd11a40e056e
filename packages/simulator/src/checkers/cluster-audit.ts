// All checkers of a simulated cluster, wired: one ledger a group, whoever its replicas are, and an
// audit for each process. A world makes one, and tells it what leaves nodes and what reaches disks;
// it draws no chance and changes nothing, so a seed runs the same with it and without.
import { type MetadataMachine, replicaId, type ShardMachine } from '@holdfast/broker'
import {
  type Audit,
  type AuditedReplica,
  type CommitRecord,
  type GroupId,
  readPeerFrame
} from '@holdfast/cluster'
import type { StoredGroup } from '@holdfast/cluster/contract'
import type { HardState } from '@holdfast/raft'
import { ObservedRaft } from '../refinement/observed-raft.ts'
import type { ActionCounts } from '../refinement/replica-watch.ts'
import type { Host } from '../world/host.ts'
import { join } from '../world/join.ts'
import type { Observer } from '../world/observer.ts'
import type { Process } from '../world/process.ts'
import { Answers } from './answers.ts'
import { unrest } from './at-rest.ts'
import { firstOf, type Report } from './checks.ts'
import { DeliveryLedger } from './delivery-ledger.ts'
import { contradiction, floorOf, untruth } from './disk-truth.ts'
import { GroupLedger } from './group-ledger.ts'
import { HandOverTimes } from './hand-over-times.ts'
import { KeptDeliveries } from './kept.ts'
import { keyOf, Lives } from './lives.ts'
import { MachineAgreement } from './machine-agreement.ts'
import { MetadataComparison } from './metadata-comparison.ts'
import { freedWhileLive, keptThoughDead, notCommitted, notRetained } from './retention.ts'
import { RoutesInForce } from './routes-in-force.ts'
import { RoutingLeases } from './routing-leases.ts'
import { ShardComparison } from './shard-comparison.ts'
import { machineOnDisk } from './stored-snapshot.ts'

interface Checkers {
  readonly ledger: GroupLedger
  readonly agreement: MachineAgreement
  readonly comparison: ShardComparison
  readonly deliveries: DeliveryLedger
}

type Left = Parameters<NonNullable<Observer['left']>>[1]

export class ClusterAudit implements Observer {
  readonly counts: ActionCounts = new Map()
  /** To be told of what clients hear. */
  readonly answers: Answers
  /** To be told of what clients of AMQP hold. */
  readonly kept: KeptDeliveries
  readonly handOvers: HandOverTimes = new HandOverTimes()
  readonly #report: Report
  readonly #checksum: (bytes: Uint8Array) => number
  readonly #nowMs: () => number
  readonly metadata: MetadataComparison
  readonly #routes: RoutesInForce
  readonly #routingLeases: RoutingLeases
  readonly #groups = new Map<GroupId, Checkers>()
  readonly #lives = new Lives()
  /** Entries on the disk before the record that takes effect now. */
  readonly #held = new Map<GroupId, ReadonlySet<number>>()
  /** Term and vote on the disk before that record. */
  readonly #promised = new Map<GroupId, HardState | undefined>()
  /** Up to where the disk may know more to be committed than it has after that record. */
  readonly #floors = new Map<GroupId, number>()
  /** By replica: the store that got this name. */
  readonly #stores = new Map<number, string>()

  /** `fail` gets what is broken: the name of the check and what happened. */
  constructor(fail: Report, checksum: (bytes: Uint8Array) => number, nowMs: () => number) {
    this.#checksum = checksum
    this.#nowMs = nowMs
    this.#report = firstOf(fail)
    this.kept = new KeptDeliveries(this.#report, nowMs, (group, name) => {
      return this.#group(group).comparison.openQueue(name)
    })
    this.metadata = new MetadataComparison(this.#report)
    this.#routingLeases = new RoutingLeases(this.#report, nowMs)
    this.#routes = new RoutesInForce(this.#report, this.#routingLeases)
    this.answers = new Answers(this.#report, () => {
      return [...this.#groups.values()].map(({ comparison }) => comparison)
    })
  }

  #group(group: GroupId): Checkers {
    let checkers = this.#groups.get(group)
    if (checkers === undefined) {
      const [name, report] = [`group ${group}`, this.#report]
      checkers = {
        ledger: new GroupLedger(name, report, this.#checksum, true),
        agreement: new MachineAgreement(name, report),
        comparison: new ShardComparison(name, report, {
          settles: (ending) => this.answers.settles(ending),
          taken: (letter) => this.answers.taken(letter),
          returned: ({ term, isUnclaimed, ...message }) =>
            this.kept.returned({ group, term }, message, isUnclaimed),
          opened: (term, queue) => this.kept.opened({ group, term }, queue)
        }),
        deliveries: new DeliveryLedger(name, report, this.#nowMs)
      }
      this.#groups.set(group, checkers)
    }
    return checkers
  }

  /** The audit of one process; its disk is read when it speaks. */
  ofProcess(epoch: number): Audit {
    return {
      openReplica: (...of) => this.#open(epoch, ...of),
      shardApplied: ({ group, replica }, { id, data, machine, replies, effects }) => {
        const { agreement, comparison, deliveries } = this.#group(group)
        const life = this.#lives.get({ group, replica })
        if (life !== undefined) life.machine = machine
        deliveries.applied(replica, id.term, machine, effects)
        agreement.applied(replica, id.index, JSON.stringify([replies, effects]), machine)
        comparison.applied({ ...id, data, machine, replies, effects })
      },
      metadataApplied: ({ replica }, { id, data, machine, results }) => {
        this.#group(0).agreement.applied(replica, id.index, '', machine)
        this.#routingLeases.applied(epoch, id.index)
        this.metadata.applied({ index: id.index, data, machine, results })
      },
      snapshotTaken: ({ group, replica }, machine) => {
        this.#group(group).agreement.taken(replica, machine.appliedIndex, machine)
      },
      changesAnswered: (index) => this.#routes.answered(index),
      routes: ({ replica }, applied) => this.#routes.routes(replica, applied),
      waits: ({ replica }) => this.#routes.waits(replica, this.#group(0).ledger.committedIndex),
      arrives: ({ replica }) => this.#routes.arrives(replica),
      leaseGranted: (grant) => this.#routingLeases.granted(grant),
      leaseTaken: (lease) => this.#routingLeases.taken(epoch, lease),
      restored: (replica, machine) => this.#restored(epoch, replica, machine),
      handedOut: ({ group, replica }, { term, queue, run, to }) => {
        const { ledger, deliveries, comparison } = this.#group(group)
        this.handOvers.handedOut(queue.name, run, this.#nowMs())
        deliveries.givenTo(queue.id, to, comparison.queue(queue.id))
        deliveries.handedOut({ replica, term, latestTerm: ledger.latestTerm }, queue, run)
      },
      rollAnswered: ({ group }, { term, node }) => this.kept.rollAnswered(group, term, node),
      rollOver: ({ group }, { term }) => this.kept.rollOver({ group, term }),
      sectionAnswered: ({ group, replica }, answer) => {
        this.#group(group).comparison.answered(replica, answer)
      },
      relaySettled: ({ queue: { group, id }, ranges }) => {
        this.#group(group).comparison.settled(id, ranges)
      }
    }
  }

  #open(epoch: number, ...of: Parameters<Audit['openReplica']>): ObservedRaft {
    const [group, config, initial] = of
    const { ledger } = this.#group(group)
    return this.#lives.begin({ group, replica: config.id }, epoch, (remains) => {
      return new ObservedRaft(config, initial, ledger, { remains, counts: this.counts })
    })
  }

  #restored(epoch: number, of: AuditedReplica, machine: ShardMachine | MetadataMachine): void {
    const { group, replica } = of
    if (group === 0) this.#routingLeases.applied(epoch, machine.appliedIndex)
    this.#group(group).agreement.stands(`${replica}`, machine.appliedIndex, machine)
    const life = this.#lives.get({ group, replica })
    if (life === undefined || !('retainedEntries' in machine)) return
    life.machine = machine
    const retained = life.installed
    life.installed = null
    const missing = retained === null ? [] : notRetained(machine.retainedEntries(), retained)
    if (missing.length === 0) return
    const what = `replica ${replica} installs a snapshot without ${missing}`
    this.#report('live-retained', `group ${group}: ${what}`)
  }

  /** How often each action of the specification was taken, as marks. */
  get marks(): ReadonlyMap<string, number> {
    return new Map([...this.counts].map(([action, count]) => [`raft ${action}`, count]))
  }

  /** A frame leaves a node: what it rests on must be on its disk by now. */
  left({ host }: Process, output: Left): void {
    if (output.type !== 'peer-send' || output.lane !== 'raft') return
    for (const message of readPeerFrame(join(output.chunks)).messages) {
      if (message.type !== 'raft') continue
      const { group, message: said } = message
      const reason = untruth(host.disk.groups.get(group), said)
      if (reason !== null) this.#report('persist-before-speak', `group ${group}: ${reason}`)
      this.#group(group).ledger.sent(said)
    }
  }

  /** No replica has an entry intact: its messages wait, and others pass them. */
  bodyLost(group: GroupId): void {
    this.#group(group).deliveries.mayPassOver = true
  }

  writing({ disk }: Host, record: CommitRecord): void {
    this.#held.clear()
    this.#promised.clear()
    this.#floors.clear()
    for (const { group, hardState } of [...record.groups, ...record.installs]) {
      const stored = disk.groups.get(group)
      this.#promised.set(group, stored?.hardState)
      this.#floors.set(
        group,
        floorOf(stored, record.removedGroups.includes(group) ? hardState : null)
      )
    }
    for (const { group } of record.snapshots) {
      this.#held.set(group, new Set(disk.groups.get(group)?.entries.keys()))
    }
  }

  #named(replica: number, storeId: string): void {
    const known = this.#stores.get(replica)
    this.#stores.set(replica, storeId)
    if (known === undefined || known === storeId) return
    this.#report('one-identity', `replica ${replica} is the name of ${known} and ${storeId}`)
  }

  /** A process is gone, and leads nothing any more. */
  ended({ epoch }: Pick<Process, 'epoch'>): void {
    this.#routingLeases.ended(epoch)
    this.#lives.ended(epoch)
  }

  /** What is left to do where everything should be done; null if nothing is. */
  get unrest(): string | null {
    return unrest(this.#groups.keys(), this.#lives.all())
  }

  /** A snapshot that is on a disk is the state that it was taken of. */
  #readBack(group: GroupId, replica: number, stored: StoredGroup | undefined): void {
    const { agreement } = this.#group(group)
    if (stored?.meta == null || !agreement.hasCompared(replica, stored.meta.id.index)) return
    const who = `the snapshot of ${replica}`
    try {
      const machine = machineOnDisk(group, stored)
      if (machine === null) return
      const { appliedIndex } = machine
      agreement.stands(who, appliedIndex, machine)
      const isShard = 'retainedEntries' in machine
      const dead = isShard ? keptThoughDead(machine.retainedEntries(), appliedIndex, stored) : []
      if (dead.length > 0) this.#report('dead-freed', `group ${group}: ${who} leaves ${dead}`)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      const detail = `group ${group}: ${who} cannot be read: ${reason}`
      this.#report('machine-agreement', detail)
    }
  }

  /** A snapshot frees entries: none of those may be live in the machine of this replica. */
  durable({ disk }: Host, record: CommitRecord): void {
    const { node, incarnation } = disk.identity ?? { node: 0, incarnation: 0 }
    const replica = replicaId(node, incarnation)
    if (record.identity !== null) this.#named(replica, disk.storeId)
    for (const [group, before] of this.#promised) {
      const stored = disk.groups.get(group)
      const reason =
        stored === undefined ? null : contradiction(before, stored, this.#floors.get(group) ?? 0)
      if (reason !== null) this.#report('durable-truth', `group ${group} of ${replica}: ${reason}`)
    }
    for (const [group, entries] of this.#held) {
      const live = this.#lives.get({ group, replica })?.machine?.retainedEntries() ?? []
      const freed = freedWhileLive(live, entries, disk.groups.get(group))
      if (freed.length === 0) continue
      this.#report('live-retained', `group ${group}: replica ${replica} freed ${freed}`)
    }
    for (const { group } of record.snapshots) this.#readBack(group, replica, disk.groups.get(group))
    for (const { group, retained } of record.installs) {
      const { ledger } = this.#group(group)
      const termOf = (index: number): number | null => ledger.committedTerm(index)
      const others = notCommitted(retained, disk.groups.get(group), termOf)
      if (others.length > 0) {
        const what = `replica ${replica} takes ${others} of another log for retained`
        this.#report('live-retained', `group ${group}: ${what}`)
      }
      const life = this.#lives.get({ group, replica })
      if (life !== undefined) life.installed = retained
    }
    for (const group of record.removedGroups) {
      const of = { group, replica }
      if (this.#lives.leaves(of, disk.groups.get(group))) continue
      this.#report('durable-truth', `${keyOf(of)} leaves and forgets what it promised`)
    }
  }
}
