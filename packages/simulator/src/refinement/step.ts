// One step of one replica, as the guards of the refinement see it: the state before, what was done
// to the replica, and the state after. Plain data, so that a test can make one by hand.
import type { EntryId, Message, ReplicaId, SnapshotMeta } from '@holdfast/raft'
import type { ServerView } from './server-view.ts'

/** What was done to a replica: the calls of its public interface. */
export type Cause =
  | { readonly type: 'message'; readonly message: Message; readonly append: AppendFacts | null }
  | { readonly type: 'tick' | 'campaign' | 'hasten' | 'leader-gone' }
  | { readonly type: 'propose' | 'configure' | 'flush' | 'persisted' | 'supply' | 'report' }
  | { readonly type: 'applied' | 'transfer' | 'refuse-snapshot' | 'snapshot-taken' }
  | { readonly type: 'installed'; readonly meta: SnapshotMeta }
  | { readonly type: 'compact'; readonly firstIndex: number }

/** What must be looked up in the log before an append request changes it. */
export interface AppendFacts {
  /** logOk of the specification: the log holds the previous entry, or has committed beyond it. */
  readonly isPreviousKnown: boolean
  /** First index, above the commit index, where log and request hold different entries. */
  readonly conflict: number | null
  /** First index of the request that the log lacks or contradicts. */
  readonly fresh: number | null
}

export interface Step {
  readonly before: ServerView
  readonly cause: Cause
  readonly after: ServerView
  /** Term of an index of the log after the step; null if it is not known. */
  readonly termAt: (index: number) => number | null
  /** Whether the replica may campaign at all (thesis §4.2.2). */
  readonly isElectable: () => boolean
  readonly volatile: Volatile
}

/** Variables of the specification that are rebuilt from the messages handled. */
export interface Volatile {
  /** votesGranted: who granted its vote in the term of the candidate, itself once it is durable. */
  readonly votesGranted: ReadonlySet<ReplicaId>
  /** Who would grant its vote in the next term (thesis §9.6). */
  readonly preVotesGranted: ReadonlySet<ReplicaId>
  /** It hears a leader, or did so less than an election timeout ago. */
  readonly owesSilence: boolean
  /** A snapshot is on its way to the disk, and will replace the log. */
  readonly isInstalling: boolean
  /** matchIndex of a leader. */
  readonly matchIndex: ReadonlyMap<ReplicaId, number>
}

/** The actions of the specification, and below them those of our extensions. */
export const actions = [
  'Restart',
  'Timeout',
  'RequestVote',
  'AppendEntries',
  'BecomeLeader',
  'ClientRequest',
  'AdvanceCommitIndex',
  'HandleRequestVoteRequest',
  'HandleRequestVoteResponse',
  'HandleAppendEntriesRequest',
  'HandleAppendEntriesResponse',
  'UpdateTerm',
  'DropStaleResponse',
  'PreVote',
  'ReturnToFollower',
  'Abdicate',
  'LearnCommit',
  'ChangeConfiguration',
  'OfferSnapshot',
  'InstallSnapshot',
  'Compact',
  'TimeoutNow'
] as const

export type Action = (typeof actions)[number]

/** Takes what a guard made of its part of a step. */
export interface Verdict {
  found(action: Action): void
  wrong(sentence: string): void
}

/** logOk of the specification: theirs is at least as up to date as ours (Raft §5.4.1). */
export function isUpToDate(theirs: EntryId, ours: EntryId): boolean {
  if (theirs.term !== ours.term) return theirs.term > ours.term
  return theirs.index >= ours.index
}
