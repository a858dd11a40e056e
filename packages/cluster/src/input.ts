// Everything that can happen to a member. One seed and one list of inputs reproduce one run.
import type { ErrorCode } from '@holdfast/errors'
import type { ReadResult, RetainedEntry } from './log-store.ts'
import type { AdoptOffer } from './output.ts'
import type { ClientUp } from './sessions/session.ts'
import type { AdminRequest } from './status.ts'

/**
 * Raft traffic and gateway traffic use separate connections, so that a flood delays no heartbeat.
 */
export type Lane = 'raft' | 'gateway'

/** How a link to or from a peer introduced the process at its other end. */
export interface PeerHello {
  /** Null while the peer is blank. */
  readonly clusterId: string | null
  readonly node: number | null
  readonly incarnation: number | null
  readonly storeId: string
  /** Random per process start: tells a restarted process from a re-established connection. */
  readonly processEpoch: number
  readonly client: string
  readonly peer: string
  readonly http: string
  /** The node has lost data that its group cannot spare: it serves entries, and does not vote. */
  readonly isDamaged?: true
}

/** Why a probe got no answer, or which refusal it got. */
export interface ProbeFailure {
  /** A sentence for people. */
  readonly error: string
  /** JOIN_TOKEN_WRONG, NODE_ALREADY_MEMBER, NODE_OF_ANOTHER_CLUSTER …; absent: not reachable. */
  readonly code?: ErrorCode
}

export type Input =
  /**
   * Several times a second, and the only source of time. `nowMs` is monotonic, `wallMs` is the wall
   * clock.
   */
  | { readonly type: 'tick'; readonly nowMs: number; readonly wallMs: number }
  /** The commit record `id` is durable. */
  | { readonly type: 'written'; readonly id: number }
  | { readonly type: 'read-done'; readonly id: number; readonly results: readonly ReadResult[] }
  | {
      readonly type: 'retained-done'
      readonly id: number
      readonly entries: readonly RetainedEntry[]
    }
  /** A link in one lane is usable. `link` is unique per process. */
  | {
      readonly type: 'peer-up'
      readonly link: number
      readonly lane: Lane
      /**
       * `out`: this node dialled, and sends here; `in`: the peer dialled, and its frames come here.
       */
      readonly direction: 'in' | 'out'
      readonly hello: PeerHello
      /** The address that was dialled; of an incoming link the one the peer says it listens at. */
      readonly address: string
    }
  | { readonly type: 'peer-down'; readonly link: number }
  /** Nothing listens at the address of the peer any more: its process is gone. */
  | { readonly type: 'peer-gone'; readonly node: number }
  /** One whole frame, its checksum verified. */
  | { readonly type: 'peer-frame'; readonly link: number; readonly bytes: Uint8Array }
  | ({ readonly type: 'client-up' } & ClientUp)
  | { readonly type: 'client-bytes'; readonly connection: number; readonly bytes: Uint8Array }
  | { readonly type: 'client-down'; readonly connection: number }
  /** The socket took what was buffered for it: `bytes` are still waiting. */
  | { readonly type: 'client-drained'; readonly connection: number; readonly bytes: number }
  | { readonly type: 'admin'; readonly id: number; readonly request: AdminRequest }
  /** Nobody waits any more to be told who he is: the call `id` goes without an answer. */
  | { readonly type: 'admin-gone'; readonly id: number }
  /** A probe asked by `probe-peer` ended. */
  | { readonly type: 'probe-done'; readonly id: number; readonly result: PeerHello | ProbeFailure }
  /** Answers `verify-password`. */
  | { readonly type: 'password-verified'; readonly id: number; readonly isRight: boolean }
  | { readonly type: 'disk'; readonly freeBytes: number; readonly totalBytes: number }
  /** A cluster took this blank node in; the token was right. */
  | { readonly type: 'adopted'; readonly offer: AdoptOffer }
  /** Hand over leadership and stop taking work; the process is about to end. */
  | { readonly type: 'drain' }
