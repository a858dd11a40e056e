// A broker in memory behind real TCP sockets, built on the server's end of the protocol: enough of
// one (queues, prefetch, resume, deduplication, several nodes, leaders that move) to try the SDK
// on.
import { HoldfastError } from '@holdfast/errors'
import type {
  ClientRequest,
  ConnectionEvent,
  NodeAddress,
  PublishEvent,
  ServerConnectionOptions,
  SettleEvent
} from '@holdfast/protocol'
import { type FakeBehaviour, unbent } from './fake-behaviour.ts'
import {
  type FakeConsumer,
  type FakeMessage,
  type FakeQueue,
  settle,
  store
} from './fake-messages.ts'
import { FakeNode, type FakePeer } from './fake-node.ts'

export class FakeBroker {
  readonly nodes: FakeNode[] = []
  readonly queues: Map<string, FakeQueue> = new Map()
  readonly requests: ClientRequest[] = []
  readonly publishes: PublishEvent[] = []
  readonly settles: SettleEvent[] = []
  readonly hellos: string[] = []
  readonly behaviour: FakeBehaviour = unbent()
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
          if (peer.node.refuses(peer)) break
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
    store(queue, applied, event)
    const last = event.firstSequence + event.count - 1
    if (queue === undefined && event.mandatory) {
      const { exchange, routingKey } = event
      const error = new HoldfastError('MESSAGE_UNROUTABLE', { exchange, routingKey })
      peer.connection.publishFailed(event.firstSequence, last, error.toWire())
    } else if (!this.behaviour.mutesConfirms) peer.connection.confirm(event.firstSequence, last)
  }

  #settle(peer: FakePeer, event: SettleEvent): void {
    const consumer = peer.consumers.get(event.consumer)
    const isStale = settle(consumer, event, this.behaviour.mutesSettled)
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
