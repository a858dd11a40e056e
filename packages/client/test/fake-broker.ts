// A broker in memory behind real TCP sockets, built on the server's end of the protocol: enough of
// one (queues, prefetch, resume, deduplication, several nodes, leaders that move) to try the SDK
// on.
import { createServer, type Server, type Socket } from 'node:net'
import { HoldfastError } from '@holdfast/errors'
import {
  type ClientRequest,
  type ConnectionEvent,
  type NodeAddress,
  type PublishEvent,
  ServerConnection,
  type ServerConnectionOptions,
  type SettleEvent
} from '@holdfast/protocol'
import { skipRecord } from '@holdfast/record'

export interface FakeMessage {
  readonly offset: number
  readonly exchange: string
  readonly routingKey: string
  readonly record: Uint8Array
  attempt: number
  deliveryCount: number
  holder: FakeConsumer | null
}

export interface FakeQueue {
  readonly name: string
  leader: number
  tail: number
  readonly messages: Map<number, FakeMessage>
}

export interface FakeConsumer {
  readonly peer: FakePeer
  readonly id: number
  readonly queue: FakeQueue
  readonly tag: string
  readonly prefetch: number
  held: number
}

export interface FakePeer {
  readonly node: FakeNode
  readonly connection: ServerConnection
  readonly socket: Socket
  readonly consumers: Map<number, FakeConsumer>
  producer: string
}

/** What a test may bend. */
export interface FakeBehaviour {
  /** Publishes are taken and stored but not confirmed. */
  mutesConfirms: boolean
  /** Publishes are not even stored. */
  dropsPublishes: boolean
  /** Settlements are not answered. */
  mutesSettled: boolean
  /** Never grants credit. */
  deniesCredit: boolean
  /** Answers requests of a type with an error, as long as it is set. */
  readonly refusals: Map<string, HoldfastError>
  /** Types of requests that get no answer. */
  readonly mutesRequests: Set<string>
}

export class FakeNode {
  readonly id: number
  readonly peers: Set<FakePeer> = new Set()
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

export class FakeBroker {
  readonly nodes: FakeNode[] = []
  readonly queues: Map<string, FakeQueue> = new Map()
  readonly requests: ClientRequest[] = []
  readonly publishes: PublishEvent[] = []
  readonly settles: SettleEvent[] = []
  readonly hellos: string[] = []
  readonly behaviour: FakeBehaviour = {
    mutesConfirms: false,
    dropsPublishes: false,
    mutesSettled: false,
    deniesCredit: false,
    refusals: new Map(),
    mutesRequests: new Set()
  }
  connectionOptions: Partial<ServerConnectionOptions> = {}
  bytesReceived = 0
  /** Sequences that were applied, by producer: a repeat is answered but not stored. */
  readonly #applied = new Map<string, Set<number>>()
  /** Holders that are gone: `producer tag` → queue, so that a resume finds its deliveries. */
  readonly #orphans = new Map<string, Map<number, FakeMessage>>()
  #consumers = 0
  #timer: ReturnType<typeof setInterval> | null = null

