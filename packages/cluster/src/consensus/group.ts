// One Raft group with its machine: proposes what waits, persists and sends what Raft wants, applies
// what is committed and durable here. What the machine answered goes back to whoever proposed it.
import { assert } from '@holdfast/errors'
import type { EntryId, HardState, Message, Raft } from '@holdfast/raft'
import type { Core } from '../core.ts'
import { limits, times } from '../limits.ts'
import type { GroupId } from '../log-store.ts'
import { nodeOf } from './replica-id.ts'

/** Null: not committed as far as this node knows (leadership was lost, or never held). */
export type OnReply<Reply> = (reply: Reply | null) => void

export interface MachineHost<Proposal, Reply> {
  /** One entry out of what waited together. */
  encode(timeMs: number, proposals: readonly Proposal[]): Uint8Array
  /** Bytes that a proposal will occupy in an entry, roughly. */
  sizeOf(proposal: Proposal): number
  /** Applies an entry; replies in the order of its proposals. Throws only on a broken invariant. */
  apply(id: EntryId, data: Uint8Array): readonly Reply[]
  /** Log time that the machine has reached, in milliseconds. */
  readonly timeMs: number
}

interface Waiting<Proposal, Reply> {
  readonly proposal: Proposal
  readonly sizeBytes: number
  readonly onReply: OnReply<Reply>
}

interface Proposed<Reply> extends EntryId {
  readonly onReplies: readonly OnReply<Reply>[]
}

export class Group<Proposal, Reply> {
  readonly id: GroupId
  readonly raft: Raft
  readonly #core: Core
  #host: MachineHost<Proposal, Reply>
  #waiting: Waiting<Proposal, Reply>[] = []
  #waitingBytes = 0
  readonly #proposed: Proposed<Reply>[] = []
  /** The last term and vote that were handed to the store. */
  #promised: HardState
  #wasLeader = false
  /** Why this replica stopped; null while it works: a fault halts no more than it must. */
  haltedReason: string | null = null
  /** When a leader wrote to this replica last; it counts as written to when it is opened. */
  heardMs: number
  /** Payload applied since the last snapshot of the machine. */
  appliedBytes = 0
  /** Told when leadership is won (the no-op is applied, so the machine is current) or lost. */
  onLeadership: (isLeading: boolean) => void = () => undefined
  #isLeading = false

  constructor(core: Core, id: GroupId, raft: Raft, host: MachineHost<Proposal, Reply>) {
    this.#core = core
    this.id = id
    this.raft = raft
    this.#host = host
    this.heardMs = core.clock.nowMs
    this.#promised = raft.hardState
  }

  set host(host: MachineHost<Proposal, Reply>) {
    this.#host = host
  }

  /** Leader whose machine has applied everything committed before its term. */
  get isLeading(): boolean {
    return this.#isLeading
  }

  /** Node id of the leader, as this replica knows it. */
  get leaderNode(): number | null {
    return this.raft.leader === null ? null : nodeOf(this.raft.leader)
  }

  /**
   * Whether no other replica can have been elected: a quorum has heard this leader lately (thesis
   * §6.4.1).
   */
  get hasLease(): boolean {
    return this.#isLeading && this.raft.hasLeaderQuorum(times.leaderLeaseTicks)
  }

  /** Bytes of proposals that wait to become entries. */
  get waitingBytes(): number {
    return this.#waitingBytes
  }

