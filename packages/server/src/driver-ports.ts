// What the driver of a member needs of what is around it.
import type {
  AdoptOffer,
  Chunks,
  Input,
  Lane,
  LogStore,
  NodeIdentity,
  Output,
  PasswordHash
} from '@holdfast/cluster'
import type { Log } from './logger.ts'

/** What the driver needs of a member. */
export interface MemberPort {
  /** How long it can do without a step, in milliseconds from the last one. */
  readonly restMs: number
  step(inputs: readonly Input[]): readonly Output[]
}

/** What the driver needs of the links to other nodes. */
export interface PeerPort {
  send(node: number, lane: Lane, chunks: Chunks): boolean
  flush(): void
  setPeers(peers: readonly { readonly node: number; readonly address: string }[]): void
  closeLink(link: number): void
  probe(id: number, address: string, offer: AdoptOffer | null): void
}

/** What the driver needs of the sockets of clients. */
export interface ClientPort {
  send(connection: number, chunks: Chunks): void
  pause(connection: number): void
  resume(connection: number): void
  close(connection: number): void
  flush(): void
}

export interface PasswordPort {
  /** Whether it was found right of late. */
  isRemembered(password: string, hash: PasswordHash | null): boolean
  /** Compares it, which is slow on purpose. */
  verify(password: string, hash: PasswordHash | null): Promise<boolean>
}

export interface DriverOptions {
  readonly member: MemberPort
  readonly store: LogStore
  readonly peers: PeerPort
  readonly clients: ClientPort
  readonly passwords: PasswordPort
  readonly log: Log
  /** The identity of this node became durable. */
  readonly identified: (identity: NodeIdentity) => void
  /** Notes that the data directory is damaged; durable when it resolves. */
  readonly condemn: (reason: string) => Promise<void>
  /** Called once: the process must end with this code. */
  readonly ended: (code: 0 | 70, reason: string) => void
  /** Monotonic and wall clock in milliseconds. */
  readonly nowMs: () => number
  readonly wallMs: () => number
}
