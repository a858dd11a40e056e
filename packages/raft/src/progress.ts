// What a leader knows of one follower (Raft figure 2, nextIndex and matchIndex; the three states
// are those of etcd/raft): `probe` sends one request at a time until the logs meet, `replicate`
// pipelines with an optimistic next, `snapshot` waits until an offered snapshot is installed.
import type { RaftConfig } from './config.ts'
import type { ReplicaId, SnapshotMeta } from './entry.ts'
import { Inflights } from './inflights.ts'

export type ProgressState = 'probe' | 'replicate' | 'snapshot'

export interface Progress {
  readonly replica: ReplicaId
  /** Index of the entry with which this leader began to track it; tells old answers from new. */
  readonly session: number
  /** Highest index known to be durable there. Never falls. */
  match: number
  /** Next index to send. Invariant: match < next. */
  next: number
  state: ProgressState
  readonly inflights: Inflights
  /** Probe state: a request is out; the next goes after an answer to it or to a heartbeat. */
  isProbeSent: boolean
  /** An answer to an empty append is wanted, to find out whether something was lost. */
  isPingDue: boolean
  /** Refusals in a row of what it had acknowledged (see `isRegressed`). */
  refusals: number
  /** Commit index told with the last append. */
  commitTold: number
  /** Entries are being loaded for it. At most one load is outstanding. */
  isLoading: boolean
  /** What a load is taken to bring: what was asked for, or what the last one had no room for. */
  loadBytes: number
  /** What is next was not sent, since the groups of this host have too much under way to it. */
  lacksRoom: boolean
  /** Snapshot state: what was offered, at which tick, and whether to offer it again. */
  offered: { readonly snapshot: SnapshotMeta; readonly tick: number } | null
  isOfferDue: boolean
  /** Tick of this replica being awake at which something was last heard from it. */
  heardTick: number
  /** Highest round it has answered, and the tick at which that round was sent. */
  round: number
  leaseTick: number | null
}

export function createProgress(
  config: RaftConfig,
  replica: ReplicaId,
  position: { readonly next: number; readonly session: number; readonly tick: number }
): Progress {
  return {
    replica,
    session: position.session,
    match: 0,
    next: position.next,
    state: 'probe',
    inflights: new Inflights(config.inflightRequestsMax, config.inflightBytesMax),
    isProbeSent: false,
    isPingDue: false,
    refusals: 0,
    commitTold: 0,
    isLoading: false,
    loadBytes: 0,
    lacksRoom: false,
    offered: null,
    isOfferDue: false,
    heardTick: position.tick,
    round: 0,
    leaseTick: null
  }
}

function leaveState(progress: Progress): void {
  progress.inflights.clear()
  progress.isProbeSent = false
  progress.isPingDue = false
  progress.isLoading = false
  progress.loadBytes = 0
  progress.lacksRoom = false
  progress.offered = null
  progress.isOfferDue = false
}

/** Sends one request at a time, from `next` on, until the logs meet. */
export function becomeProbe(progress: Progress, next: number): void {
  leaveState(progress)
  progress.state = 'probe'
  progress.next = Math.max(next, progress.match + 1)
}

/** The logs meet at `match`: pipeline from there. */
export function becomeReplicate(progress: Progress): void {
  leaveState(progress)
  progress.state = 'replicate'
  progress.next = progress.match + 1
}

/** The log no longer reaches back to what it needs. */
export function becomeSnapshot(progress: Progress, snapshot: SnapshotMeta, tick: number): void {
  leaveState(progress)
  progress.state = 'snapshot'
  progress.offered = { snapshot, tick }
  progress.isOfferDue = true
}

/**
 * Whether the replica has lost what it had acknowledged (a disk that lied, a backup that was
 * restored). One refusal may be an old one that was held up; more than can be under way are not.
 */
export function isRegressed(progress: Progress, config: RaftConfig): boolean {
  return progress.refusals > config.inflightRequestsMax
}
