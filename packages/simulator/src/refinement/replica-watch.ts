// Watches one life of one replica: after each call it holds what changed against the actions of the
// specification, and tells the ledger of the group what all must agree on. A call that changed
// nothing costs a few comparisons.
import type {
  EntryId,
  Message,
  Raft,
  RaftConfig,
  Ready,
  ReplicaId,
  SnapshotMeta
} from '@holdfast/raft'
import type { GroupLedger, LogView } from '../checkers/group-ledger.ts'
import { LeaderVariables } from './leader-variables.ts'
import { LeaseVariables } from './lease-variables.ts'
import { guardBeginInstall, guardCommit, guardLog } from './log-guards.ts'
import { guardMessage } from './message-guards.ts'
import { ReadVariables } from './read-variables.ts'
import { guardRestart, type Remains } from './restart-guard.ts'
import { guardFloor, guardRole, guardTerm, guardVote } from './role-guards.ts'
import { floorOf, isElectable, isStuttering, type ServerView, viewOf } from './server-view.ts'
import { Silence } from './silence.ts'
import type { Action, Cause, Step, Verdict } from './step.ts'

/** How often each action was taken. */
export type ActionCounts = Map<Action, number>

export class ReplicaWatch {
  readonly #raft: Raft
  readonly #ledger: GroupLedger
  readonly #counts: ActionCounts
  readonly #votesGranted = new Set<ReplicaId>()
  readonly #preVotesGranted = new Set<ReplicaId>()
  readonly #leader = new LeaderVariables()
  readonly #lease = new LeaseVariables()
  readonly #silence: Silence
  readonly #electionTimeoutTicks: number
  /** Term and vote of each ready that is not durable yet, oldest first. */
  #promises: { readonly number: number; readonly term: number; readonly vote: ReplicaId | null }[]
  #durable: { term: number; vote: ReplicaId | null }
  readonly #reads = new ReadVariables()
  /** The snapshot that is replacing the log. */
  #installing: EntryId | null = null
  #view: ServerView
  #applied = 0
  readonly #floor: number

  constructor(
    raft: Raft,
    ledger: GroupLedger,
    counts: ActionCounts,
    {
      electionTimeoutTicks,
      isUnpersisted
    }: Pick<RaftConfig, 'electionTimeoutTicks'> & { readonly isUnpersisted: boolean }
  ) {
    this.#raft = raft
    this.#electionTimeoutTicks = electionTimeoutTicks
    this.#ledger = ledger
    this.#counts = counts
    this.#view = viewOf(raft)
    this.#promises = []
    const { term, vote } = raft.hardState
    this.#floor = floorOf(raft)
    this.#durable = isUnpersisted ? { term: 0, vote: null } : { term, vote }
    this.#silence = new Silence(electionTimeoutTicks, isUnpersisted || term === 0)
  }

