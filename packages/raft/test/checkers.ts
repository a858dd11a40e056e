// The safety properties of Raft (figure 3 of the paper), checked from outside after every step of a
// simulated cluster. Each keeps a global shadow that no replica can see.
import { assert } from '@holdfast/errors'
import { describeId, type Entry, type Message, type Raft, type ReplicaId } from '../src/index.ts'

interface Seen {
  readonly data: string
  readonly previousTerm: number
}

export class Checkers {
  /** Election Safety: at most one leader a term. */
  readonly #leaders = new Map<number, ReplicaId>()
  /** One vote a term and replica. */
  readonly #votes = new Map<string, ReplicaId>()
  /** Log Matching: an id always means the same entry after the same predecessor. */
  readonly #entries = new Map<string, Seen>()
  /** What was committed: the term of each index, and the term of who first knew. */
  readonly #committed: { readonly term: number; readonly knownIn: number }[] = []
  /** What the machines were given. */
  readonly #applied = new Map<number, string>()
  readonly #last = new Map<ReplicaId, { term: number; commit: number; applied: number }>()

  get committedIndex(): number {
    return this.#committed.length
  }

  appended(entry: Entry, previousTerm: number): void {
    const key = describeId(entry)
    const seen = { data: `${entry.type} ${entry.data.join()}`, previousTerm }
    const known = this.#entries.get(key)
    if (known === undefined) this.#entries.set(key, seen)
    else {
      assert(known.data === seen.data, `Log Matching: ${key} is always the same entry`)
      assert(known.previousTerm === previousTerm, `Log Matching: ${key} follows the same entry`)
    }
  }

  applied(entry: Entry): void {
    const text = `${describeId(entry)} ${entry.type} ${entry.data.join()}`
    const known = this.#applied.get(entry.index)
    if (known === undefined) this.#applied.set(entry.index, text)
    assert(known === undefined || known === text, 'State Machine Safety: one entry an index')
  }

  sent(message: Message): void {
    if (message.type !== 'vote-response' || message.pre || !message.granted) return
    const key = `${message.from} in ${message.term}`
    const known = this.#votes.get(key)
    assert(known === undefined || known === message.to, `one vote of ${key}`)
    this.#votes.set(key, message.to)
  }

  /** After every step of a replica. */
  observe(raft: Raft): void {
    this.#monotonic(raft)
    for (let index = this.#committed.length + 1; index <= raft.commitIndex; index++) {
      const term = raft.termAt(index)
      assert(term !== null, 'a replica knows the term of what it just learned to be committed')
      this.#committed.push({ term, knownIn: raft.term })
    }
    const at = this.#committed[raft.commitIndex - 1]
    const term = raft.termAt(raft.commitIndex)
    assert(raft.commitIndex === 0 || term === at?.term, 'replicas agree on what is committed')
    if (raft.isLeader) this.#leader(raft)
  }

  #monotonic(raft: Raft): void {
    const last = this.#last.get(raft.id) ?? { term: 0, commit: 0, applied: 0 }
    assert(raft.term >= last.term, 'terms never fall')
    assert(raft.commitIndex >= last.commit, 'the commit index never falls')
    assert(raft.appliedIndex >= last.applied, 'the applied index never falls')
    assert(raft.applicableIndex <= raft.durableIndex, 'only what is durable here is applied')
    last.term = raft.term
    last.commit = raft.commitIndex
    last.applied = raft.appliedIndex
    this.#last.set(raft.id, last)
  }

  #leader(raft: Raft): void {
    const known = this.#leaders.get(raft.term)
    if (known !== undefined) {
      assert(known === raft.id, `Election Safety: one leader in term ${raft.term}`)
      return
    }
    this.#leaders.set(raft.term, raft.id)
    this.#committed.forEach(({ term, knownIn }, at) => {
      if (knownIn >= raft.term || at + 1 < raft.firstIndex) return
      assert(
        raft.termAt(at + 1) === term,
        `Leader Completeness: the leader of term ${raft.term} has entry ${at + 1}/${term}`
      )
    })
  }

  /** It gave up all it had. */
  left(replica: ReplicaId): void {
    this.#last.delete(replica)
  }

  /** A crash forgets what was in memory only. */
  restarted(replica: ReplicaId, disk: { readonly term: number }): void {
    this.#last.set(replica, { term: disk.term, commit: 0, applied: 0 })
  }
}