  /**
   * Whether publishes may be offered. Commands always are: their number has other bounds. A group
   * where little waits has room whatever the others hold.
   */
  get hasRoom(): boolean {
    if (this.#waitingBytes <= this.#core.tuning.entryBytesMax) return true
    const isNodeFull = waitingBytesOf(this.#core) > limits.nodeQueuedBytesMax
    return !isNodeFull && this.#waitingBytes <= limits.queuedBytesMax
  }

  /** Whether the next entry fits: of what is uncommitted every byte is in memory. */
  get #fitsNext(): boolean {
    const own = this.raft.uncommittedBytes
    const { entryBytesMax } = this.#core.tuning
    const nextBytes = Math.max(entryBytesMax, this.#waiting[0]?.sizeBytes ?? 0)
    if (own === 0 && nextBytes === entryBytesMax) return true
    if (uncommittedBytesOf(this.#core) > limits.nodeUncommittedBytesMax) return false
    return own === 0 || own + nextBytes + entryBytesMax <= limits.uncommittedBytesMax
  }

  /** Takes a proposal if this replica leads; `onReply` is then called exactly once. */
  offer(proposal: Proposal, onReply: OnReply<Reply>): boolean {
    if (!this.#isLeading || this.haltedReason !== null) return false
    const sizeBytes = this.#host.sizeOf(proposal)
    this.#waiting.push({ proposal, sizeBytes, onReply })
    this.#waitingBytes += sizeBytes
    return true
  }

  step(message: Message): void {
    if (this.haltedReason === null) this.raft.step(message)
  }

  /** A node that was held up hears what its peers said before it thinks them silent. */
  tick(ticks: number, isBeat: boolean): void {
    if (this.haltedReason !== null) return
    const awakeTicks = Math.min(ticks, times.awakeTicksMax)
    if (awakeTicks < ticks) this.raft.standStill(ticks - awakeTicks)
    for (let left = awakeTicks; left > 0; left--) this.raft.tick(isBeat && left === 1)
  }

  /** Whether each tick matters to it. */
  get isRestless(): boolean {
    return this.haltedReason === null && this.raft.isRestless
  }

  beat(): void {
    if (this.haltedReason === null) this.raft.beat()
  }

  /**
   * Turns what waits into entries. While a write is under way only full entries go, so that the
   * rest gathers: batches grow with the load, and nothing waits when there is none.
   */
  propose(): void {
    while (this.#waiting.length > 0 && this.raft.canPropose && this.#fitsNext) {
      if (this.#core.commit.isWriting && this.#waitingBytes < this.#core.tuning.entryBytesMax)
        return
      const batch = this.#takeBatch()
      const timeMs = this.nextTimeMs
      const data = this.#host.encode(
        timeMs,
        batch.map((waiting) => waiting.proposal)
      )
      const id = this.raft.propose(data)
      const onReplies = batch.map((waiting) => waiting.onReply)
      if (id === null) {
        for (const onReply of onReplies) onReply(null)
        return
      }
      this.#proposed.push({ index: id.index, term: id.term, onReplies })
    }
  }

  /** A leader's log grows by an entry with nothing in it but the time. */
  nudge(): void {
    if (this.#isLeading) this.raft.propose(this.#host.encode(this.#host.timeMs, []))
  }

  /** Carries out what Raft wants, and applies. Returns whether anything happened. */
  work(): boolean {
    if (this.haltedReason !== null) return false
    let hasWorked = this.carryOut()
    if (this.#apply()) hasWorked = true
    this.#followLeadership()
    return hasWorked
  }

  /** Carries out what Raft wants. Returns whether there was anything. */
  carryOut(): boolean {
    const { hasReady } = this.raft
    while (this.raft.hasReady) this.#takeReady()
    return hasReady
  }

  #takeBatch(): Waiting<Proposal, Reply>[] {
    let count = 0
    let bytes = 0
    for (const waiting of this.#waiting) {
      const isFull = bytes + waiting.sizeBytes > this.#core.tuning.entryBytesMax
      if (count > 0 && (isFull || count === limits.entryProposalsMax)) break
      bytes += waiting.sizeBytes
      count++
    }
    this.#waitingBytes -= bytes
    return this.#waiting.splice(0, count)
  }

  /** Log time of an entry that is proposed now. */
  get nextTimeMs(): number {
    const voters = this.raft.configuration.voters.map(nodeOf)
    const wallMs = this.#core.clock.medianWallMs(voters, this.#core.identity?.node ?? 0)
    return Math.max(this.#host.timeMs, wallMs)
  }

  #takeReady(): void {
    const { commit, snapshots } = this.#core
    const ready = this.raft.ready()
    const hasLog = ready.entries.length > 0 || ready.truncateFrom !== null
    const isNeeded =
      hasLog || ready.messagesAfterPersist.length > 0 || this.#isNewPromise(ready.hardState)
    let record = commit.barrier
    if (hasLog || ready.hardState !== null) {
      const id = commit.addGroup(this.id, ready, isNeeded)
      if (isNeeded) record = id
    }
    for (const message of ready.messages) this.#send(message, null)
    for (const message of ready.messagesAfterPersist) this.#send(message, record)
    for (const load of ready.loads) snapshots.load(this.id, load)
    if (ready.offeredSnapshot !== null) {
      snapshots.offered(this.id, ready.offeredSnapshot.from, ready.offeredSnapshot.snapshot)
    }
    for (const read of ready.reads) this.#core.fence.readIndex(read.id, read.index)
    commit.whenDurable(record, () => this.raft.persisted(ready.number))
  }

  /** A new term or vote must be on disk before anything rests on it; a commit index can wait. */
  #isNewPromise(hardState: HardState | null): boolean {
    if (hardState === null) return false
    const { term, vote } = this.#promised
    this.#promised = hardState
    return hardState.term !== term || hardState.vote !== vote
  }

  #send(message: Message, after: number | null): void {
    const node = nodeOf(message.to)
    this.#core.peers.send(node, { type: 'raft', group: this.id, message }, after)
  }

  #apply(): boolean {
    const { raft } = this
    if (raft.appliedIndex >= raft.applicableIndex) return false
    while (raft.appliedIndex < raft.applicableIndex) {
      const entry = raft.entry(raft.appliedIndex + 1)
      assert(entry !== null, 'an entry that is not applied is in memory')
      if (entry.type === 'command') {
        this.appliedBytes += entry.data.length
        const replies = this.#host.apply(entry, entry.data)
        this.#answer(entry, replies)
      } else {
        this.#answer(entry, [])
      }
      raft.applied(entry.index)
      this.#core.agreement.applied(this.id, entry.index)
    }
    return true
  }

  /** Replies belong to this node's proposal only if index and term are those it proposed. */
  #answer(id: EntryId, replies: readonly Reply[]): void {
    const first = this.#proposed[0]
    if (first === undefined || first.index > id.index) return
    this.#proposed.shift()
    const isMine = first.index === id.index && first.term === id.term
    first.onReplies.forEach((onReply, i) => {
      onReply(isMine ? (replies[i] ?? null) : null)
    })
  }

  #followLeadership(): void {
    const isLeader = this.raft.isLeader
    if (isLeader && !this.#wasLeader) this.#core.counters.elections++
    this.#wasLeader = isLeader
    const isLeading = isLeader && this.raft.noopApplied
    if (isLeading === this.#isLeading) return
    this.#isLeading = isLeading
    if (!isLeading) this.#dropProposals()
    this.onLeadership(isLeading)
  }

  /**
   * Leadership is lost: what was proposed may or may not be committed; its proposers must ask
   * again.
   */
  #dropProposals(): void {
    const waiting = this.#waiting
    this.#waiting = []
    this.#waitingBytes = 0
    for (const { onReply } of waiting) onReply(null)
    for (const { onReplies } of this.#proposed.splice(0)) {
      for (const onReply of onReplies) onReply(null)
    }
  }

  /** Stops this replica after a broken invariant. The other groups of the node go on. */
  halt(reason: string): void {
    this.haltedReason = reason
    this.#isLeading = false
    this.#dropProposals()
    this.onLeadership(false)
  }
}

/** Bytes that wait at this node's leaders to be proposed. */
function waitingBytesOf(core: Core): number {
  return core.groups.all().reduce((bytes, group) => bytes + group.waitingBytes, 0)
}

/** Bytes that this node's leaders have proposed and that are not committed. */
function uncommittedBytesOf(core: Core): number {
  return core.groups.all().reduce((bytes, { raft }) => bytes + raft.uncommittedBytes, 0)
}
