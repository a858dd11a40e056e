// What a member tells about the cluster: the values behind the admin API, metrics and the CLI.
import type {
  AccessCommand,
  PasswordHash,
  Permission,
  TopicPermission,
  UserLimit,
  VhostLimit
} from '@holdfast/broker'
import type { Need } from './access/needs.ts'
import type { GroupId } from './log-store.ts'

export type NodeState = 'joining' | 'up' | 'down' | 'leaving' | 'damaged'

export interface NodeStatus {
  readonly id: number
  readonly incarnation: number
  readonly state: NodeState
  /** `HOST:PORT` of the native protocol, the peer link and HTTP. */
  readonly client: string
  readonly peer: string
  readonly http: string
}

export interface GroupStatus {
  readonly id: GroupId
  readonly kind: 'metadata' | 'shard'
  /** Node ids. Null: no leader known. */
  readonly leader: number | null
  readonly term: number
  /** Without those whose data is gone: a node that came back blank must become a voter again. */
  readonly voters: readonly number[]
  readonly learners: readonly number[]
  readonly commitIndex: number
  readonly appliedIndex: number
}

/** What a replica's machine has become after the entries it has applied. */
export interface MachineHash {
  readonly group: GroupId
  readonly replica: number
  readonly applied: number
  readonly hash: string
}

export interface ClusterStatus {
  readonly clusterId: string | null
  /** The node that answers; null while it is blank. */
  readonly self: number | null
  readonly nodes: readonly NodeStatus[]
  readonly groups: readonly GroupStatus[]
  /** True when every group with a local voter has a leader and local metadata is current. */
  readonly ready: boolean
  /** Why not, for people. */
  readonly notReadyReason: string | null
  /** Sentences an operator should know, for instance that two nodes tolerate no failure. */
  readonly warnings: readonly string[]
}

export interface QueueStatus {
  readonly vhost: string
  readonly name: string
  readonly type: 'durable'
  readonly group: GroupId
  readonly leader: number | null
  /** Waiting; delivered and open; null where the leader cannot be asked at present. */
  readonly ready: number | null
  readonly unsettled: number | null
  readonly consumers: number | null
  readonly bytes: number | null
  /** Messages that have left it and are on their way to its dead letter exchange. */
  readonly deadLetters: number | null
}

export interface OperationStatus {
  readonly id: string
  readonly kind: 'add-node' | 'remove-node'
  readonly node: number | null
  readonly state: 'running' | 'succeeded' | 'failed'
  /** Steps done and in all, and a sentence for people. */
  readonly progress: { readonly done: number; readonly total: number; readonly sentence: string }
  readonly error: { readonly code: string; readonly message: string } | null
}

/** Who a call comes from. */
export interface Identity {
  readonly user: string
  /** Of the user, which is another if it is made again. */
  readonly id: number
  readonly tags: readonly string[]
  /** Those where the user has permissions. */
  readonly vhosts: readonly string[]
}

export interface UserStatus {
  readonly name: string
  readonly password: PasswordHash | null
  readonly tags: readonly string[]
  readonly limits: { readonly [Limit in UserLimit]?: number }
  readonly permissions: readonly ({ readonly vhost: string } & Permission)[]
  readonly topics: readonly ({
    readonly vhost: string
    readonly exchange: string
  } & TopicPermission)[]
}

export interface VhostStatus {
  readonly name: string
  readonly description: string
  readonly limits: { readonly [Limit in VhostLimit]?: number }
}

/** Users in the order they came, vhosts by name. */
export interface AccessStatus {
  readonly users: readonly UserStatus[]
  readonly vhosts: readonly VhostStatus[]
}

/**
 * Calls of operators, as data. A member answers each with an `AdminReply` or an error of the
 * catalogue.
 */
