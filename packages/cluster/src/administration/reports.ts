// What is known of all groups, those without a replica here included: each node tells the others,
// twice a second or so where it changed and at once when leadership changes, what it sees of its
// own. The highest term wins.
import { metadataLimits } from '@holdfast/broker'
import { members, type ProgressStatus, type ReplicaId } from '@holdfast/raft'
import type { AnyGroup } from '../consensus/groups.ts'
import { nodeOf } from '../consensus/replica-id.ts'
import type { Core } from '../core.ts'
import { times } from '../limits.ts'
import type { GroupId } from '../log-store.ts'
import type { GroupReport } from '../peers/peer-message.ts'

interface Known extends GroupReport {
  readonly from: number
}

/**
 * A replica this close behind the commit index counts as caught up; one that has nothing does not,
 * however little there is: as a voter it could neither vote nor be counted on.
 */
const caughtUpEntries = 64

export class Reports {
  readonly #core: Core
  readonly #known = new Map<GroupId, Known>()
  /** When a leader on another node reported last. */
  readonly #heardMs = new Map<GroupId, number>()
  #sent: readonly GroupReport[] = []
  #sentMs = 0
  #lookedMs = 0
  /** Other nodes that hand over what they lead. */
  readonly #draining = new Set<number>()
  /** When each other node told last. */
  readonly #toldMs = new Map<number, number>()
  /** Why this node hands over what it leads. */
  readonly #reasons = new Set<'end' | 'disk'>()
  /** Whether to look for something to tell at the end of this step. */
  #isDue = false
  /** Whether to tell it even if it is what was told last. */
  #hasNews = false

  constructor(core: Core) {
    this.#core = core
  }

  /** Leadership changed here: the others should know soon. */
  changed(): void {
    this.#hasNews = true
  }

  /** This node is about to end: it hands over what it leads, and is to be given nothing. */
  drain(): void {
    this.#reasons.add('end')
    this.changed()
  }

