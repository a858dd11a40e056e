// At the metadata leader: brings every group from the members it has to the members it should have,
// one joint change at a time (Raft §6), and spreads the leaders. All it needs is in the metadata
// and in the reports of the leaders, so a new metadata leader simply goes on.
import type { ReplicaId } from '@holdfast/raft'
import { LeaderBalance } from '../consensus/leader-balance.ts'
import { incarnationOf, nodeOf, replicaOf } from '../consensus/replica-id.ts'
import type { Core } from '../core.ts'
import { log } from '../core.ts'
import { limits, times } from '../limits.ts'
import type { GroupId } from '../log-store.ts'
import type { GroupReport } from '../peers/peer-message.ts'
import { placeMetadata, placeShards, type Wish } from './placement.ts'

/** Groups that may be catching up new learners at a time. */
const growingMax = 8

export class Reconciler {
  readonly #core: Core
  #reconcileAtMs = 0
  #balanceAtMs = 0
  #probeAtMs = 0
  readonly #leaderBalance: LeaderBalance
  #isPlacing = false
  readonly #changing = new Set<GroupId>()
  readonly #adopting = new Set<number>()

  constructor(core: Core) {
    this.#core = core
    this.#leaderBalance = new LeaderBalance(core)
  }

  leadershipChanged(): void {
    this.#isPlacing = false
    this.#changing.clear()
    this.#adopting.clear()
    // The reports of the others come first.
    this.#balanceAtMs = this.#core.clock.nowMs + times.balanceMs
    this.#core.operations.leadershipChanged()
  }

  tick(): void {
    const { clock, metadata, operations } = this.#core
    if (!metadata.isLeading) return
    if (clock.nowMs >= this.#reconcileAtMs) {
      this.#reconcileAtMs = clock.nowMs + times.reconcileMs
      this.#place()
      this.#reconfigure()
      operations.advance()
    }
    if (clock.nowMs >= this.#balanceAtMs) {
      this.#balanceAtMs = clock.nowMs + times.balanceMs
      this.#leaderBalance.level()
    }
    if (clock.nowMs >= this.#probeAtMs) {
      this.#probeAtMs = clock.nowMs + times.balanceMs
      this.#welcomeNodes()
    }
  }