export type AdminRequest =
  | {
      readonly type: 'list-queues'
      readonly limit: number
      readonly cursor: string | null
      /** Null: of all. */
      readonly vhosts: readonly string[] | null
    }
  | { readonly type: 'inspect-queue'; readonly vhost: string; readonly name: string }
  | { readonly type: 'purge-queue'; readonly vhost: string; readonly name: string }
  | { readonly type: 'delete-queue'; readonly vhost: string; readonly name: string }
  | { readonly type: 'add-node'; readonly peer: string }
  | { readonly type: 'remove-node'; readonly node: number }
  | { readonly type: 'operation'; readonly id: string }
  | { readonly type: 'list-operations' }
  | { readonly type: 'transfer'; readonly group: GroupId; readonly to: number }
  | { readonly type: 'list-vhosts' }
  | { readonly type: 'delete-vhost'; readonly vhost: string }
  /**
   * `credentials` null: the caller says nothing of who it is. `mayBeStale`: it is believed by what
   * this node knows, even if the cluster knows better.
   */
  | {
      readonly type: 'authenticate'
      readonly credentials: { readonly user: string; readonly password: string } | null
      readonly remote: string
      readonly mayBeStale: boolean
    }
  | {
      readonly type: 'authorize'
      /** By name, and the id that came with its identity. */
      readonly user: string
      readonly id: number
      readonly vhost: string
      readonly needs: readonly Need[]
    }
  | { readonly type: 'change-access'; readonly command: AccessCommand }
  | { readonly type: 'read-access' }

export type AdminReply =
  | {
      readonly type: 'queues'
      readonly queues: readonly QueueStatus[]
      readonly cursor: string | null
    }
  | { readonly type: 'queue'; readonly queue: QueueStatus }
  | { readonly type: 'operation'; readonly operation: OperationStatus }
  | { readonly type: 'operations'; readonly operations: readonly OperationStatus[] }
  | { readonly type: 'vhosts'; readonly vhosts: readonly string[] }
  | { readonly type: 'purged'; readonly messages: number }
  | { readonly type: 'identity'; readonly identity: Identity }
  | { readonly type: 'access'; readonly access: AccessStatus }
  /** `created`: it was not there before. */
  | { readonly type: 'changed'; readonly created: boolean }
  | { readonly type: 'done' }

/** Numbers for metrics; counters grow from process start. */
export interface MemberCounters {
  readonly publishedMessages: number
  readonly publishedBytes: number
  readonly confirmedMessages: number
  readonly returnedMessages: number
  readonly deliveredMessages: number
  readonly redeliveredMessages: number
  readonly settledMessages: number
  readonly rejectedDeadLetters: number
  readonly expiredDeadLetters: number
  readonly overflowDeadLetters: number
  readonly undeliverableDeadLetters: number
  readonly droppedDeadLetters: number
  readonly waitingDeadLetters: number
  readonly elections: number
  readonly commitRecords: number
  readonly commitBytes: number
  /** Time that synced writes took, and the longest of them. */
  readonly commitSeconds: number
  readonly commitSecondsMax: number
  /** Writes that took longer than an election timeout: leadership was given up. */
  readonly commitStalls: number
  /** Entries that no replica has intact, as far as consumers wait for them. */
  readonly lostEntries: number
  readonly clientConnections: number
  readonly publishBytesInFlight: number
  readonly snapshotsTaken: number
  readonly snapshotsInstalled: number
}

/** What is needed of an `AbortSignal`. */
export interface Gone {
  readonly aborted: boolean
  addEventListener(type: 'abort', listener: () => void): void
  removeEventListener(type: 'abort', listener: () => void): void
}

/** What the HTTP API needs of the node it runs in. The server package provides it. */
export interface AdminPort {
  status(): ClusterStatus
  counters(): MemberCounters
  /**
   * `gone` is aborted when nobody waits for the answer any more, which only the question who
   * calls takes note of.
   * @throws HoldfastError
   */
  request(request: AdminRequest, gone?: Gone): Promise<AdminReply>
  /** As the shell makes it of a new password. Slow on purpose. @throws UNAVAILABLE */
  hashPassword(password: string): Promise<PasswordHash>
}
