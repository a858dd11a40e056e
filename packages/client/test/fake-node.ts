// One node of the broker in memory: a real TCP listener, and the server's end of the protocol for
// each socket.
import { createServer, type Server, type Socket } from 'node:net'
import type { HoldfastError } from '@holdfast/errors'
import { ServerConnection } from '@holdfast/protocol'
import type { FakeBroker } from './fake-broker.ts'
import type { FakeConsumer } from './fake-messages.ts'

export interface FakePeer {
  readonly node: FakeNode
  readonly connection: ServerConnection
  readonly socket: Socket
  readonly consumers: Map<number, FakeConsumer>
  producer: string
}

export class FakeNode {
  readonly id: number
  readonly peers: Set<FakePeer> = new Set()
  /** Refuses whoever connects, as long as it is set. */
  refusal: HoldfastError | null = null
  readonly #broker: FakeBroker
  #server: Server | null = null
  #port = 0

  constructor(id: number, broker: FakeBroker) {
    this.id = id
    this.#broker = broker
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`
  }

  /** Listens, on the port of before if there was one. */
  async start(): Promise<void> {
    const server = createServer((socket) => this.#accept(socket))
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve))
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    this.#port = address.port
    this.#server = server
  }

  /** As `kill -9`: every socket breaks, nothing listens. */
  async stop(): Promise<void> {
    const server = this.#server
    this.#server = null
    this.breakConnections()
    if (server !== null) await new Promise((resolve) => server.close(resolve))
  }

  breakConnections(): void {
    for (const peer of [...this.peers]) {
      this.#drop(peer)
      peer.socket.resetAndDestroy()
    }
  }

  refuses(peer: FakePeer): boolean {
    if (this.refusal === null) return false
    peer.connection.close(this.refusal.toWire())
    this.flush(peer)
    peer.socket.end()
    return true
  }

  tick(): void {
    for (const peer of [...this.peers]) {
      this.#broker.take(peer, peer.connection.tick(performance.now()))
      this.flush(peer)
    }
  }

  flush(peer: FakePeer): void {
    for (const chunk of peer.connection.flush(performance.now())) peer.socket.write(chunk)
  }

  #accept(socket: Socket): void {
    const connection = new ServerConnection({
      nowMs: performance.now(),
      ...this.#broker.connectionOptions
    })
    const peer: FakePeer = { node: this, connection, socket, consumers: new Map(), producer: '' }
    this.peers.add(peer)
    socket.setNoDelay(true)
    socket.on('data', (bytes) => {
      this.#broker.bytesReceived += bytes.length
      this.#broker.take(peer, connection.receive(bytes, performance.now()))
      this.#broker.dispatch()
      this.flush(peer)
    })
    socket.on('error', () => undefined)
    socket.on('close', () => this.#drop(peer))
  }

  #drop(peer: FakePeer): void {
    this.peers.delete(peer)
    this.#broker.lost(peer)
  }
}
