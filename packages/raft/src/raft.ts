// One replica of a group: step, tick, propose, ready. All dispatch is here, and nothing else; what
// a message or a call does is in the file of its concern. Synchronous, without I/O, clock or
// chance: the same calls give the same readies (Raft; thesis; the verbs are those of etcd/raft).
import { assert } from '@holdfast/errors'
import * as append from './append.ts'
import { assertConfig, type RaftConfig, type RaftInitialState } from './config.ts'
import { hasLeaderQuorum } from './contact.ts'
import { dispatch } from './dispatch.ts'
import { campaignEarly, countOwnVote, hasten, succeedLeader } from './election.ts'
import type { Configuration, Entry, EntryId, HardState, ReplicaId, SnapshotMeta } from './entry.ts'
import * as follower from './follower.ts'
import { type ConfigurationTarget, proposeConfiguration } from './membership.ts'
import type { Message } from './message.ts'
import { flush, hasReady, takeReady } from './outbox.ts'
import { broadcastHeartbeat, requestRead } from './read-index.ts'
import type { Ready } from './ready.ts'
import * as replication from './replication.ts'
import { bytesInFlight, lacksRoom } from './room.ts'
import * as snapshot from './snapshot.ts'
import * as states from './state.ts'
import { describeProgress, type ProgressStatus } from './status.ts'
import { isRestless, standStill, tickState } from './tick.ts'
import { beginTransfer } from './transfer.ts'

export class Raft {
  readonly #state: states.RaftState
  #isQuiet = false

  /** @throws AssertionError if the settings or what was found on disk contradict themselves. */
  constructor(config: RaftConfig, initial: RaftInitialState) {
    assertConfig(config)
    this.#state = states.createState(config, initial)
  }

