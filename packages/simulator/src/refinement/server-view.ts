// The variables of one server in Ongaro's TLA+ specification of Raft, as they are read off the
// implementation: currentTerm, state, votedFor, log, commitIndex; and those that our extensions
// need: durable, applied, the effective configuration. votesGranted and matchIndex are not read
// off, they are rebuilt from the messages that were handled (replica-watch.ts).
import type { Configuration, EntryId, Raft, ReplicaId, Role } from '@holdfast/raft'

export interface ServerView {
  readonly id: ReplicaId
  readonly term: number
  /** A pre-candidate is a follower of the specification. */
  readonly role: Role
  readonly vote: ReplicaId | null
  readonly leader: ReplicaId | null
  /** First index whose entry the replica still has; below it a snapshot stands for the log. */
  readonly firstIndex: number
  readonly last: EntryId
  readonly commit: number
  /** So much is committed, and it once had it and has not now; 0: it has. */
  readonly floor: number
  readonly applied: number
  /** Index up to which the replica believes its log to be on its disk. */
  readonly durable: number
  /** Latest in the log, committed or not. */
  readonly configuration: Configuration
}

export function viewOf(raft: Raft): ServerView {
  return {
    id: raft.id,
    term: raft.term,
    role: raft.role,
    vote: raft.hardState.vote,
    leader: raft.leader,
    firstIndex: raft.firstIndex,
    last: raft.lastId,
    commit: raft.commitIndex,
    floor: floorOf(raft),
    applied: raft.appliedIndex,
    durable: raft.durableIndex,
    configuration: raft.configuration
  }
}

/** What is known to be committed, where the replica lacks it: it left the group, and is back. */
export function floorOf({ hardState, commitIndex }: Raft): number {
  return hardState.commit > commitIndex ? hardState.commit : 0
}

/** Whether nothing that the specification speaks of has changed. */
export function isStuttering(before: ServerView, raft: Raft): boolean {
  return (
    before.term === raft.term &&
    before.role === raft.role &&
    before.leader === raft.leader &&
    before.commit === raft.commitIndex &&
    before.firstIndex === raft.firstIndex &&
    before.configuration === raft.configuration &&
    isSameLog(before.last, raft.lastId) &&
    before.vote === raft.hardState.vote
  )
}

function isSameLog(left: EntryId, right: EntryId): boolean {
  return left.index === right.index && left.term === right.term
}

/**
 * Whether the replica counts in a configuration that may be in force: the committed one or any
 * after it (thesis §4.2.2).
 */
export function isElectable(raft: Raft): boolean {
  for (let index = raft.commitIndex; index <= raft.lastId.index; index += 1) {
    // Counted here: the replica's own counting is under test.
    const { voters, outgoing } = raft.configurationAt(index)
    if (voters.includes(raft.id) || outgoing.includes(raft.id)) return true
  }
  return false
}
