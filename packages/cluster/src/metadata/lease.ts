// The routing lease (architecture: routing under a lease). A node routes from its own replica of
// the metadata only while it holds a lease of the metadata leader; a change is answered once every
// node that may hold one has applied it, or its lease has run out. So what was confirmed through
// one node is in force on all.
//
// Two margins keep it safe: a holder counts from when it asked, the leader from when it granted and
// a little longer; and a new leader, which does not know what its predecessor granted, counts every
// node it has not heard from as a holder until such a lease must have ended.
import { tellLeaseGranted, tellLeaseTaken, tellRoutes } from '../audit-calls.ts'
import type { Core } from '../core.ts'
import { times } from '../limits.ts'

interface Holder {
  /** End of the last grant in this term as the leader counts it; 0 without one. */
  untilMs: number
  /** As it said last: a node that starts again begins at its snapshot, or with nothing. */
  applied: number
}

/** A deposed leader may go on granting until it notices that it hears no quorum. */
const unknownLeaseMs =
  times.leaseMs + times.leaseMarginMs + times.electionTimeoutTicks * times.tickMs

export class Lease {
  readonly #core: Core
  readonly #holders = new Map<number, Holder>()
  #leaderSinceMs = 0
  /** Ids of nodes that were given and are members no more, as far as this process has seen. */
  #removedCount = 0
  /** When it saw that count grow; infinite until the next tick. */
  #removedAtMs = Number.NEGATIVE_INFINITY
  /** Highest index whose answer may have been given: who has not applied it gets no lease. */
  #answeredIndex = 0

  #term = 0
  #untilMs = 0
  /** Begins at the epoch of this process: no grant to an earlier one is taken for its own. */
  #sequence: number
  readonly #askedAtMs = new Map<number, number>()
  #askedLastMs = 0
  #hasNews = false

  constructor(core: Core) {
    this.#core = core
    this.#sequence = core.options.processEpoch
  }

  /** Whether this node may route from its own replica now. */
  get isValid(): boolean {
    const { metadata, clock } = this.#core
    return metadata.isLeading ? this.#leads : clock.nowMs < this.#untilMs
  }

  /** Leader that a quorum has heard lately, so that no other can have been elected. */
  get #leads(): boolean {
    const { group } = this.#core.metadata
    return group?.isLeading === true && group.raft.hasLeaderQuorum(times.leaderLeaseTicks)
  }

  /** The topology changed, or a change waits for its answer: both are looked after in this step. */
  lookAgain(): void {
    this.#hasNews = true
  }

  tick(): void {
    const { clock, metadata } = this.#core
    this.#removedAtMs = Math.min(this.#removedAtMs, clock.nowMs)
    if (clock.nowMs - this.#askedLastMs >= times.leaseRenewMs) this.#ask()
    if (metadata.isLeading) metadata.answerWaiters()
  }

  /** At the end of a step: the leader learns at once what this node has applied. */
  flush(): void {
    if (!this.#hasNews) return
    this.#hasNews = false
    if (this.#core.metadata.isLeading) this.#core.metadata.answerWaiters()
    else this.#ask()
  }

  #ask(): void {
    const { clock, metadata, peers } = this.#core
    const { group } = metadata
    if (group === null || group.isLeading) return
    const leader = group.leaderNode
    if (leader === null || leader === this.#core.identity?.node) return
    // Whoever asks a new leader has given up what the old one granted.
    if (group.raft.term !== this.#term) this.#drop(group.raft.term)
    this.#askedLastMs = clock.nowMs
    this.#sequence++
    this.#askedAtMs.set(this.#sequence, clock.nowMs)
    for (const [sequence, askedMs] of this.#askedAtMs) {
      if (clock.nowMs - askedMs > times.leaseMs) this.#askedAtMs.delete(sequence)
    }
    const { appliedIndex: applied } = metadata
    const cast = {
      type: 'lease-renew',
      sequence: this.#sequence,
      applied,
      term: this.#term
    } as const
    peers.send(leader, { type: 'cast', cast })
  }

  #drop(term: number): void {
    this.#term = term
    this.#untilMs = 0
    this.#askedAtMs.clear()
    this.#tellTaken()
  }

  #tellTaken(): void {
    const { clock, identity } = this.#core
    const forMs = this.#untilMs - clock.nowMs
    tellLeaseTaken(this.#core, { node: identity?.node ?? 0, term: this.#term, forMs })
  }

  granted(sequence: number, term: number): void {
    const askedMs = this.#askedAtMs.get(sequence)
    if (askedMs === undefined || term !== this.#term) return
    this.#untilMs = Math.max(this.#untilMs, askedMs + times.leaseMs)
    this.#tellTaken()
    if (this.isValid) tellRoutes(this.#core)
    this.#core.gateway.leaseRenewed()
  }

  /** At the leader: a node asks, and tells how far it is. */
  asked(node: number, sequence: number, applied: number, term: number): void {
    const { clock, metadata, peers } = this.#core
    const { group } = metadata
    if (group === null || !group.isLeading || group.raft.term !== term) return
    // Who was removed routes no more: its lease ends, and no change waits for it any longer.
    if (metadata.machine.membership.node(node) === null) return
    const holder = this.#holders.get(node) ?? { untilMs: 0, applied: 0 }
    this.#holders.set(node, holder)
    holder.applied = applied
    // Who does not come on would hold changes up for as long as it asked.
    const neededIndex = Math.max(this.#answeredIndex, metadata.waitingFor(times.leaseMs))
    if (this.#leads && holder.applied >= neededIndex) {
      const forMs = times.leaseMs + times.leaseMarginMs
      holder.untilMs = clock.nowMs + forMs
      tellLeaseGranted(this.#core, { node, term, forMs })
      peers.send(node, { type: 'cast', cast: { type: 'lease-grant', sequence, term } })
    }
    metadata.answerWaiters()
  }

  /**
   * A process that begins, and may not know the time yet, sees all removals that ever were: they
   * count from the next tick.
   */
  nodesChanged(): void {
    const { nodes, nextNode } = this.#core.metadata.machine.membership
    const removedCount = nextNode - 1 - nodes.length
    if (removedCount > this.#removedCount) this.#removedAtMs = Number.POSITIVE_INFINITY
    this.#removedCount = removedCount
  }

  /** Highest index that no node can be routing without. */
  inForceIndex(): number {
    const { clock, metadata, identity } = this.#core
    let index = metadata.appliedIndex
    const isYoung = clock.nowMs < this.#leaderSinceMs + unknownLeaseMs
    // Who was removed of late may hold a lease as well, and is no member to be heard from.
    if (isYoung && clock.nowMs < this.#removedAtMs + unknownLeaseMs) return 0
    for (const { node } of metadata.machine.membership.nodes) {
      const isUnknown = node !== identity?.node && !this.#holders.has(node)
      if (isUnknown && isYoung) return 0
    }
    // A node that was just removed is no member, and routes until its lease has run out.
    for (const { untilMs, applied } of this.#holders.values()) {
      if (untilMs > clock.nowMs) index = Math.min(index, applied)
    }
    return index
  }

  answered(index: number): void {
    this.#answeredIndex = Math.max(this.#answeredIndex, index)
  }

  leadershipChanged(): void {
    this.#holders.clear()
    this.#leaderSinceMs = this.#core.clock.nowMs
    this.#answeredIndex = this.#core.metadata.appliedIndex
    this.#drop(this.#core.metadata.group?.raft.term ?? 0)
  }
}
