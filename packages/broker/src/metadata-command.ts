// What the metadata group replicates: its commands, what they answer, and what they change that the
// member has to act on. All are plain data; the codec is in command-codec.ts, the behaviour in
// metadata-machine.ts. A new command or field is a new machine version.

import type { WireError } from '@holdfast/errors'
import type { HeaderValue } from '@holdfast/record'
import type { AccessCommand, PasswordHash } from './access/access-command.ts'
import type { QueueSettings } from './queue/settings.ts'
import type { QueueOwner } from './queue-owner.ts'

/** 0 is the metadata group; shards count from 1 and are never reused. */
export type GroupId = number

/** Node × 2^20 + incarnation: one data directory's copy of a group. */
export type ReplicaId = number

/** Where a node is reached, each `HOST:PORT`. */
export interface NodeAddresses {
  readonly client: string
  readonly peer: string
  readonly http: string
}

/**
 * The state of a node as the cluster agreed on it. Whether it answers is observed, not replicated.
 */
export type DeclaredNodeState = 'joining' | 'up' | 'leaving' | 'damaged'

export type ExchangeKind = 'direct' | 'fanout' | 'topic' | 'headers'

/** What a binding leads to, in the vhost of its source. */
export interface Destination {
  readonly type: 'queue' | 'exchange'
  readonly name: string
}

/** Arguments of a binding, by name. */
export type BindingArguments = Readonly<Record<string, HeaderValue>>

/** Options as the client sent them; what this version does not know is refused. */
export type Options = Readonly<Record<string, unknown>>

export type OperationKind = 'add-node' | 'remove-node'

interface BindingFields {
  readonly vhost: string
  readonly source: string
  readonly destination: Destination
  readonly bindingKey: string
  readonly arguments: BindingArguments
  /** Who asks, as the owner of exclusive queues; left out: nobody who has any. */
  readonly client?: string
}

export type TopologyCommand =
  | { readonly type: 'declare-vhost'; readonly vhost: string }
  | { readonly type: 'delete-vhost'; readonly vhost: string }
  | {
      readonly type: 'declare-exchange'
      readonly vhost: string
      readonly name: string
      readonly kind: string
      readonly options: Options
    }
  | {
      readonly type: 'delete-exchange'
      readonly vhost: string
      readonly name: string
      readonly ifUnused: boolean
    }
  /** `group` is the choice of `rendezvousGroup` at the leader; it is kept for the queue's life. */
  | {
      readonly type: 'declare-queue'
      readonly vhost: string
      readonly name: string
      readonly options: Options
      readonly group: GroupId
      /** Of an exclusive queue. */
      readonly owner?: QueueOwner
    }
  /** With `queue`, only that queue and no later one of the same name. */
  | {
      readonly type: 'delete-queue'
      readonly vhost: string
      readonly name: string
      readonly queue: number | null
    }
  | ({ readonly type: 'bind' } & BindingFields)
  | ({ readonly type: 'unbind' } & BindingFields)

export type ClusterCommand =
  /**
   * The first command of a cluster: node 1, its shards 1…`shards`, all groups placed on it, vhost
   * '/', and one administrator with all rights in it: `owner`, or the user `guest`.
   */
  | {
      readonly type: 'initialise'
      readonly clusterId: string
      readonly storeId: string
      readonly addresses: NodeAddresses
      readonly shards: number
      readonly owner?: { readonly user: string; readonly password: PasswordHash }
    }
  /** Gives the next node id, incarnation 1; the same store id again gets the same answer. */
  | { readonly type: 'add-node'; readonly storeId: string; readonly addresses: NodeAddresses }
  /** A blank data directory takes the place of a known node: its next incarnation. */
  | {
      readonly type: 'adopt-incarnation'
      readonly node: number
      readonly storeId: string
      readonly addresses: NodeAddresses
    }
  | { readonly type: 'update-node'; readonly node: number; readonly addresses: NodeAddresses }
  | { readonly type: 'set-node-state'; readonly node: number; readonly state: DeclaredNodeState }
  /** Refused while a placement names the node. Its id is never given again. */
  | { readonly type: 'forget-node'; readonly node: number }
  /** One list of replicas for each new shard. */
  | { readonly type: 'add-shards'; readonly placements: readonly (readonly ReplicaId[])[] }
  /** The wish: which replicas a group should have. The group's own log says which it has. */
  | {
      readonly type: 'place-group'
      readonly group: GroupId
      readonly replicas: readonly ReplicaId[]
    }
  /** An operation of that kind and target that runs already is answered with its id. */
  | {
      readonly type: 'start-operation'
      readonly kind: OperationKind
      readonly peer: string | null
      readonly node: number | null
    }
  /** Replaces the progress; `node` null leaves the operation's node as it is. */
  | {
      readonly type: 'advance-operation'
      readonly id: number
      readonly node: number | null
      readonly step: string
      readonly done: number
      readonly total: number
      readonly sentence: string
    }
  | { readonly type: 'end-operation'; readonly id: number; readonly error: OperationError | null }
  /** The shard has these changes in its own log: forget those up to `upTo`, a cursor. */
  | {
      readonly type: 'acknowledge-outbox'
      readonly groups: readonly { readonly group: GroupId; readonly upTo: number }[]
    }
  | { readonly type: 'activate-version'; readonly version: number }

