// What is true of one Raft group as a whole, and what no replica can see: who led each term, who
// voted for whom, which entry each id means, what is committed (Raft figure 3). Replicas come and
// go; the ledger only grows. Every entry costs O(1).
import {
  type Configuration,
  describeId,
  type Entry,
  type Message,
  type ReplicaId
} from '@holdfast/raft'
import type { Report } from './checks.ts'
import { Learning } from './learning.ts'
import { quorumsOverlap } from './quorums.ts'
import { Spoken } from './spoken.ts'

interface SeenEntry {
  readonly checksum: number
  readonly previousTerm: number
}

interface Committed {
  readonly term: number
  /** Term of the replica that knew first. */
  readonly knownIn: number
}

/** A log as far as the ledger asks about it. */
export interface LogView {
  readonly id: ReplicaId
  readonly term: number
  readonly firstIndex: number
  readonly termAt: (index: number) => number | null
}

export class GroupLedger {
  readonly name: string
  readonly report: Report
  readonly #checksum: (bytes: Uint8Array) => number
  readonly #leaders = new Map<number, ReplicaId>()
  #latestTerm = 0
  /** By voter and term: for whom its vote left it. */
  readonly #votes = new Map<string, ReplicaId>()
  /** By voter and term of the leader: up to where it said that its log is the leader's. */
  readonly #accepted = new Map<string, number>()
  /** By index and term. */
  readonly #entries = new Map<string, SeenEntry>()
  /** Of index k at k - 1. */
  readonly #committed: Committed[] = []
  readonly #spoken = new Spoken()
  readonly #learning: Learning | null

  /** `teaches`: who changes the members of the group waits until learners have caught up. */
  constructor(
    name: string,
    report: Report,
    checksum: (bytes: Uint8Array) => number,
    teaches: boolean = false
  ) {
    this.#learning = teaches ? new Learning() : null
    this.name = name
    this.report = report
    this.#checksum = checksum
  }

  /** Of the latest leader; 0 before the first. */
  get latestTerm(): number {
    return this.#latestTerm
  }

  get committedIndex(): number {
    return this.#committed.length
  }

  /** Of the entry that is committed at an index; null if none is known to be. */
  committedTerm(index: number): number | null {
    return this.#committed[index - 1]?.term ?? null
  }

  /** An entry is handed out to be written; it follows one of `previousTerm`. */
  appended(entry: Entry, previousTerm: number): void {
    const key = describeId(entry)
    const checksum = this.#checksum(entry.data)
    const known = this.#entries.get(key)
    if (known === undefined) {
      this.#entries.set(key, { checksum, previousTerm })
      return
    }
    if (known.checksum !== checksum) this.#wrong('log-matching', `${key} means two entries`)
    // The term before a snapshot may be forgotten.
    if (known.previousTerm !== previousTerm && previousTerm >= 0 && known.previousTerm >= 0) {
      this.#wrong('log-matching', `${key} follows ${known.previousTerm} and ${previousTerm}`)
    }
  }

  /** An entry is handed to a machine. */
  applied(replica: ReplicaId, entry: Entry): void {
    const committed = this.#committed[entry.index - 1]
    const what = `replica ${replica} applies ${describeId(entry)}`
    if (committed === undefined) this.#wrong('state-machine-safety', `${what}, not committed`)
    else if (committed.term !== entry.term) {
      this.#wrong('state-machine-safety', `${what}, committed is term ${committed.term}`)
    }
    const seen = this.#entries.get(describeId(entry))
    if (seen !== undefined && seen.checksum !== this.#checksum(entry.data)) {
      this.#wrong('state-machine-safety', `${what} with other bytes than were written`)
    }
  }

  /** A replica's commit index has risen from `from`. */
  committed(log: LogView, from: number, to: number): void {
    for (let index = Math.max(from + 1, log.firstIndex - 1); index <= to; index += 1) {
      const term = log.termAt(index)
      const known = this.#committed[index - 1]
      if (known !== undefined) {
        if (term === null || known.term === term) continue
        const what = `replica ${log.id} has ${index}/${term} committed`
        this.#wrong('state-machine-safety', `${what}, another has term ${known.term}`)
      } else if (index === this.#committed.length + 1 && term !== null) {
        this.#committed.push({ term, knownIn: log.term })
      } else {
        this.#wrong('state-machine-safety', `replica ${log.id} skips to commit ${index}`)
      }
    }
  }

  /** Leader Completeness: by Log Matching the last one committed before the term speaks for all. */
  elected(log: LogView): void {
    const other = this.#leaders.get(log.term)
    if (other !== undefined && other !== log.id) {
      this.#wrong('election-safety', `${other} and ${log.id} lead term ${log.term}`)
    }
    this.#leaders.set(log.term, log.id)
    this.#latestTerm = Math.max(this.#latestTerm, log.term)
    let index = this.#committed.length
    while (index > 0 && (this.#committed[index - 1]?.knownIn ?? 0) >= log.term) index -= 1
    if (index === 0 || index < log.firstIndex - 1) return
    const { term } = this.#committed[index - 1] ?? {}
    if (log.termAt(index) === term) return
    this.#wrong('leader-completeness', `leader ${log.id} of ${log.term} lacks ${index}/${term}`)
  }

  /** A leader puts a configuration into its log. */
  configured(replica: ReplicaId, from: Configuration, to: Configuration, isSettled: boolean): void {
    if (!isSettled) this.#wrong('one-change', `replica ${replica} begins a second change`)
    if (!quorumsOverlap(from, to)) {
      const [before, after] = [from, to].map((each) => JSON.stringify(each))
      this.#wrong('quorum-overlap', `${before} and ${after} can decide without each other`)
    }
    const untaught = this.#learning?.configured(from, to, this.committedIndex) ?? null
    if (untaught !== null) this.#wrong('caught-up', `replica ${replica} ${untaught}`)
  }

  /** A replica has made a message, that is not durable enough to leave it yet. */
  said(message: Message): void {
    this.#spoken.said(message)
  }

  /** A message leaves a replica, never to be taken back. */
  sent(message: Message): void {
    const key = `${message.from}/${message.term}`
    if (message.type === 'append-response' && message.accepted) {
      this.#accepted.set(key, Math.max(message.index, this.#accepted.get(key) ?? 0))
      this.#learning?.accepted(message.from, message.index)
    }
    if (message.type === 'vote-request' && !message.pre) this.#vote(key, message.from)
    if (message.type !== 'vote-response' || message.pre || !message.granted) return
    this.#vote(key, message.to)
  }

  #vote(key: string, candidate: ReplicaId): void {
    const known = this.#votes.get(key)
    this.#votes.set(key, candidate)
    if (known === undefined || known === candidate) return
    this.#wrong('one-vote', `${key} votes for ${known} and ${candidate}`)
  }

  /** A message reaches a replica: the network invents nothing, and nor does a codec. */
  received(message: Message): void {
    const key = `${message.from}/${message.term}`
    const untold = this.#spoken.untold(message)
    if (untold !== null) this.#wrong('nothing-invented', `nobody has said ${untold}`)
    if (message.type === 'vote-response' && message.granted && !message.pre) {
      if (this.#votes.get(key) !== message.to) this.#wrong('one-vote', `${key} never voted so`)
    } else if (message.type === 'append-response' && message.accepted) {
      if ((this.#accepted.get(key) ?? -1) < message.index) {
        this.#wrong('persist-before-speak', `${key} never accepted ${message.index}`)
      }
    }
  }

  #wrong(check: Parameters<Report>[0], detail: string): void {
    this.report(check, `${this.name}: ${detail}`)
  }
}