  /** The state, for all that may leave something to be done. */
  get #changing(): states.RaftState {
    this.#isQuiet = false
    return this.#state
  }

  /** One unit of time has passed. On a `beat` a leader sends its heartbeat though none is due. */
  tick(isBeat = false): void {
    tickState(this.#changing, isBeat)
  }

  /** Whether each tick matters: an election is near or under way, or a transfer is. */
  get isRestless(): boolean {
    return isRestless(this.#state)
  }

  /** A leader sends its heartbeat though none is due. */
  beat(): void {
    if (this.role === 'leader') broadcastHeartbeat(this.#changing)
  }

  /** So many ticks have passed in which this process stood still: they count for leases only. */
  standStill(ticks: number): void {
    standStill(this.#changing, ticks)
  }

  /** Handles one message from another replica. */
  step(message: Message): void {
    const state = this.#changing
    // A message for another incarnation of this node is not for this replica.
    if (message.to !== state.id || message.from === state.id) return
    dispatch(state, message)
  }

  /**
   * Campaigns without waiting (pre-vote as always), as at the birth of a group. Nothing happens
   * while a leader is heard, unless this is the only voter: a lease may rest on its silence.
   */
  campaign(): void {
    campaignEarly(this.#changing)
  }

  /** A voter has come within reach: without a leader, campaign as soon as a vote may be given. */
  hasten(): void {
    hasten(this.#changing)
  }

  /** The carrier knows that the leader's process has ended: campaign after 0 to 2 ticks. */
  leaderGone(): void {
    succeedLeader(this.#changing)
  }

  /**
   * Appends a command; the bytes are kept, not copied. It is committed only if exactly this id is
   * committed. Null if `canPropose` is false, or if the bytes would exceed `uncommittedBytesMax`
   * (one command of any size is taken when nothing else is uncommitted).
   */
  propose(data: Uint8Array): EntryId | null {
    return this.canPropose ? append.appendCommand(this.#changing, data) : null
  }

  /** Whether `propose` takes a command: leader, no transfer closing, room for uncommitted bytes. */
  get canPropose(): boolean {
    return append.canAppend(this.#state)
  }

  /** Leader: payload bytes above the commit index. Otherwise 0. */
  get uncommittedBytes(): number {
    return this.#state.role === 'leader' ? this.#state.uncommittedBytes : 0
  }

  /**
   * Begins a change of membership; null if this is not the leader, no entry of its term is
   * committed, another change or a transfer is under way. The returned entry is the first step: the
   * change has ended when `committedConfiguration` is the target.
   * @throws AssertionError if the target has no voters, repeats a replica, or names one as both.
   */
  proposeConfiguration(target: ConfigurationTarget): EntryId | null {
    return proposeConfiguration(this.#changing, target)
  }

  /** Hands leadership to a voter; false if refused. Proposals are refused towards its end. */
  transfer(to: ReplicaId): boolean {
    return beginTransfer(this.#changing, to)
  }

  /**
   * Asks for a read index; the answer is in `ready().reads`. `id` is unique per attempt, also among
   * those of earlier processes of this replica: what a leader owes them it sends to this one.
   */
  requestRead(id: number): void {
    requestRead(this.#changing, id)
  }

  get hasReady(): boolean {
    if (this.#isQuiet) return false
    flush(this.#state)
    const isReady = hasReady(this.#state)
    this.#isQuiet = !isReady && !lacksRoom(this.#state)
    return isReady
  }

  /**
   * Whether nothing has been asked of this replica since there was nothing to be done: a node with
   * many looks at those only where something was, and at those that lack room.
   */
  get isQuiet(): boolean {
    return this.#isQuiet
  }

  /** Everything to be done, once. See `Ready` for the caller's duties. */
  ready(): Ready {
    flush(this.#state)
    return takeReady(this.#state)
  }

  /** The write of this ready and of all before it is durable. */
  persisted(number: number): void {
    this.#changing.unstable.persisted(number)
    countOwnVote(this.#state)
    if (this.#state.role === 'leader') replication.advanceCommit(this.#state)
  }

  /** The machine has applied everything up to `index`. */
  applied(index: number): void {
    assert(index >= this.#state.appliedIndex, 'the applied index never falls')
    assert(index <= this.applicableIndex, 'only what is committed and durable here is applied')
    this.#changing.appliedIndex = index
  }

  /** The answer to `ready().loads`: entries from `firstIndex` on; used if they are still wanted. */
  supply(replica: ReplicaId, entries: readonly Entry[]): void {
    const progress = states.progressOf(this.#state, replica)
    if (progress !== null) replication.supply(this.#changing, progress, entries)
  }

  /** What `ready().loads` asked for cannot be read. */
  loadFailed(replica: ReplicaId): void {
    const progress = states.progressOf(this.#state, replica)
    if (progress !== null) replication.loadFailed(this.#changing, progress)
  }

  /** A snapshot of the local machine is durable. */
  snapshotTaken(meta: SnapshotMeta): void {
    snapshot.snapshotTaken(this.#changing, meta)
  }

  /** Entries below `firstIndex` can no longer be loaded. At most the snapshot's index + 1. */
  compact(firstIndex: number): void {
    this.#changing.log.compact(firstIndex)
  }

  /**
   * To be called when the install of an offered snapshot is handed to the store. False: drop it.
   * True: the log does not change until `installed` or `snapshotRefused`.
   */
  beginInstall(meta: SnapshotMeta): boolean {
    return snapshot.beginInstall(this.#changing, meta)
  }

  /** The install is durable and the machine restored: the log begins anew after the snapshot. */
  installed(meta: SnapshotMeta): void {
    snapshot.installed(this.#changing, meta)
  }

  /** What `from` offered cannot be had. */
  snapshotRefused(from: ReplicaId): void {
    follower.refuseSnapshot(this.#changing, from)
  }

  /** The link to a replica was lost, and what was on it may be too. */
  reportUnreachable(replica: ReplicaId): void {
    const progress = states.progressOf(this.#changing, replica)
    if (progress !== null && replica !== this.#state.id) replication.linkLost(progress)
  }

  /** Payload bytes in flight to a follower that is heard, or being loaded for it. */
  bytesInFlight(replica: ReplicaId): number {
    return bytesInFlight(this.#state, replica)
  }

  /** Drops bodies up to `upTo` from memory, as far as they are applied and durable. */
  forgetBodies(upTo: number): void {
    this.#changing.log.forget(Math.min(upTo, this.#state.appliedIndex))
  }

  /** The entry if its body is in memory. */
  entry(index: number): Entry | null {
    return this.#state.log.entry(index)
  }

  termAt(index: number): number | null {
    return this.#state.log.termAt(index)
  }

  /** The configuration in force at an index from the snapshot on: what a snapshot there carries. */
  configurationAt(index: number): Configuration {
    return this.#state.configurations.at(index).configuration
  }

  /** What is known of every member; empty unless this is the leader. Ascending by replica. */
  progress(): readonly ProgressStatus[] {
    return describeProgress(this.#state)
  }

  /**
   * Whether a quorum answered a heartbeat sent under `ticks` ticks ago; false during a transfer.
   * With `ticks` below the election timeout by a margin for drift, no other leader exists.
   */
  hasLeaderQuorum(ticks: number): boolean {
    return hasLeaderQuorum(this.#state, ticks)
  }

  get id(): ReplicaId {
    return this.#state.id
  }

  get role(): states.Role {
    return this.#state.role
  }

  get isLeader(): boolean {
    return this.#state.role === 'leader'
  }

  get term(): number {
    return this.#state.term
  }

  /** As of this moment. A `commit` above `commitIndex` is a floor that is not reached yet. */
  get hardState(): HardState {
    return states.hardStateOf(this.#state)
  }

  get leader(): ReplicaId | null {
    return this.#state.leader
  }

  get commitIndex(): number {
    return this.#state.commitIndex
  }

  get appliedIndex(): number {
    return this.#state.appliedIndex
  }

  get durableIndex(): number {
    return this.#state.unstable.durableIndex
  }

  /** Highest index that may be handed to the machine: committed, and durable here. */
  get applicableIndex(): number {
    return states.applicableIndex(this.#state)
  }

  get firstIndex(): number {
    return this.#state.log.firstIndex
  }

  get lastId(): EntryId {
    return this.#state.log.lastId
  }

  get snapshotId(): EntryId | null {
    return this.#state.log.snapshot?.id ?? null
  }

  get bodiesBytes(): number {
    return this.#state.log.bodiesBytes
  }

  /** In effect: the latest in the log, committed or not (Raft §6). */
  get configuration(): Configuration {
    return states.effectiveConfiguration(this.#state)
  }

  get committedConfiguration(): Configuration {
    return this.#state.configurations.at(this.#state.commitIndex).configuration
  }

  /** Leader, and an entry of its own term is committed. */
  get noopCommitted(): boolean {
    return states.isNoopCommitted(this.#state)
  }

  /** Leader, and its machine has applied an entry of its own term. */
  get noopApplied(): boolean {
    return this.isLeader && this.#state.appliedIndex >= this.#state.noopIndex
  }
}