export type MetadataCommand = TopologyCommand | AccessCommand | ClusterCommand

export interface OperationError {
  readonly code: string
  readonly message: string
}

export interface MetadataBatch {
  readonly version: number
  /** Log time as the leader proposes it; never moves back (architecture, A10). */
  readonly timeMs: number
  readonly commands: readonly MetadataCommand[]
}

/** A change that a shard has to take over from metadata (architecture, A6). */
export type OutboxChange =
  | {
      readonly type: 'create-queue'
      readonly queue: number
      readonly vhost: string
      readonly name: string
      /** Left out: those of a plain queue. */
      readonly settings?: QueueSettings
    }
  | { readonly type: 'delete-queue'; readonly queue: number }

export interface OutboxEntry {
  /** Entry index × 4096 + position of the command; grows within a group. */
  readonly cursor: number
  readonly change: OutboxChange
}

export type MetadataReply =
  | { readonly type: 'done' }
  | {
      readonly type: 'node'
      readonly node: number
      readonly incarnation: number
      readonly replica: ReplicaId
    }
  | { readonly type: 'shards'; readonly first: GroupId; readonly last: GroupId }
  | { readonly type: 'operation'; readonly id: number }
  /** `created` false: it existed already with equal arguments. */
  | { readonly type: 'declared'; readonly created: boolean }
  /** The shard knows the queue once its topology cursor has reached `cursor`. */
  | {
      readonly type: 'queue'
      readonly queue: number
      readonly group: GroupId
      readonly cursor: number
      readonly created: boolean
    }
  | {
      readonly type: 'queue-deleted'
      readonly queue: number
      readonly group: GroupId
      readonly cursor: number
    }

/** A refusal is an answer like another: every replica gives the same. */
export type MetadataResult = { readonly reply: MetadataReply } | { readonly error: WireError }

export type MetadataEffect =
  /** Routing may have changed; once a batch. */
  | { readonly type: 'topology-changed'; readonly revision: number }
  | {
      readonly type: 'queue-created'
      readonly queue: number
      readonly group: GroupId
      readonly vhost: string
      readonly name: string
    }
  | {
      readonly type: 'queue-deleted'
      readonly queue: number
      readonly group: GroupId
      readonly vhost: string
      readonly name: string
    }
  /** Users, rights or bounds of vhosts may have changed; once a batch. */
  | { readonly type: 'access-changed' }
  | { readonly type: 'nodes-changed' }
  | { readonly type: 'placement-changed'; readonly group: GroupId }
  | { readonly type: 'operation-changed'; readonly id: number }
  /** The outbox of a group got entries; once a batch and group. */
  | { readonly type: 'outbox-grew'; readonly group: GroupId }
  | { readonly type: 'version-activated'; readonly version: number }

export interface MetadataApplied {
  /** Log time after this batch. */
  readonly timeMs: number
  /** One for each command, in order. */
  readonly results: readonly MetadataResult[]
  readonly effects: readonly MetadataEffect[]
}