  static async start(nodes = 1): Promise<FakeBroker> {
    const broker = new FakeBroker()
    for (let id = 1; id <= nodes; id++) broker.nodes.push(new FakeNode(id, broker))
    for (const node of broker.nodes) await node.start()
    broker.#timer = setInterval(() => {
      for (const node of broker.nodes) node.tick()
    }, 50)
    return broker
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer)
    for (const node of this.nodes) await node.stop()
  }

  get addresses(): string[] {
    return this.nodes.map((node) => node.address)
  }

  get nodeAddresses(): NodeAddress[] {
    return this.nodes.map(({ id, address }) => ({ id, client: address, http: '' }))
  }

  node(id: number): FakeNode {
    const node = this.nodes.find((found) => found.id === id)
    if (node === undefined) throw new Error(`no node ${id}`)
    return node
  }

  queue(name: string, leader = 1): FakeQueue {
    const found = this.queues.get(name)
    if (found !== undefined) return found
    const queue: FakeQueue = { name, leader, tail: 0, messages: new Map() }
    this.queues.set(name, queue)
    return queue
  }

  /** Moves a queue to another leader, as an election does. */
  moveLeader(name: string, leader: number): void {
    const queue = this.queue(name)
    queue.leader = leader
    const error = new HoldfastError('NOT_LEADER', { group: 1, leader })
    for (const node of this.nodes) {
      for (const peer of node.peers) {
        for (const consumer of [...peer.consumers.values()]) {
          if (consumer.queue !== queue) continue
          this.#orphan(consumer)
          peer.consumers.delete(consumer.id)
          peer.connection.cancelled(consumer.id, error.toWire())
        }
        node.flush(peer)
      }
    }
  }

  take(peer: FakePeer, events: readonly ConnectionEvent[]): void {
    for (const event of events) {
      switch (event.type) {
        case 'hello':
          peer.producer = Buffer.from(event.producer).toString('hex')
          this.hellos.push(peer.producer)
          peer.connection.welcome({
            clusterId: 'fake',
            node: peer.node.id,
            nodes: this.nodeAddresses
          })
          break
        case 'request':
          this.requests.push(event.request)
          this.#answer(peer, event.requestId, event.request)
          break
        case 'publish':
          this.publishes.push(event)
          this.#publish(peer, event)
          break
        case 'settle':
          this.settles.push(event)
          this.#settle(peer, event)
          break
        case 'want-credit':
          if (!this.behaviour.deniesCredit) peer.connection.grant(event.bytes)
          break
        case 'closed':
          peer.node.flush(peer)
          this.lost(peer)
          peer.socket.end()
          break
      }
    }
  }

  /** What the consumers of a broken connection held waits for a resume. */
  lost(peer: FakePeer): void {
    for (const consumer of peer.consumers.values()) this.#orphan(consumer)
    peer.consumers.clear()
  }

  /** Gives orphaned deliveries that nobody resumed back to their queues. */
  returnUnclaimed(): void {
    for (const messages of this.#orphans.values()) {
      for (const message of messages.values()) {
        message.holder = null
        message.attempt += 1
      }
    }
    this.#orphans.clear()
    this.dispatch()
  }

  dispatch(): void {
    for (const node of this.nodes) {
      for (const peer of node.peers) {
        for (const consumer of peer.consumers.values()) this.#deliver(consumer)
        node.flush(peer)
      }
    }
  }

  #deliver(consumer: FakeConsumer): void {
    const offsets = [...consumer.queue.messages.keys()].sort((a, b) => a - b)
    for (const offset of offsets) {
      if (consumer.held >= consumer.prefetch) return
      const message = consumer.queue.messages.get(offset)
      if (message === undefined || message.holder !== null || this.#isOrphaned(message)) continue
      message.holder = consumer
      consumer.held += 1
      const { exchange, routingKey, attempt, deliveryCount, record } = message
      consumer.peer.connection.deliver({
        consumer: consumer.id,
        exchange,
        routingKey,
        firstOffset: offset,
        count: 1,
        attempt,
        deliveryCount,
        blob: record
      })
    }
  }

  #isOrphaned(message: FakeMessage): boolean {
    for (const messages of this.#orphans.values()) {
      if (messages.get(message.offset) === message) return true
    }
    return false
  }

  #orphan(consumer: FakeConsumer): void {
    const held = new Map<number, FakeMessage>()
    for (const message of consumer.queue.messages.values()) {
      if (message.holder === consumer) held.set(message.offset, message)
    }
    this.#orphans.set(`${consumer.peer.producer} ${consumer.tag}`, held)
  }

  #publish(peer: FakePeer, event: PublishEvent): void {
    if (this.behaviour.dropsPublishes) return
    const applied = this.#applied.get(peer.producer) ?? new Set<number>()
    this.#applied.set(peer.producer, applied)
    const queue = event.exchange === '' ? this.queues.get(event.routingKey) : undefined
    let position = 0
    for (let i = 0; i < event.count; i++) {
      const end = skipRecord(event.blob, position)
      const sequence = event.firstSequence + i
      const isNew = !applied.has(sequence)
      applied.add(sequence)
      if (queue !== undefined && isNew) {
        queue.tail += 1
        queue.messages.set(queue.tail, {
          offset: queue.tail,
          exchange: event.exchange,
          routingKey: event.routingKey,
          record: event.blob.slice(position, end),
          attempt: 0,
          deliveryCount: 0,
          holder: null
        })
      }
      position = end
    }
    const last = event.firstSequence + event.count - 1
    if (queue === undefined && event.mandatory) {
      const { exchange, routingKey } = event
      const error = new HoldfastError('MESSAGE_UNROUTABLE', { exchange, routingKey })
      peer.connection.publishFailed(event.firstSequence, last, error.toWire())
    } else if (!this.behaviour.mutesConfirms) peer.connection.confirm(event.firstSequence, last)
  }

  #settle(peer: FakePeer, event: SettleEvent): void {
    const consumer = peer.consumers.get(event.consumer)
    let isStale = consumer === undefined
    for (let i = 0; i < event.ranges.length; i += 3) {
      const [first = 0, last = 0, attempt = 0] = event.ranges.slice(i, i + 3)
      for (let offset = first; offset <= last; offset++) {
        const message = consumer?.queue.messages.get(offset)
        if (message === undefined || message.holder !== consumer || message.attempt !== attempt) {
          isStale = true
          continue
        }
        if (this.behaviour.mutesSettled) continue
        if (consumer !== undefined) consumer.held -= 1
        message.holder = null
        if (event.outcome === 'released') {
          message.attempt += 1
          message.deliveryCount += 1
        } else consumer?.queue.messages.delete(offset)
      }
    }
    if (this.behaviour.mutesSettled) return
    const { settleSequence } = event
    if (!isStale) peer.connection.settled(settleSequence)
    else peer.connection.settleFailed(settleSequence, new HoldfastError('DELIVERY_STALE').toWire())
  }

  #answer(peer: FakePeer, id: number, request: ClientRequest): void {
    if (this.behaviour.mutesRequests.has(request.type)) return
    const refusal = this.behaviour.refusals.get(request.type)
    try {
      if (refusal !== undefined) throw refusal
      peer.connection.respond(id, this.#result(peer, request))
    } catch (error) {
      peer.connection.refuse(id, HoldfastError.from(error).toWire())
    }
  }

  #result(peer: FakePeer, request: ClientRequest): unknown {
    switch (request.type) {
      case 'declare-queue':
        return { name: this.queue(request.name).name }
      case 'delete-queue': {
        const messages = this.#existing(request.name).messages.size
        this.queues.delete(request.name)
        return { messages }
      }
      case 'locate-queue':
        return { group: 1, leader: this.#existing(request.name).leader }
      case 'consume':
        return { consumer: this.#consume(peer, request) }
      case 'cancel': {
        const consumer = peer.consumers.get(request.consumer)
        peer.consumers.delete(request.consumer)
        for (const message of consumer?.queue.messages.values() ?? []) {
          if (message.holder !== consumer) continue
          message.holder = null
          message.attempt += 1
        }
        return null
      }
      case 'purge-queue': {
        const messages = this.#existing(request.name).messages.size
        this.#existing(request.name).messages.clear()
        return { messages }
      }
      case 'nodes':
        return this.nodeAddresses
      default:
        return null
    }
  }

  #existing(name: string): FakeQueue {
    const queue = this.queues.get(name)
    if (queue === undefined) throw new HoldfastError('QUEUE_NOT_FOUND', { queue: name, vhost: '/' })
    return queue
  }

  #consume(peer: FakePeer, request: ClientRequest & { type: 'consume' }): number {
    const queue = this.#existing(request.queue)
    if (queue.leader !== peer.node.id) {
      throw new HoldfastError('NOT_LEADER', { group: 1, leader: queue.leader })
    }
    this.#consumers += 1
    const { tag, prefetch, resume } = request
    const consumer = { peer, id: this.#consumers, queue, tag, prefetch, held: 0 }
    const key = `${peer.producer} ${tag}`
    const orphans = this.#orphans.get(key)
    for (let i = 0; resume !== null && i < resume.length; i += 3) {
      const [first = 0, last = 0, attempt = 0] = resume.slice(i, i + 3)
      for (let offset = first; offset <= last; offset++) {
        const message = orphans?.get(offset)
        if (message === undefined || message.attempt !== attempt) continue
        message.holder = consumer
        consumer.held += 1
        orphans?.delete(offset)
      }
    }
    for (const message of orphans?.values() ?? []) {
      message.holder = null
      message.attempt += 1
    }
    this.#orphans.delete(key)
    peer.consumers.set(consumer.id, consumer)
    return consumer.id
  }
}
