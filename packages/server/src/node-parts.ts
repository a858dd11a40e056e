// What a node is built of, and what it looks like from outside. Implementations are named in
// compose.ts, fakes in tests.
import type { Server } from 'node:http'
import type {
  AdminPort,
  Bootstrap,
  ClusterStatus,
  LogStore,
  MemberCounters
} from '@holdfast/cluster'
import type { HoldfastError } from '@holdfast/errors'
import type { MemberPort } from './driver-ports.ts'
import type { Log } from './logger.ts'
import type { StorePort } from './open-data.ts'
import type { NodeTls } from './tls/node-tls.ts'

export interface Addresses {
  readonly client: string
  readonly amqp: string
  readonly peer: string
  readonly http: string
}

/** A member as the shell sees it. */
export interface HostedMember extends MemberPort {
  status(): ClusterStatus
  counters(): MemberCounters
}

export interface MemberSettings {
  readonly store: LogStore
  readonly processEpoch: number
  readonly addresses: Omit<Addresses, 'amqp'>
  readonly bootstrap: Bootstrap | null
}

/** The HTTP server as the shell sees it. */
export interface HttpPort {
  readonly server: Server
  listen(address: { readonly host: string; readonly port: number }): Promise<string>
  close(): Promise<void>
}

/** What a node is built of. */
export interface NodeParts {
  readonly storage: StorePort
  readonly createMember: (settings: MemberSettings) => HostedMember
  readonly createHttp: (port: AdminPort, log: Log, tls: NodeTls) => Promise<HttpPort>
  /** Bytes that tell a client why it is refused before the protocol begins. */
  readonly refusal: (error: HoldfastError) => Uint8Array
}

export interface Ending {
  readonly code: 0 | 70
  readonly reason: string
}

export interface RunningNode {
  /** As bound: port 0 has become a number. */
  readonly addresses: Addresses
  status(): ClusterStatus
  /** Hands over leadership and ends the node within the shutdown timeout. */
  drain(): void
  /** Looks for new TLS files at once. False if there are none to look for. */
  reloadTls(): boolean
  /** Resolves when everything is closed. */
  readonly ended: Promise<Ending>
}
