// What a node sets for the server's end of a connection, and what it tells in a welcome.
import { protocolLimits } from './limits.ts'
import type { NodeAddress } from './results.ts'

/** Bounds that a node may set apart from those of the protocol. */
export interface ConnectionLimits {
  /** Publish credit with which a client starts. */
  readonly publishCreditBytes: number
  /** Requests that may be unanswered at a time. */
  readonly requestsMax: number
  readonly handshakeTimeoutMs: number
}

export interface ServerConnectionOptions {
  /** Monotonic. */
  readonly nowMs: number
  /** Left out: those of `protocolLimits`. */
  readonly limits?: Partial<ConnectionLimits>
  /** Interval for a client that asks for none. */
  readonly heartbeatMs?: number
}

/** What a welcome tells beside what the connection knows itself. */
export interface Welcome {
  readonly clusterId: string
  readonly node: number
  readonly nodes: readonly NodeAddress[]
}

/** Those of the protocol. */
export const defaultLimits: ConnectionLimits = {
  publishCreditBytes: protocolLimits.publishCreditBytes,
  requestsMax: protocolLimits.requestsMax,
  handshakeTimeoutMs: protocolLimits.handshakeTimeoutMs
}

/** The interval for a client that wishes for `wishMs`, where 0 is no wish. */
export function clampHeartbeat(wishMs: number, defaultMs: number): number {
  if (wishMs === 0) return defaultMs
  return Math.min(protocolLimits.heartbeatMsMax, Math.max(protocolLimits.heartbeatMsMin, wishMs))
}