  /** So it does as long as its disk is not fit for a leader's. */
  diskFit(isFit: boolean): void {
    if (isFit === !this.#reasons.has('disk')) return
    if (isFit) this.#reasons.delete('disk')
    else this.#reasons.add('disk')
    this.changed()
  }

  isDraining(node: number): boolean {
    if (node === this.#core.identity?.node) return this.#reasons.size > 0
    return this.#draining.has(node)
  }

  /** Whether a node has told lately: where the disk stands still, what there is to tell waits. */
  isTelling(node: number): boolean {
    const { clock, identity } = this.#core
    const toldMs = node === identity?.node ? clock.nowMs : this.#toldMs.get(node)
    return toldMs !== undefined && clock.nowMs - toldMs <= times.statusValidMs
  }

  tick(): void {
    const { clock } = this.#core
    if (clock.nowMs - this.#lookedMs >= times.statusMs) this.#isDue = true
  }

  flush(): void {
    const { clock, identity, metadata, peers } = this.#core
    if ((!this.#hasNews && !this.#isDue) || identity === null) return
    this.#lookedMs = clock.nowMs
    this.#isDue = false
    const groups = this.#core.groups.all().map((group) => this.#describe(group))
    for (const report of groups) this.#learn(identity.node, report)
    // An idle cluster has nothing to say, and says so less often.
    const isOverdue = clock.nowMs - this.#sentMs >= times.statusRepeatMs
    if (!this.#hasNews && !isOverdue && isSameList(groups, this.#sent, isSameReport)) return
    this.#hasNews = false
    this.#sent = groups
    this.#sentMs = clock.nowMs
    // A term that a crash can take back must not be told: nobody would ever lead in it.
    const after = this.#core.commit.barrier
    const cast = { type: 'status', groups, isDraining: this.isDraining(identity.node) } as const
    for (const { node } of metadata.machine.membership.nodes) {
      if (node === identity.node || !peers.canSend(node)) continue
      peers.send(node, { type: 'cast', cast }, after)
    }
  }

  /** What a node says now takes the place of all that it said before: it may have lost a disk. */
  received(from: number, groups: readonly GroupReport[], isDraining = false): void {
    this.#toldMs.set(from, this.#core.clock.nowMs)
    if (isDraining) this.#draining.add(from)
    else this.#draining.delete(from)
    for (const [group, known] of this.#known) if (known.from === from) this.#known.delete(group)
    for (const report of groups) {
      if (report.group > metadataLimits.shardsMax) continue
      this.#learn(from, report)
      const isLeader = this.#known.get(report.group)?.from === from && report.caughtUp !== null
      if (!isLeader) continue
      this.#heardMs.set(report.group, this.#core.clock.nowMs)
      this.#core.regression.reported(report)
    }
  }

  #learn(from: number, report: GroupReport): void {
    const known = this.#known.get(report.group)
    const isNewer =
      known === undefined ||
      report.term > known.term ||
      (report.term === known.term && (known.leader === null || report.leader === from))
    if (isNewer) {
      this.#known.set(report.group, { ...report, from })
    }
  }

  #describe(group: AnyGroup): GroupReport {
    const { raft } = group
    // Only what is committed is sure to stay: a node must not leave, or be forgotten, on less.
    const { voters, outgoing, learners } = raft.configurationAt(raft.commitIndex)
    // A leader knows what is only once an entry of its own term is (Raft §8).
    const progress = raft.noopCommitted ? raft.progress() : []
    // Of one that does not answer, or is asked where the logs meet, nobody knows what it has.
    const caughtUp = progress.filter(({ match, state, recentlyActive }) => {
      const isKnown = state === 'replicate' && recentlyActive
      return isKnown && match > 0 && match + caughtUpEntries >= raft.commitIndex
    })
    const regressed = progress.filter(({ isRegressed }) => isRegressed)
    const lacking = this.#core.lackingQueues.of(group.id)
    return {
      group: group.id,
      leader: group.leaderNode,
      term: raft.term,
      voters,
      outgoing,
      learners,
      commit: raft.commitIndex,
      applied: raft.appliedIndex,
      caughtUp: raft.noopCommitted ? replicasOf(caughtUp) : null,
      ...(lacking.length === 0 ? {} : { lacking }),
      ...(regressed.length === 0 ? {} : { regressed: replicasOf(regressed) })
    }
  }

  /** Replicas that have lost what they had acknowledged, as the leaders say. */
  regressed(): ReplicaId[] {
    return [...this.#known.values()].flatMap(({ regressed = [] }) => regressed)
  }

  /** What the leaders of shards say that their shards lack: the shard, and its queues. */
  *lacking(): IterableIterator<[GroupId, readonly number[]]> {
    for (const { group, lacking } of this.#known.values()) {
      if (lacking !== undefined) yield [group, lacking]
    }
  }

  /**
   * The newest report of a group: what its leader tells, else what this node's own replica sees.
   */
  report(group: GroupId): GroupReport | null {
    const local = this.#core.groups.get(group)
    const known = this.#known.get(group) ?? null
    if (local === undefined) return known
    const own = this.#describe(local)
    if (known === null) return own
    // A leader that was deposed and does not know it yet is not to be believed.
    if (own.caughtUp !== null && own.term >= known.term) return own
    const isFromLeader = known.caughtUp !== null && known.term >= own.term
    return isFromLeader || known.term > own.term || own.leader === null ? known : own
  }

  /** Whether a group's own configuration names a node; unknown counts as yes. */
  names(group: GroupId, node: number): boolean {
    const report = this.report(group)
    if (report?.caughtUp == null) return true
    return members(report).some((replica) => nodeOf(replica) === node)
  }

  /** What the leader of a group said last, on another node, and when it was heard here. */
  heardFromLeader(group: GroupId): { readonly report: GroupReport; readonly atMs: number } | null {
    const atMs = this.#heardMs.get(group)
    const report = this.#known.get(group)
    return report == null || report.caughtUp === null || atMs === undefined
      ? null
      : { report, atMs }
  }

  /** What leaders on other nodes have said of their groups lately. */
  heardFromLeaders(): readonly GroupReport[] {
    const sinceMs = this.#core.clock.nowMs - times.statusValidMs
    return [...this.#known.keys()].flatMap((group) => {
      const heard = this.heardFromLeader(group)
      return heard === null || heard.atMs < sinceMs ? [] : [heard.report]
    })
  }

  /** Leader and term of a group as far as this node knows. */
  leadership(group: GroupId): { readonly leader: number | null; readonly term: number } {
    const local = this.#core.groups.get(group)
    const known = this.#known.get(group)
    const term = local?.raft.term ?? -1
    if (local !== undefined && local.leaderNode !== null && term >= (known?.term ?? -1)) {
      return { leader: local.leaderNode, term }
    }
    if (known === undefined || known.term < term) return { leader: null, term: Math.max(0, term) }
    return { leader: known.leader, term: known.term }
  }

  /** Node that leads the group; null if none is known. */
  locate(group: GroupId): number | null {
    return this.leadership(group).leader
  }

  /** A process is gone: what it led has no leader until another says so. */
  nodeGone(node: number): void {
    for (const [group, known] of this.#known) {
      if (known.leader === node) this.#known.set(group, { ...known, leader: null })
    }
  }

  /** Node ids in a list of replicas, ascending, each once. */
  static nodes(replicas: readonly number[]): number[] {
    return [...new Set(replicas.map(nodeOf))].sort((a, b) => a - b)
  }
}

function replicasOf(progress: readonly ProgressStatus[]): ReplicaId[] {
  return progress.map(({ replica }) => replica)
}

function isSameList<Item>(
  left: readonly Item[],
  right: readonly Item[],
  isSame: (left: Item, right: Item) => boolean = Object.is
): boolean {
  if (left.length !== right.length) return false
  return left.every((item, at) => {
    const other = right[at]
    return other !== undefined && isSame(item, other)
  })
}

function isSameReport(left: GroupReport, right: GroupReport): boolean {
  return (
    left.group === right.group &&
    left.leader === right.leader &&
    left.term === right.term &&
    left.commit === right.commit &&
    left.applied === right.applied &&
    isSameList(left.voters, right.voters) &&
    isSameList(left.outgoing, right.outgoing) &&
    isSameList(left.learners, right.learners) &&
    isSameList(left.caughtUp ?? [], right.caughtUp ?? []) &&
    isSameList(left.lacking ?? [], right.lacking ?? []) &&
    isSameList(left.regressed ?? [], right.regressed ?? []) &&
    (left.caughtUp === null) === (right.caughtUp === null)
  )
}
