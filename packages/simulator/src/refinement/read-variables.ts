// What stands behind the answer to a read (thesis §6.4): nothing that was committed before it was
// asked is missing in it, and who gives it has led ever since, by the answers of a quorum to
// heartbeats that left later. Counted from what was said and heard, by no round of the replica's.
import type { Configuration, Message, Raft, ReplicaId } from '@holdfast/raft'
import { isQuorumOf } from '../checkers/quorums.ts'

type LeaderView = Pick<Raft, 'id' | 'term' | 'isLeader' | 'configuration'>

/** A read that a leader was asked for. */
interface Asked {
  readonly term: number
  /** Last round of heartbeats that had left by then. */
  readonly round: number
  /** Whether a quorum has answered a later one. */
  isConfirmed: boolean
}

export class ReadVariables {
  /** Of reads that this replica has asked for, by id: what was committed anywhere by then. */
  readonly #floors = new Map<number, number>()
  /** By who asked and id, in the order of asking. */
  readonly #asked = new Map<string, Asked[]>()
  /** Latest round that each follower has answered in this term. */
  readonly #answered = new Map<ReplicaId, number>()
  #round = 0

  /** A term of leadership begins. */
  begin(): void {
    this.#answered.clear()
  }

  /** The caller asks. */
  asked(id: number, committed: number, raft: LeaderView): void {
    this.#floors.set(id, committed)
    if (raft.isLeader) this.#ask(id, raft.id, raft.term)
  }

  #ask(id: number, from: ReplicaId, term: number): void {
    const key = `${from}/${id}`
    const list = this.#asked.get(key) ?? []
    list.push({ term, round: this.#round, isConfirmed: false })
    this.#asked.set(key, list)
  }

  /** A leader has handled a message of its term. */
  handled(message: Message, self: ReplicaId, configuration: Configuration): void {
    if (message.type === 'read-index-request') this.#ask(message.id, message.from, message.term)
    if (message.type !== 'heartbeat-response') return
    const { from, round } = message
    this.#answered.set(from, Math.max(round, this.#answered.get(from) ?? 0))
    for (const list of this.#asked.values()) {
      for (const asked of list) {
        const isOfTerm = asked.term === message.term
        if (isOfTerm && this.#isBehind(asked, self, configuration)) asked.isConfirmed = true
      }
    }
  }

  #isBehind({ round }: Asked, self: ReplicaId, configuration: Configuration): boolean {
    return isQuorumOf(configuration, (replica) => {
      return replica === self || (this.#answered.get(replica) ?? 0) > round
    })
  }

  /** A message leaves; what is wrong with the answer that it brings, or null. */
  said(message: Message, raft: LeaderView): string | null {
    if (message.type === 'heartbeat-request') this.#round = Math.max(this.#round, message.round)
    if (message.type !== 'read-index-response') return null
    return this.#judge(message.id, message.to, message.index, raft)
  }

  /** The caller has its answer; what is wrong with it, or null. */
  answered(id: number, index: number | null, raft: LeaderView): string | null {
    const floor = this.#floors.get(id)
    this.#floors.delete(id)
    const wrong = this.#judge(id, raft.id, index, raft)
    if (index === null || (floor !== undefined && index >= floor)) return wrong
    return `read ${id} is answered with ${index}, ${floor} was committed before it`
  }

  #judge(id: number, from: ReplicaId, index: number | null, raft: LeaderView): string | null {
    const key = `${from}/${id}`
    const [asked, ...others] = this.#asked.get(key) ?? []
    if (others.length > 0) this.#asked.set(key, others)
    else this.#asked.delete(key)
    // What this replica asked another for, that one was asked.
    if (index === null || asked === undefined || asked.isConfirmed) return null
    const isItself = raft.isLeader && raft.term === asked.term
    if (isItself && this.#isBehind(asked, raft.id, raft.configuration)) return null
    return `read ${id} is answered, and no quorum has said since that it follows`
  }
}