  get #log(): LogView {
    const raft = this.#raft
    const { id, term, firstIndex } = raft
    return { id, term, firstIndex, termAt: (index) => raft.termAt(index) }
  }

  restarted(remains: Remains | null): void {
    guardRestart(this.#raft, remains, this.#ledger.committedIndex, this.#verdict)
  }

  get remains(): Remains {
    const { durableIndex: index } = this.#raft
    const last = { index, term: this.#raft.termAt(index) }
    return { ...this.#durable, last, floor: this.#floor, replacedBy: this.#installing }
  }

  /** After each call. */
  after(cause: Cause): void {
    if (cause.type === 'message') this.#handled(cause.message)
    if (cause.type === 'tick') this.passed(1)
    this.#silence.after(cause, this.#raft.term)
    if (cause.type === 'refuse-snapshot') this.#installing = null
    if (isStuttering(this.#view, this.#raft)) return
    const before = this.#view
    const after = viewOf(this.#raft)
    this.#view = after
    const step: Step = {
      before,
      cause,
      after,
      termAt: (index) => this.#raft.termAt(index),
      isElectable: () => isElectable(this.#raft),
      volatile: {
        votesGranted: this.#votesGranted,
        preVotesGranted: this.#preVotesGranted,
        owesSilence: this.#silence.isOwed,
        isInstalling: this.#installing !== null,
        matchIndex: this.#leader.matchIndex
      }
    }
    this.#judge(step)
    this.#follow(step)
    if (cause.type === 'installed') this.#installing = null
  }

  #judge(step: Step): void {
    const verdict = this.#verdict
    guardTerm(step, verdict)
    guardVote(step, verdict)
    guardRole(step, verdict)
    guardFloor(step, verdict)
    guardLog(step, verdict)
    guardCommit(step, verdict)
    const { configuration, lastId } = this.#raft
    if (this.#raft.configurationAt(lastId.index) !== configuration) {
      verdict.wrong('the configuration in force is not in the log')
    }
  }

  readonly #verdict: Verdict = {
    found: (action) => this.#counts.set(action, (this.#counts.get(action) ?? 0) + 1),
    wrong: (sentence) => this.#wrong(sentence)
  }

  /** What this step means for the variables that are rebuilt, and for the group. */
  #follow({ before, after }: Step): void {
    if (after.term < before.term || after.commit < before.commit) {
      this.#ledger.report('monotonic', `${this.#who} goes back`)
    }
    if (after.term !== before.term || after.role !== before.role) this.#newRole(before, after)
    if (after.configuration !== before.configuration && after.role === 'leader') {
      this.#leader.track(after.configuration, after.last.index)
      const isSettled = this.#raft.committedConfiguration === before.configuration
      this.#ledger.configured(after.id, before.configuration, after.configuration, isSettled)
    }
    if (after.commit > before.commit) {
      this.#ledger.committed(this.#log, before.commit, after.commit)
    }
  }

  #newRole(before: ServerView, after: ServerView): void {
    if (after.term !== before.term || after.role === 'follower') {
      this.#votesGranted.clear()
      this.#preVotesGranted.clear()
    }
    if (after.role !== 'leader' || before.role === 'leader') return
    this.#leader.begin(before.configuration, after.last.index)
    this.#lease.begin()
    this.#reads.begin()
    this.#ledger.elected(this.#log)
  }

  /** The variables as the message leaves them, before the consequences are judged. */
  #handled(message: Message): void {
    this.#ledger.received(message)
    const { term, role, last, configuration, id } = this.#view
    this.#silence.asked(message, this.#view)
    const isLed = message.term === term && role === 'leader'
    if (isLed) this.#reads.handled(message, id, configuration)
    if (message.type === 'heartbeat-response' && isLed) {
      this.#lease.answered(message.from, message.round)
      this.#checkLease()
    } else if (message.type === 'vote-response' && message.granted) {
      if (message.pre) {
        if (role === 'pre-candidate' && message.term === term + 1) {
          this.#preVotesGranted.add(message.from)
        }
      } else if (message.term === term && role === 'candidate') {
        this.#verdict.found('HandleRequestVoteResponse')
        this.#votesGranted.add(message.from)
      }
    } else if (message.type === 'append-response') {
      if (message.term < term) return this.#verdict.found('DropStaleResponse')
      if (message.term !== term || role !== 'leader') return
      this.#verdict.found('HandleAppendEntriesResponse')
      this.#leader.handled(message, last.index)
      const contradiction = this.#leader.contradiction(this.#raft)
      if (contradiction !== null) this.#wrong(contradiction)
    }
  }

  /** So much time has passed, by which leases end. */
  passed(ticks: number): void {
    this.#lease.passed(ticks)
    this.#checkLease()
  }

  /** A lease is never longer than what followers have promised by their answers. */
  #checkLease(): void {
    const raft = this.#raft
    if (!raft.isLeader || this.#view.role !== 'leader') return
    for (const ticks of [2, this.#electionTimeoutTicks - 1]) {
      if (!raft.hasLeaderQuorum(ticks)) continue
      if (this.#lease.isHeld(raft.configuration, raft.id, ticks)) continue
      this.#ledger.report('lease', `${this.#who} claims one that no quorum has given`)
    }
  }

  /** A read is asked for: its floor is what anybody knows to be committed by now. */
  asked(id: number): void {
    this.#reads.asked(id, this.#ledger.committedIndex, this.#raft)
  }

  #judgeRead(wrong: string | null): void {
    if (wrong !== null) this.#ledger.report('linearizable-read', `${this.#who}: ${wrong}`)
  }

  /** The install of a snapshot begins. */
  installing(meta: SnapshotMeta): void {
    guardBeginInstall(this.#raft, meta, this.#verdict)
    this.#installing = meta.id
  }

  /** A snapshot carries the configuration in force at its index, not a later one. */
  takes({ id, configuration }: SnapshotMeta): void {
    const { snapshotId } = this.#raft
    if (id.index < (snapshotId?.index ?? 0)) return
    const inForce = this.#raft.configurationAt(id.index)
    if (JSON.stringify(configuration) === JSON.stringify(inForce)) return
    this.#wrong(`a snapshot at ${id.index} with a configuration that was not in force there`)
  }

  /** A ready was taken. */
  readied(ready: Ready): void {
    this.after({ type: 'flush' })
    const { number, hardState, entries } = ready
    if (hardState !== null) this.#promises.push({ number, ...hardState })
    const { commit = this.#floor } = hardState ?? {}
    if (commit < this.#floor) this.#wrong(`writes ${commit} where ${this.#floor} is committed`)
    for (const entry of entries) {
      this.#ledger.appended(entry, this.#raft.termAt(entry.index - 1) ?? -1)
    }
    const raft = this.#raft
    for (const { id, index } of ready.reads) this.#judgeRead(this.#reads.answered(id, index, raft))
    for (const message of [...ready.messages, ...ready.messagesAfterPersist]) this.#says(message)
    this.#silence.answered()
    this.#checkTail()
  }

  #says(message: Message): void {
    guardMessage(this.#raft, message, this.#verdict)
    this.#ledger.said(message)
    this.#judgeRead(this.#reads.said(message, this.#raft))
    if (message.term === this.#raft.term) this.#lease.sent(message)
    if (this.#silence.isBrokenBy(message)) {
      this.#wrong(`would vote for ${message.to}, which lacks entries, or while a leader is heard`)
    }
  }

  /** Called before the replica hears that the write is durable. */
  persisting(number: number): void {
    let done = 0
    for (const promise of this.#promises) {
      if (promise.number > number) break
      this.#durable = { term: promise.term, vote: promise.vote }
      done += 1
    }
    this.#promises.splice(0, done)
    const { term, role, id } = this.#view
    const isOwnVote = this.#durable.term === term && this.#durable.vote === id
    if (role === 'candidate' && isOwnVote) this.#votesGranted.add(id)
  }

  /** Applied is monotonic and within what is committed and durable. */
  applied(): void {
    const { appliedIndex, commitIndex, durableIndex } = this.#raft
    if (appliedIndex < this.#applied) this.#ledger.report('monotonic', `${this.#who}: applied`)
    this.#applied = appliedIndex
    if (appliedIndex > commitIndex) this.#wrong(`applies ${appliedIndex} above ${commitIndex}`)
    if (appliedIndex > durableIndex) this.#wrong(`applies ${appliedIndex}, not on its disk`)
  }

  #checkTail(): void {
    const { durableIndex, lastId } = this.#raft
    if (durableIndex > lastId.index) this.#wrong('more is durable than there is')
  }

  get #who(): string {
    return `${this.#ledger.name}: replica ${this.#view.id}`
  }

  #wrong(sentence: string): void {
    const { term, role } = this.#view
    this.#ledger.report('raft-refinement', `${this.#who} (${role} of ${term}): ${sentence}`)
  }
}
