// Both ends of a connection without a socket between them, and frames made by hand.
import {
  ClientConnection,
  type ClientConnectionOptions,
  type ClientEvent,
  type ConnectionEvent,
  ServerConnection,
  type ServerConnectionOptions
} from '@holdfast/protocol'
import { encodeRecord, pack } from '@holdfast/record'
import { join } from './generator.ts'

export const hello: ClientConnectionOptions['hello'] = {
  producer: new Uint8Array(16).fill(1),
  epoch: 1,
  name: 'test',
  vhost: '/',
  heartbeatMs: 1_000
}
export const record: Uint8Array = encodeRecord(null, new Uint8Array(100))

export class Pair {
  readonly server: ServerConnection
  readonly client: ClientConnection
  readonly serverEvents: ConnectionEvent[] = []
  readonly clientEvents: ClientEvent[] = []
  readonly cut: (bytes: Uint8Array) => readonly Uint8Array[]

  constructor(
    options: Partial<ServerConnectionOptions> = {},
    cut: (bytes: Uint8Array) => readonly Uint8Array[] = (bytes) => [bytes]
  ) {
    this.server = new ServerConnection({ nowMs: 0, ...options })
    this.client = new ClientConnection({ nowMs: 0, hello })
    this.cut = cut
  }

  open(): this {
    this.exchange(0)
    this.server.welcome({ clusterId: 'c', node: 1, nodes: [] })
    this.exchange(0)
    return this
  }

  /** Carries everything that waits both ways. */
  exchange(nowMs = 0): void {
    for (const piece of this.cut(join(this.client.flush(nowMs)))) {
      this.serverEvents.push(...this.server.receive(piece, nowMs))
    }
    for (const piece of this.cut(join(this.server.flush(nowMs)))) {
      this.clientEvents.push(...this.client.receive(piece, nowMs))
    }
  }

  publish(firstSequence: number, count: number, bytes: Uint8Array = record): void {
    this.client.publish({
      exchange: '',
      routingKey: 'q',
      mandatory: false,
      first: true,
      firstSequence,
      lowestUnconfirmed: firstSequence,
      count,
      blob: join(Array.from({ length: count }, () => bytes))
    })
  }

  get closedCode(): string {
    const closed = this.serverEvents.find(({ type }) => type === 'closed')
    return closed?.type === 'closed' ? (closed.error?.code ?? 'asked for') : 'open'
  }
}

export function frame(...fields: unknown[]): Uint8Array {
  const payload = pack(fields)
  const whole = new Uint8Array(4 + payload.length)
  new DataView(whole.buffer).setUint32(0, payload.length)
  whole.set(payload, 4)
  return whole
}
