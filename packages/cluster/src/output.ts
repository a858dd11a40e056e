// Everything that a member wants done. The driver carries outputs out in order, and holds each one
// with an `after` until that commit record is durable: 'persist before you speak' is kept in one
// place.
import type { PasswordHash } from '@holdfast/broker'
import type { WireError } from '@holdfast/errors'
import type { Lane } from './input.ts'
import type { CommitRecord, GroupId, IndexRange, OfferedSnapshot } from './log-store.ts'
import type { AdminReply } from './status.ts'

/** Bytes to send, in order, as slices: none of them is copied before the socket. */
export type Chunks = readonly Uint8Array[]

export type Output =
  /** At most one is in flight. Answered by `written`. */
  | { readonly type: 'write'; readonly record: CommitRecord }
  | {
      readonly type: 'read-entries'
      readonly id: number
      readonly group: GroupId
      readonly range: IndexRange
      readonly bytesMax: number
    }
  | {
      readonly type: 'read-blobs'
      readonly id: number
      readonly group: GroupId
      readonly ids: readonly number[]
    }
  | {
      readonly type: 'read-retained'
      readonly id: number
      readonly group: GroupId
      readonly from: number
      readonly countMax: number
    }
  /** Answered by `read-done`. */
  | {
      readonly type: 'read-staged'
      readonly id: number
      readonly group: GroupId
      readonly offer: OfferedSnapshot
      readonly ids: readonly number[]
    }
  /** Answered by `retained-done`. */
  | {
      readonly type: 'read-held'
      readonly id: number
      readonly group: GroupId
      readonly indexes: readonly number[]
    }
  /** One frame to a node, on its current link of that lane; dropped if there is none. */
  | {
      readonly type: 'peer-send'
      readonly node: number
      readonly lane: Lane
      readonly chunks: Chunks
      readonly after: number | null
    }
  /** Nodes the transport keeps links to. Replaces the previous list. */
  | {
      readonly type: 'peers'
      readonly peers: readonly { readonly node: number; readonly address: string }[]
    }
  | { readonly type: 'peer-close'; readonly link: number }
  /** Ask who listens at an address; with `adopt`, offer that blank node a place, by join token. */
  | {
      readonly type: 'probe-peer'
      readonly id: number
      readonly address: string
      readonly adopt: AdoptOffer | null
    }
  | {
      readonly type: 'client-send'
      readonly connection: number
      readonly chunks: Chunks
      readonly after: number | null
    }
  /** Its socket is not read, or is again. */
  | { readonly type: 'client-pause'; readonly connection: number }
  | { readonly type: 'client-resume'; readonly connection: number }
  /** After everything sent before has been written. */
  | { readonly type: 'client-close'; readonly connection: number }
  | {
      readonly type: 'admin-reply'
      readonly id: number
      readonly result: AdminReply | { readonly error: WireError }
    }
  | VerifyPassword
  | {
      readonly type: 'log'
      readonly level: 'debug' | 'info' | 'warn' | 'error'
      readonly message: string
      readonly fields: Readonly<Record<string, string | number | boolean | null>>
    }
  /**
   * The data of this node is not what it was: it is noted beside it, so that the next start sets it
   * aside, and the process ends.
   */
  | { readonly type: 'condemn'; readonly reason: string }
  /** The process must end: with 0 after a drain or a removal, 70 when something is wrong. */
  | { readonly type: 'exit'; readonly code: 0 | 70; readonly reason: string }

/**
 * Answered by `password-verified`. `hash` null: there is no such user, or it has no password; that
 * must take as long to compare as a wrong one.
 */
export interface VerifyPassword {
  readonly type: 'verify-password'
  readonly id: number
  readonly password: string
  readonly hash: PasswordHash | null
  /** 'recall': at once, and right only if it was found right of late. */
  readonly effort: 'recall' | 'compare'
}

/** What a blank node is told when a cluster takes it in. */
export interface AdoptOffer {
  readonly clusterId: string
  readonly node: number
  readonly incarnation: number
  /** Addresses of the members' peer links, by node id. */
  readonly peers: readonly { readonly node: number; readonly address: string }[]
}
