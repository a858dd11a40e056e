// The silence that a replica owes: who hears a leader grants nobody a vote for an election timeout,
// and does not campaign (thesis §4.2.3), for leases rest on it. Counted from what was handled, and
// by no counter of the replica's own.
import type { Message } from '@holdfast/raft'
import type { ServerView } from './server-view.ts'
import { type Cause, isUpToDate } from './step.ts'

/** What a replica is told by the leader of its term, whatever else it says. */
function isFromLeader({ type }: Message): boolean {
  return type === 'append-request' || type === 'heartbeat-request' || type === 'snapshot-request'
}

export class Silence {
  readonly #timeoutTicks: number
  /** Since a leader was heard. */
  #ticks: number
  /** Whether a pre-vote may be granted, by who has asked and for which term. */
  readonly #asked = new Map<string, boolean>()

  /** A process that begins may have heard a leader just before it ended; a newborn one has not. */
  constructor(timeoutTicks: number, isNewborn: boolean) {
    this.#timeoutTicks = timeoutTicks
    this.#ticks = isNewborn ? timeoutTicks : 0
  }

  get isOwed(): boolean {
    return this.#ticks < this.#timeoutTicks
  }

  /** After a call; `term` is what the replica is in by now. */
  after(cause: Cause, term: number): void {
    if (cause.type === 'tick') this.#ticks += 1
    else if (cause.type === 'leader-gone') this.#ticks = this.#timeoutTicks
    else if (cause.type === 'message' && cause.message.term === term) {
      if (isFromLeader(cause.message)) this.#ticks = 0
    }
  }

  /** A vote is asked for: a leader needs nobody's, and who lacks entries gets none. */
  asked(message: Message, { role, last }: Pick<ServerView, 'role' | 'last'>): void {
    if (message.type !== 'vote-request' || !message.pre) return
    const key = `${message.from} ${message.term}`
    // Asked twice between two readies, it may have been granted before a leader was heard.
    const mayBe = this.#asked.get(key) ?? false
    const isFree = role !== 'leader' && !this.isOwed && isUpToDate(message.last, last)
    this.#asked.set(key, mayBe || isFree)
  }

  /** Whether this answer grants what had to be refused. */
  isBrokenBy(message: Message): boolean {
    if (message.type !== 'vote-response' || !message.pre || !message.granted) return false
    return this.#asked.get(`${message.to} ${message.term}`) === false
  }

  /** What was asked is answered. */
  answered(): void {
    this.#asked.clear()
  }
}
