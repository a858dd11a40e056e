// The production replica, with somebody looking over its shoulder: each call goes through to it,
// and the watch compares before and after. Nothing of the replica is changed.
import {
  type ConfigurationTarget,
  type Entry,
  type EntryId,
  type Message,
  Raft,
  type RaftConfig,
  type RaftInitialState,
  type Ready,
  type ReplicaId,
  type SnapshotMeta
} from '@holdfast/raft'
import type { GroupLedger } from '../checkers/group-ledger.ts'
import { factsBefore } from './log-guards.ts'
import { type ActionCounts, ReplicaWatch } from './replica-watch.ts'
import type { Remains } from './restart-guard.ts'

export class ObservedRaft extends Raft {
  readonly #watch: ReplicaWatch

  constructor(
    config: RaftConfig,
    initial: RaftInitialState,
    ledger: GroupLedger,
    options: { readonly remains: Remains | null; readonly counts: ActionCounts }
  ) {
    super(config, initial)
    const isUnpersisted = initial.isUnpersisted === true
    const { electionTimeoutTicks } = config
    const how = { electionTimeoutTicks, isUnpersisted }
    this.#watch = new ReplicaWatch(this, ledger, options.counts, how)
    this.#watch.restarted(options.remains)
  }

  /** What the next life of this replica must find on its disk. */
  get remains(): Remains {
    return this.#watch.remains
  }

  override tick(isBeat?: boolean): void {
    super.tick(isBeat)
    this.#watch.after({ type: 'tick' })
  }

  override standStill(ticks: number): void {
    super.standStill(ticks)
    this.#watch.passed(ticks)
  }

  override step(message: Message): void {
    const isMine = message.to === this.id && message.from !== this.id
    const append = isMine ? factsBefore(this, message) : null
    super.step(message)
    if (isMine) this.#watch.after({ type: 'message', message, append })
  }

  override campaign(): void {
    super.campaign()
    this.#watch.after({ type: 'campaign' })
  }

  override hasten(): void {
    super.hasten()
    this.#watch.after({ type: 'hasten' })
  }

  override leaderGone(): void {
    super.leaderGone()
    this.#watch.after({ type: 'leader-gone' })
  }

  override propose(data: Uint8Array): EntryId | null {
    const id = super.propose(data)
    this.#watch.after({ type: 'propose' })
    return id
  }

  override proposeConfiguration(target: ConfigurationTarget): EntryId | null {
    const id = super.proposeConfiguration(target)
    this.#watch.after({ type: 'configure' })
    return id
  }

  override transfer(to: ReplicaId): boolean {
    const isBegun = super.transfer(to)
    this.#watch.after({ type: 'transfer' })
    return isBegun
  }

  override requestRead(id: number): void {
    this.#watch.asked(id)
    super.requestRead(id)
  }

  override get hasReady(): boolean {
    // Only a leader has standing duties that change something.
    const isLeader = super.isLeader
    const hasReady = super.hasReady
    if (isLeader) this.#watch.after({ type: 'flush' })
    return hasReady
  }

  override ready(): Ready {
    const ready = super.ready()
    this.#watch.readied(ready)
    return ready
  }

  override persisted(number: number): void {
    this.#watch.persisting(number)
    super.persisted(number)
    this.#watch.after({ type: 'persisted' })
  }

  override applied(index: number): void {
    super.applied(index)
    this.#watch.applied()
  }

  override supply(replica: ReplicaId, entries: readonly Entry[]): void {
    super.supply(replica, entries)
    this.#watch.after({ type: 'supply' })
  }

  override loadFailed(replica: ReplicaId): void {
    super.loadFailed(replica)
    this.#watch.after({ type: 'supply' })
  }

  override snapshotTaken(meta: SnapshotMeta): void {
    this.#watch.takes(meta)
    super.snapshotTaken(meta)
    this.#watch.after({ type: 'snapshot-taken' })
  }

  override compact(firstIndex: number): void {
    super.compact(firstIndex)
    this.#watch.after({ type: 'compact', firstIndex })
  }

  override beginInstall(meta: SnapshotMeta): boolean {
    const isBegun = super.beginInstall(meta)
    if (isBegun) this.#watch.installing(meta)
    return isBegun
  }

  override installed(meta: SnapshotMeta): void {
    super.installed(meta)
    this.#watch.after({ type: 'installed', meta })
  }

  override snapshotRefused(from: ReplicaId): void {
    super.snapshotRefused(from)
    this.#watch.after({ type: 'refuse-snapshot' })
  }

  override reportUnreachable(replica: ReplicaId): void {
    super.reportUnreachable(replica)
    this.#watch.after({ type: 'report' })
  }
}
