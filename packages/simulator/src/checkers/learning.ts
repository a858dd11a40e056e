// Who is made a voter of a group has caught up before, or the group would wait for it: it has
// acknowledged what was committed when it began to learn, but for the last entries.
import type { Configuration, ReplicaId } from '@holdfast/raft'

/** Entries that a replica may lack and still be taken for caught up (reports.ts). */
const lagMax = 64

export class Learning {
  /** Up to where each replica ever acknowledged entries. */
  readonly #accepted = new Map<ReplicaId, number>()
  /** What was committed when a replica was named as a learner first. */
  readonly #begun = new Map<ReplicaId, number>()
  /** Those that voted before, whatever they are now. */
  readonly #veterans = new Set<ReplicaId>()

  accepted(replica: ReplicaId, index: number): void {
    this.#accepted.set(replica, Math.max(index, this.#accepted.get(replica) ?? 0))
  }

  /** A leader puts a configuration into its log. What is wrong with it; null if nothing is. */
  configured(from: Configuration, to: Configuration, committedIndex: number): string | null {
    for (const voter of [...from.voters, ...from.outgoing]) this.#veterans.add(voter)
    for (const learner of to.learners) {
      if (!this.#begun.has(learner)) this.#begun.set(learner, committedIndex)
    }
    for (const voter of to.voters) {
      if (this.#veterans.has(voter)) continue
      const accepted = this.#accepted.get(voter) ?? 0
      const begun = this.#begun.get(voter) ?? committedIndex
      if (accepted > 0 && accepted + lagMax >= begun) continue
      return `makes ${voter} a voter, which has ${accepted} of ${begun} entries`
    }
    return null
  }
}
