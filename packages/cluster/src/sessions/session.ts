// What a member asks of a connected client, whatever protocol it speaks: AMQP or the native one.
import type { WireError } from '@holdfast/errors'
import type { NodeAddress } from '@holdfast/protocol'
import type { SessionRights } from '../access/session-rights.ts'

/** What a client speaks, as its listener knows. */
export type ClientProtocol = 'native' | 'amqp'

/** What a listener knows of a client that has connected. */
export interface ClientUp {
  readonly connection: number
  readonly protocol: ClientProtocol
  /** `HOST:PORT` at the other end. */
  readonly remote: string
  /**
   * The name by which the client may log in without a password, from its certificate, which was
   * verified; null: it has shown none, or the listener does not go by it.
   */
  readonly certificateName: string | null
}

export interface Session {
  /** Of its connection. */
  readonly id: number
  /** The client was let in, and may use its vhost as its user may. */
  readonly isOpen: boolean
  /** Names the client, on all of its connections: in keys of its consumers, and for its queues. */
  readonly clientKey: string
  /** Nobody's, until it is known who it is. */
  readonly rights: SessionRights
  /** The connection has come to its end: once flushed, its socket is to be closed. */
  readonly isEnded: boolean
  receive(bytes: Uint8Array): void
  tick(): void
  /** The socket has taken what was sent, but for so many bytes. */
  drained(bytes: number): void
  /** What held its publishes back may be gone. */
  resumeHeld(): void
  /** Users or rights have changed: what it may no longer do ends. */
  accessChanged(): void
  /** The nodes of the cluster are others, or elsewhere. */
  nodesChanged(nodes: readonly NodeAddress[]): void
  /** Ends the connection from this side. */
  close(error: WireError): void
  /** The connection is gone: whatever it owned is let go of. Called once or more. */
  closed(): void
  /** Sends what is to be sent at the end of the step. */
  flush(): void
}
