// Real endpoints on loopback for the tests of this package.
import { once } from 'node:events'
import { createConnection, type Server, type Socket } from 'node:net'
import type { Input, PeerHello } from '@holdfast/cluster'
import { defaultTiming, type TransportTiming } from '../src/limits.ts'
import { Transport, type TransportOptions } from '../src/transport.ts'

export const clusterA: string = 'a'.repeat(32)
export const clusterB: string = 'b'.repeat(32)

export function helloOf(node: number | null, change: Partial<PeerHello> = {}): PeerHello {
  return {
    clusterId: node === null ? null : clusterA,
    node,
    incarnation: node === null ? null : 1,
    storeId: 'c'.repeat(32),
    processEpoch: 1000 + (node ?? 0),
    client: '127.0.0.1:1',
    peer: '127.0.0.1:2',
    http: '127.0.0.1:3',
    ...change
  }
}

/** A transport that keeps what it was told, and lets a test wait for it. */
export class Endpoint {
  readonly transport: Transport
  readonly inputs: Input[] = []
  readonly logs: string[] = []
  hello: PeerHello
  address = ''
  #waiting: (() => void)[] = []

  constructor(hello: PeerHello, change: Partial<TransportOptions> = {}) {
    this.hello = hello
    this.transport = new Transport({
      hello,
      token: 'secret',
      input: (input) => {
        this.inputs.push(input)
        for (const wake of this.#waiting.splice(0)) wake()
      },
      log: (_, message, fields) => this.logs.push(`${message} ${JSON.stringify(fields)}`),
      tls: null,
      random: () => 0.5,
      ...change
    })
  }

  async listen(port = 0): Promise<this> {
    this.address = await this.transport.listen({ host: '127.0.0.1', port })
    this.hello = { ...this.hello, peer: this.address }
    this.transport.identify(this.hello)
    return this
  }

  /** Resolves with the first input, from position `from` on, that fits. */
  async until<Found extends Input>(
    fits: (input: Input) => input is Found,
    from = 0
  ): Promise<Found> {
    for (;;) {
      const found = this.inputs.slice(from).find(fits)
      if (found !== undefined) return found
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }

  /** Resolves with the first input of this type. */
  async of<Type extends Input['type']>(
    type: Type,
    from = 0
  ): Promise<Extract<Input, { type: Type }>> {
    return this.until((input): input is Extract<Input, { type: Type }> => input.type === type, from)
  }

  async outgoing(lane: 'raft' | 'gateway', from = 0): Promise<Extract<Input, { type: 'peer-up' }>> {
    return this.until(
      (input): input is Extract<Input, { type: 'peer-up' }> =>
        input.type === 'peer-up' && input.direction === 'out' && input.lane === lane,
      from
    )
  }

  count(type: Input['type']): number {
    return this.inputs.filter((input) => input.type === type).length
  }
}

/** Links are looked at often. A handshake has as long as ever: a busy machine takes its time. */
export const fast: TransportTiming = {
  ...defaultTiming,
  checkIntervalMs: 20,
  idleChecks: 1,
  silentChecks: 5
}

/** For those who wait until somebody's handshake has taken too long. */
export const hasty: TransportTiming = { ...fast, handshakeTimeoutMs: 300 }

/** Two nodes that listen, and end with the test. */
export async function pair(t: {
  teardown(end: () => Promise<void>): void
}): Promise<[Endpoint, Endpoint]> {
  const one = await new Endpoint(helloOf(1), { timing: fast }).listen()
  const two = await new Endpoint(helloOf(2), { timing: fast }).listen()
  t.teardown(() => one.transport.close())
  t.teardown(() => two.transport.close())
  return [one, two]
}

/** The first is linked to the second in both lanes. */
export async function linked(one: Endpoint, two: Endpoint): Promise<void> {
  one.transport.setPeers([{ node: 2, address: two.address }])
  await Promise.all([one.outgoing('raft'), one.outgoing('gateway')])
}

/** Has a server of a test listen on loopback; its address. */
export async function listening(server: Server): Promise<string> {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  return `127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
}

/** A plain socket to an address, which keeps what it receives. */
export async function rawSocket(
  address: string
): Promise<{ socket: Socket; received: Buffer[]; closed: Promise<void> }> {
  const [host = '', port = ''] = address.split(':')
  const socket = createConnection({ host, port: Number(port) })
  const received: Buffer[] = []
  socket.on('data', (chunk) => received.push(chunk))
  socket.on('error', () => socket.destroy())
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  await new Promise<void>((resolve) => socket.once('connect', resolve))
  return { socket, received, closed }
}
