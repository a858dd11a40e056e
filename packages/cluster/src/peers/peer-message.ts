// Calls between nodes and one-way casts, in the gateway lane. Calls are answered once or time out;
// each is safe to repeat, because its caller cannot know whether a lost answer meant a lost call.
import type { ConsumerKey, MetadataCommand, Outcome, ShardCommand } from '@holdfast/broker'
import type { WireError } from '@holdfast/errors'
import type { GroupId } from '../log-store.ts'
import type { AdminReply, AdminRequest } from '../status.ts'

export type Call =
  /** To the metadata leader: commit this, answer when it is in force on all nodes. */
  | { readonly type: 'metadata'; readonly command: MetadataCommand }
  /** To a shard's leader: commit this, answer with the machine's reply. */
  | { readonly type: 'shard'; readonly group: GroupId; readonly command: ShardCommand }
  /** To a group's leader. */
  | {
      readonly type: 'reconfigure'
      readonly group: GroupId
      /** The members for which this step was chosen. With others the step may be a wrong one. */
      readonly from: { readonly voters: readonly number[]; readonly learners: readonly number[] }
      readonly voters: readonly number[]
      readonly learners: readonly number[]
    }
  | { readonly type: 'transfer'; readonly group: GroupId; readonly to: number }
  /** To a shard's leader: what is ready, unsettled, attached. */
  | { readonly type: 'inspect'; readonly group: GroupId; readonly queue: number }
  /** To the metadata leader: an operator's call that only it can do. */
  | { readonly type: 'admin'; readonly request: AdminRequest }
  /** To the leader that offered a snapshot: which blobs does it consist of? */
  | {
      readonly type: 'snapshot-open'
      readonly group: GroupId
      readonly index: number
      readonly term: number
    }
  | {
      readonly type: 'snapshot-blobs'
      readonly group: GroupId
      readonly index: number
      readonly ids: readonly number[]
    }
  /** Which entries are retained, from `from` on: the caller asks for those it lacks. */
  | {
      readonly type: 'snapshot-retained'
      readonly group: GroupId
      readonly index: number
      readonly from: number
    }
  /** The first of these retained entries, as many as fit into a chunk, at least one. */
  | {
      readonly type: 'snapshot-entries'
      readonly group: GroupId
      readonly index: number
      readonly indexes: readonly number[]
    }
  /**
   * To a queue's leader, from the gateway of a client that is connected elsewhere: attach its
   * consumer, with what it holds. `attachment` is the gateway's number for this attempt.
   */
  | ({
      readonly type: 'relay-attach'
      readonly prefetch: number
      readonly exclusive: boolean
      readonly priority: number
      readonly resume: readonly number[] | null
      /** It holds deliveries, or asks for single ones, and is no consumer. */
      readonly isIdle: boolean
    } & RelayedTo)
  /** One message, if there is one; it is on its way before the answer is. */
  | ({ readonly type: 'relay-get' } & RelayedTo)
  /** No more deliveries to a consumer, which keeps what it holds. */
  | { readonly type: 'relay-stop'; readonly attachment: number }
  /** The end of a consumer; answered when what it held is back in its queue. */
  | { readonly type: 'relay-detach'; readonly attachment: number }
  /**
   * From who has begun to lead a shard, to a gateway: answered when all consumers there that hold
   * something of its queues have attached with it.
   */
  | { readonly type: 'relay-roll'; readonly group: GroupId }
  /** To any replica: this entry is damaged at the caller's. */
  | { readonly type: 'fetch-entry'; readonly group: GroupId; readonly index: number }
  /** To any replica: which of these entries are others there? Encoded by raft-codec. */
  | { readonly type: 'compare-entries'; readonly group: GroupId; readonly entries: Uint8Array }

/** A consumer of a client that is connected to another node than that which leads its queue. */
export interface RelayedTo {
  readonly group: GroupId
  readonly queue: number
  readonly consumer: ConsumerKey
  readonly attachment: number
}

export interface QueueCounts {
  readonly ready: number
  readonly unsettled: number
  readonly consumers: number
  readonly bytes: number
  readonly deadLetters: number
}

