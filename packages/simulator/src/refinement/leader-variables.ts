// matchIndex of the specification, rebuilt from the answers that a leader handled: an independent
// count of what each follower said, in the session in which it was said (thesis §4; a replica that
// is removed and added again in one term has another one).
import {
  type Configuration,
  type Message,
  members,
  type Raft,
  type ReplicaId
} from '@holdfast/raft'

interface Follower {
  readonly session: number
  match: number
}

export class LeaderVariables {
  readonly #followers = new Map<ReplicaId, Follower>()
  readonly matchIndex: Map<ReplicaId, number> = new Map()

  /** A term of leadership begins, with the no-op at `index`. */
  begin(configuration: Configuration, index: number): void {
    this.#followers.clear()
    this.matchIndex.clear()
    this.track(configuration, index)
  }

  /** Who is named by the configuration at `index` is followed, and nobody else. */
  track(configuration: Configuration, index: number): void {
    const named = members(configuration)
    for (const replica of [...this.#followers.keys()]) {
      if (named.includes(replica)) continue
      this.#followers.delete(replica)
      this.matchIndex.delete(replica)
    }
    for (const replica of named) {
      if (this.#followers.has(replica)) continue
      this.#followers.set(replica, { session: index, match: 0 })
      this.matchIndex.set(replica, 0)
    }
  }

  /** HandleAppendEntriesResponse: matchIndex' = mmatchIndex, never lower. */
  handled(message: Message, lastIndex: number): void {
    if (message.type !== 'append-response' || !message.accepted) return
    const follower = this.#followers.get(message.from)
    if (follower === undefined || follower.session !== message.session) return
    if (message.index > lastIndex) return
    follower.match = Math.max(follower.match, message.index)
    this.matchIndex.set(message.from, follower.match)
  }

  /** What the replica believes, where it is another thing; null if it agrees. */
  contradiction(raft: Raft): string | null {
    for (const { replica, match, next } of raft.progress()) {
      if (replica === raft.id) continue
      const said = this.matchIndex.get(replica) ?? 0
      if (match !== said) return `matchIndex of ${replica} is ${match}, it said ${said}`
      if (next <= match) return `nextIndex of ${replica} is ${next}, matchIndex ${match}`
      if (next > raft.lastId.index + 1) return `nextIndex of ${replica} is ${next}, behind the log`
    }
    return null
  }
}