  /** Replica ids of the nodes that may hold data. */
  #eligible(leaving: number | null): ReplicaId[] {
    const { nodes } = this.#core.metadata.machine.membership
    return nodes
      .filter(({ node, state }) => state === 'up' && node !== leaving)
      .map(({ node, incarnation }) => replicaOf(node, incarnation))
  }

  /** Where the replicas should be, with the nodes there are now, or without one of them. */
  #wishes(leaving: number | null = null): readonly Wish[] {
    const [first, ...shards] = this.#core.metadata.machine.placement.placements
    const eligible = this.#eligible(leaving)
    if (first === undefined || eligible.length === 0) return []
    const voters = placeMetadata(first.replicas, eligible, limits.metadataVotersMax)
    return [
      { group: 0, replicas: voters },
      ...placeShards(shards, eligible, limits.shardReplicasMax)
    ]
  }

  /**
   * A group that has no live majority, or would be left without one by the removal of a node; null
   * if there is none.
   */
  groupEndangeredBy(node: number): GroupId | null {
    for (const { group, replicas } of this.#wishes(node)) {
      const voters = this.#core.reports.report(group)?.voters ?? []
      if (!this.#hasLiveMajority(voters) || !this.#hasLiveMajority(replicas)) return group
    }
    return null
  }

  #hasLiveMajority(voters: readonly ReplicaId[]): boolean {
    const { membership, metadata } = this.#core
    const live = voters.filter((replica) => {
      const node = nodeOf(replica)
      // A node that came back without its disk is up, but the replica that it had is lost.
      const incarnation = metadata.machine.membership.node(node)?.incarnation
      return incarnation === incarnationOf(replica) && membership.isUp(node)
    })
    return live.length > voters.length / 2
  }

  #isPlacedNow({ group, replicas }: Wish): boolean {
    const placement = this.#core.metadata.machine.placement.get(group)
    return isSame(placement?.replicas ?? [], replicas)
  }

  /** Whether the committed wish is what the nodes there are now ask for. */
  get isPlaced(): boolean {
    return this.#wishes().every((wish) => this.#isPlacedNow(wish))
  }

  /** Commits the wish where it is not what it should be. */
  #place(): void {
    if (this.#isPlacing) return
    for (const { group, replicas } of this.#wishes()) {
      if (this.#isPlacedNow({ group, replicas })) continue
      this.#isPlacing = true
      this.#core.metadata.propose({ type: 'place-group', group, replicas }, () => {
        this.#isPlacing = false
      })
    }
  }

  #reconfigure(): void {
    let growing = 0
    for (const { group, replicas } of this.#core.metadata.machine.placement.placements) {
      const report = this.#core.reports.report(group)
      if (report?.caughtUp == null || this.#changing.has(group)) continue
      const step = nextStep(report, replicas, this.#observers(group, replicas))
      // A joint configuration binds the old majority to the new one, which must be there.
      if (step === null || !this.#hasLiveMajority(step.voters)) continue
      if (step.isGrowing && ++growing > growingMax) continue
      this.#change(group, report, step)
    }
  }

  /**
   * Every node has the metadata; those that do not vote learn it. One that leaves needs it for as
   * long as it is a member of a shard: it routes, and changes wait for it while it may.
   */
  #observers(group: GroupId, voters: readonly ReplicaId[]): readonly ReplicaId[] {
    if (group !== 0) return []
    const { metadata, reports } = this.#core
    const { membership, placement } = metadata.machine
    const shards = placement.placements.filter((placed) => placed.group !== 0)
    const isOfShard = (node: number): boolean => {
      return shards.some((shard) => reports.names(shard.group, node))
    }
    return membership.nodes
      .filter(({ node, state }) => state !== 'leaving' || isOfShard(node))
      .map(({ node, incarnation }) => replicaOf(node, incarnation))
      .filter((replica) => !voters.includes(replica))
  }

  #change(group: GroupId, report: GroupReport, step: Step): void {
    if (report.leader === null) return
    this.#changing.add(group)
    const { voters, learners } = step
    const from = { voters: report.voters, learners: report.learners }
    const call = { type: 'reconfigure', group, from, voters, learners } as const
    this.#core.calls.call(report.leader, call, (result) => {
      this.#changing.delete(group)
      if (result.type !== 'error' || result.error.code === 'UNAVAILABLE') return
      log(this.#core, 'debug', 'a group was not reconfigured', { group, code: result.error.code })
    })
  }

  /** Nodes that joined become 'up'; blank directories at known addresses are adopted again. */
  #welcomeNodes(): void {
    const { membership, metadata, reports } = this.#core
    for (const { node, incarnation, state, addresses, storeId } of metadata.machine.membership
      .nodes) {
      if (!membership.isUp(node)) {
        if (state !== 'leaving') this.#probeLost(node, incarnation, addresses.peer, storeId)
        continue
      }
      const replica = replicaOf(node, incarnation)
      const isCurrent = reports.report(0)?.caughtUp?.includes(replica) === true
      if (state === 'joining' && isCurrent) {
        metadata.propose({ type: 'set-node-state', node, state: 'up' }, () => undefined)
      }
    }
  }

  #probeLost(node: number, incarnation: number, address: string, storeId: string): void {
    if (this.#adopting.has(node)) return
    this.#adopting.add(node)
    const { membership, metadata } = this.#core
    const done = (): void => {
      this.#adopting.delete(node)
    }
    membership.probe(address, null, (result) => {
      if ('error' in result || result.clusterId !== null || !metadata.isLeading) return done()
      // Its place was committed, but the offer did not reach it.
      if (result.storeId === storeId) return this.#offer(node, incarnation, address, done)
      const { client, peer, http } = result
      const command = {
        type: 'adopt-incarnation',
        node,
        storeId: result.storeId,
        addresses: { client, peer, http }
      } as const
      metadata.propose(command, (answer) => {
        if (answer === null || 'error' in answer || answer.reply.type !== 'node') return done()
        this.#offer(node, answer.reply.incarnation, address, done)
      })
    })
  }

  #offer(node: number, incarnation: number, address: string, done: () => void): void {
    const { membership } = this.#core
    membership.probe(address, membership.offer(node, incarnation), done)
  }
}

interface Step {
  readonly voters: readonly ReplicaId[]
  readonly learners: readonly ReplicaId[]
  /** Learners have to catch up. */
  readonly isGrowing: boolean
}

/** The next change of a group on its way to `voters` and `observers`; null if there is none now. */
export function nextStep(
  report: GroupReport,
  voters: readonly ReplicaId[],
  observers: readonly ReplicaId[]
): Step | null {
  if (report.outgoing.length > 0 || voters.length === 0) return null
  const caughtUp = report.caughtUp ?? []
  const missing = voters.filter((replica) => !report.voters.includes(replica))
  if (missing.length === 0) {
    const isDone = isSame(report.voters, voters) && isSame(report.learners, observers)
    return isDone ? null : { voters, learners: observers, isGrowing: false }
  }
  if (missing.every((replica) => report.learners.includes(replica) && caughtUp.includes(replica))) {
    return { voters, learners: observers, isGrowing: false }
  }
  const learners = [...new Set([...observers, ...missing])].sort((a, b) => a - b)
  const learning = learners.filter((replica) => !report.voters.includes(replica))
  if (isSame(report.learners, learning)) return null
  return { voters: report.voters, learners: learning, isGrowing: true }
}

function isSame(left: readonly number[], right: readonly number[]): boolean {
  return left.length === right.length && left.every((value, i) => value === right[i])
}
