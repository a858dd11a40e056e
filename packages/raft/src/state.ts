// Everything one replica of a group knows: a plain object with its meaning and invariants, to which
// the handlers write (the cut of openraft, without its type parameters). Volatile state of leaders
// and followers lives side by side; role.ts resets what a change of role makes void.
import { assert } from '@holdfast/errors'
import type { RaftConfig, RaftInitialState } from './config.ts'
import { allVoters, emptyConfiguration, isVoter } from './configuration.ts'
import { decodeConfiguration } from './configuration-codec.ts'
import { ConfigurationHistory } from './configuration-history.ts'
import type { Configuration, HardState, ReplicaId, SnapshotMeta } from './entry.ts'
import { RaftLog } from './log.ts'
import type { Message } from './message.ts'
import type { Progress } from './progress.ts'
import { drawElectionTimeoutTicks } from './random.ts'
import type { LoadRequest } from './ready.ts'
import { UnstableLog } from './unstable-log.ts'

export type Role = 'follower' | 'pre-candidate' | 'candidate' | 'leader'

/** A read on the leader that waits for its round (thesis §6.4). */
export interface PendingRead {
  readonly id: number
  /** Who asked: this replica or a follower. */
  readonly from: ReplicaId
  /** Commit index when it was asked. */
  readonly index: number
  /** Round that must reach a quorum; null until the next broadcast. */
  round: number | null
}

/** Nobody leads for a known reason: the next campaigns follow each other soon. */
export interface Haste {
  /** Campaigns since then. */
  readonly attempts: number
  /** The leader whose end is the reason. Back, it votes for nobody before an election timeout. */
  readonly endedLeader: ReplicaId | null
  /** Whether another was granted this replica's vote, or its pre-vote, since then. */
  readonly hasPromised: boolean
}

/** A leadership transfer under way (thesis §3.10). */
export interface Transfer {
  readonly to: ReplicaId
  elapsedTicks: number
  /** The target has nearly everything: proposals are refused until the transfer ends. */
  isClosing: boolean
  isTimeoutNowSent: boolean
}

/** A snapshot that a leader offered to this replica. */
export interface Offer {
  readonly from: ReplicaId
  readonly snapshot: SnapshotMeta
  /** Whether a ready has brought it to the caller. */
  isHandedOut: boolean
  /**
   * The caller has handed the install to the store: the log must not change until it is durable.
   */
  isInstalling: boolean
}

export interface RaftState {
  readonly config: RaftConfig
  readonly id: ReplicaId
  role: Role
  /** Latest term seen; never falls. */
  term: number
  /** Whom this replica voted for in `term`. */
  vote: ReplicaId | null
  /** Leader of `term`, as far as known. */
  leader: ReplicaId | null
  readonly log: RaftLog
  readonly unstable: UnstableLog
  readonly configurations: ConfigurationHistory
  /**
   * Highest index known to be on a quorum. Invariant: applied ≤ commit ≤ last index; never falls.
   */
  commitIndex: number
  /**
   * So much is committed by what was found on disk, and the log ended before it: this replica left
   * the group once, gave up its log, and is back. 0: the log was whole. Until the commit index is
   * there, it does not campaign, and votes only for who has as much: it may have acknowledged that.
   */
  readonly commitFloor: number
  /** Highest index handed to the machine. Invariant: applied ≤ min(commit, durable). */
  appliedIndex: number

  /** Ticks since the start: the time by which leases end. */
  tickCount: number
  /** Ticks since the start in which this replica could hear others: the time of its patience. */
  awakeTickCount: number
  /** Ticks since this replica last had a reason not to campaign. */
  electionElapsedTicks: number
  /** Random share included; drawn anew for each wait. */
  electionTimeoutTicks: number
  /**
   * Ticks since a leader was last heard. Below the election timeout votes are refused. A restarted
   * replica begins with zero: it may have promised a leader its silence before it stopped.
   */
  leaderSilenceTicks: number
  /** Null: the ordinary timeouts apply. */
  haste: Haste | null
  /** Candidates: who answered what. */
  readonly votes: Map<ReplicaId, boolean>

  /** Leader: everyone in the effective configuration, itself included, ascending by replica. */
  progress: Progress[]
  heartbeatElapsedTicks: number
  /** Leader: index of the no-op that began its term. */
  noopIndex: number
  /** Leader: payload bytes above the commit index. */
  uncommittedBytes: number
  transfer: Transfer | null
  /** Leader: no lease before this tick, because a transfer may have made voters forget it. */
  leaseVoidUntilTick: number
  /** Leader: last round broadcast, and the ticks of the latest ones. */
  round: number
  readonly roundTicks: { readonly round: number; readonly tick: number }[]
  /** Leader: in the order of asking. Bounded by `readsPendingMax`. */
  pendingReads: PendingRead[]

  /**
   * Follower: reads the leader was asked for, by the tick of asking. Bounded by `readsPendingMax`.
   */
  readonly askedReads: Map<number, number>
  /** Follower: session under which the leader of this term tracks it. */
  leaderSession: number
  offer: Offer | null