export type CallResult =
  | { readonly type: 'error'; readonly error: WireError }
  | { readonly type: 'done' }
  /** What a machine or a component answered; the caller knows its shape. */
  | { readonly type: 'reply'; readonly reply: unknown }
  | { readonly type: 'counts'; readonly counts: QueueCounts }
  /** Whether a message was got, and how many are ready behind it. */
  | { readonly type: 'got'; readonly isFound: boolean; readonly ready: number }
  | { readonly type: 'admin'; readonly reply: AdminReply }
  /** Encoded by raft-codec. */
  | { readonly type: 'entry'; readonly entry: Uint8Array }
  | { readonly type: 'differing'; readonly indexes: readonly number[] }
  | { readonly type: 'snapshot-opened'; readonly blobs: readonly number[] }
  | {
      readonly type: 'snapshot-blobs'
      readonly blobs: readonly { readonly id: number; readonly bytes: Uint8Array }[]
    }
  | {
      readonly type: 'snapshot-retained'
      /** Ids, checksums and sizes, encoded by raft-codec, in ascending order. */
      readonly entries: Uint8Array
      /** Ask again from here; null: that was all. */
      readonly next: number | null
    }
  | {
      readonly type: 'snapshot-entries'
      /** Encoded by raft-codec, in ascending order. */
      readonly entries: Uint8Array
    }

/** A group as its leader, or a replica of it, sees it. */
export interface GroupReport {
  readonly group: GroupId
  readonly leader: number | null
  readonly term: number
  /** Replica ids. */
  readonly voters: readonly number[]
  readonly outgoing: readonly number[]
  readonly learners: readonly number[]
  readonly commit: number
  readonly applied: number
  /** Only from the leader: replicas that have what is committed, or nearly. */
  readonly caughtUp: readonly number[] | null
  /** Only from a shard's leader: queues that the shard lacks and the metadata knows, if any. */
  readonly lacking?: readonly number[]
  /** Only from the leader: replicas that refuse what they had acknowledged, if any. */
  readonly regressed?: readonly number[]
}

export type Cast =
  /**
   * Asks for the routing lease and tells what metadata the node has applied. `sequence` names the
   * request.
   */
  | {
      readonly type: 'lease-renew'
      readonly sequence: number
      readonly applied: number
      readonly term: number
    }
  | { readonly type: 'lease-grant'; readonly sequence: number; readonly term: number }
  /**
   * `isDraining` if the node hands over what it leads, and wants no leadership: it is about to end,
   * or its disk is not fit for a leader's.
   */
  | {
      readonly type: 'status'
      readonly groups: readonly GroupReport[]
      readonly isDraining?: boolean
    }
  /** What a replica's machine is after an entry; see `digest` of a machine. */
  | {
      readonly type: 'machine-digest'
      /** Of how the digest is taken: others cannot be compared. */
      readonly version: number
      readonly group: GroupId
      readonly replica: number
      readonly index: number
      readonly digest: string
    }
  /** To a queue's leader: a relayed consumer settles deliveries. */
  | {
      readonly type: 'relay-settle'
      readonly attachment: number
      readonly settleSequence: number
      readonly outcome: Outcome
      /** Triples. */
      readonly ranges: readonly number[]
    }
  /** The answer: in the log, or (in part) stale. */
  | { readonly type: 'relay-settled'; readonly settleSequence: number; readonly isDone: boolean }
  /**
   * To a queue's leader: the client has taken so many bytes of what it was given. With attachment
   * 0: so many bytes of replies have come.
   */
  | { readonly type: 'relay-taken'; readonly attachment: number; readonly bytes: number }
  /** To a queue's leader: how much a relayed consumer may hold from here on. */
  | { readonly type: 'relay-prefetch'; readonly attachment: number; readonly prefetch: number }
  /** To a gateway: the attachment is at its end, for this reason. */
  | { readonly type: 'relay-ended'; readonly attachment: number; readonly error: WireError }
  /** The receiver is no member any more. */
  | { readonly type: 'removed' }