  /** What the next ready carries. */
  readonly out: Outbox
  /** Hard state as last handed out. */
  handedOut: HardState
}

export interface Outbox {
  messages: Message[]
  messagesAfterPersist: Message[]
  reads: { readonly id: number; readonly index: number | null }[]
  loads: LoadRequest[]
}

/**
 * @throws AssertionError if what was found on disk contradicts itself: the replica must not start.
 */
export function createState(config: RaftConfig, initial: RaftInitialState): RaftState {
  const log = new RaftLog(initial, config.checksum)
  const isNew = initial.isUnpersisted === true
  const unstable = new UnstableLog(
    isNew ? 0 : initial.lastIndex,
    isNew ? 0 : initial.hardState.term
  )
  const { term, vote, commit } = initial.hardState
  const commitFloor = commit > initial.lastIndex ? commit : 0
  const state: RaftState = {
    config,
    id: config.id,
    role: 'follower',
    term,
    vote,
    leader: null,
    log,
    unstable,
    configurations: readConfigurations(initial),
    commitIndex: commitFloor > 0 ? initial.applied : Math.max(commit, initial.applied),
    commitFloor,
    appliedIndex: initial.applied,
    tickCount: 0,
    awakeTickCount: 0,
    electionElapsedTicks: 0,
    electionTimeoutTicks: drawElectionTimeoutTicks(config),
    leaderSilenceTicks: term > 0 && !isNew ? 0 : config.electionTimeoutTicks,
    haste: null,
    votes: new Map(),
    progress: [],
    heartbeatElapsedTicks: 0,
    noopIndex: 0,
    uncommittedBytes: 0,
    transfer: null,
    leaseVoidUntilTick: 0,
    round: 0,
    roundTicks: [],
    pendingReads: [],
    askedReads: new Map(),
    leaderSession: 0,
    offer: null,
    out: { messages: [], messagesAfterPersist: [], reads: [], loads: [] },
    handedOut: isNew ? { term: 0, vote: null, commit: 0 } : initial.hardState
  }
  assertRestored(state)
  return state
}

/** The configuration is derived from the log, from the first byte (failure mode: replay). */
function readConfigurations(initial: RaftInitialState): ConfigurationHistory {
  const first = initial.entries[0]
  const history = new ConfigurationHistory({
    index: first === undefined ? initial.lastIndex : first.index - 1,
    configuration: initial.configuration
  })
  for (const entry of initial.entries) {
    if (entry.type === 'configuration') history.note(entry.index, decodeConfiguration(entry.data))
  }
  return history
}

/** The effective configuration: the latest in the log, committed or not (Raft §6). */
export function effectiveConfiguration(state: RaftState): Configuration {
  return state.configurations.latest
}

/** Highest index that may be applied: committed, and on this replica's own disk. */
export function applicableIndex(state: RaftState): number {
  return Math.min(state.commitIndex, state.unstable.durableIndex)
}

/** Whether an entry of the leader's own term is committed: only then it knows what is (Raft §8). */
export function isNoopCommitted(state: RaftState): boolean {
  return state.role === 'leader' && state.commitIndex >= state.noopIndex
}

/** Whether more is known to be committed than this replica has. */
export function isBelowFloor(state: RaftState): boolean {
  return state.commitIndex < state.commitFloor
}

/** What must be on disk. The floor stays there for as long as the log may end below it. */
export function hardStateOf({ term, vote, commitIndex, commitFloor }: RaftState): HardState {
  return { term, vote, commit: Math.max(commitIndex, commitFloor) }
}

/**
 * Whether this replica may be needed in an election. One that is not in its latest configuration
 * still is, as long as that is not known to be committed (thesis §4.2.2): with the most complete
 * log, nobody else might win under the configuration before.
 */
export function isElectable(state: RaftState): boolean {
  if (isBelowFloor(state)) return false
  return state.configurations
    .from(state.commitIndex)
    .some(({ configuration }) => isVoter(configuration, state.id))
}

/** Whether this replica is a quorum by itself. */
export function isOnlyVoter(state: RaftState): boolean {
  const voters = allVoters(effectiveConfiguration(state))
  return voters.length === 1 && voters[0] === state.id
}

/** Whether this replica counts in its effective configuration. */
export function isSelfVoter(state: RaftState): boolean {
  return isVoter(effectiveConfiguration(state), state.id)
}

export function progressOf(state: RaftState, replica: ReplicaId): Progress | null {
  return state.progress.find((progress) => progress.replica === replica) ?? null
}

/** What a replica starts from that has never taken part. */
export function blankState(): RaftInitialState {
  return {
    hardState: { term: 0, vote: null, commit: 0 },
    snapshot: null,
    configuration: emptyConfiguration,
    firstIndex: 1,
    terms: [],
    lastIndex: 0,
    entries: [],
    applied: 0
  }
}

function assertRestored(state: RaftState): void {
  assert(state.commitIndex <= state.log.lastIndex, 'what was committed is in the log')
  assert(state.appliedIndex >= state.log.snapshotIndex, 'the machine is restored from the snapshot')
  assert(state.term >= state.log.lastTerm, 'no entry is of a later term than the hard state')
}
