// What one connected client owns at this node: its connection, its publishes in their order, its
// consumers.
import type { WireError } from '@holdfast/errors'
import { HoldfastError } from '@holdfast/errors'
import {
  type ConnectionEvent,
  type DeliveryRun,
  type HelloEvent,
  type NodeAddress,
  type PublishEvent,
  ServerConnection,
  type SettleEvent
} from '@holdfast/protocol'
import { SessionRights } from '../access/session-rights.ts'
import { type Core, log } from '../core.ts'
import type { Consumer } from '../delivering/consumer.ts'
import { limits } from '../limits.ts'
import type { GroupId } from '../log-store.ts'
import type { Batch, Producer, Publish, PublishOrigin } from '../publishing/publish.ts'
import { HeldPublishes } from './held-publishes.ts'

export interface SessionConsumer {
  readonly consumer: Consumer
  readonly group: GroupId
  readonly queue: number
}

const noProducer: Producer = { id: new Uint8Array(16), epoch: 0 }

export class Session implements PublishOrigin {
  readonly id: number
  readonly connection: ServerConnection
  /** `HOST:PORT` at the other end. */
  readonly remote: string
  readonly #core: Core
  vhost = '/'
  /** Nobody's, until it is known who it is. */
  rights: SessionRights
  producer: Producer = noProducer
  /** When credit was last lent to this client, on the monotonic clock. */
  lentAtMs = 0
  /** Consumers by their number on this connection. */
  readonly consumers: Map<number, SessionConsumer> = new Map()
  #lastConsumer = 0
  #unsentBytes = 0
  readonly #publishes: HeldPublishes
  #isClosed = false

  constructor(core: Core, id: number, remote: string) {
    this.#core = core
    this.id = id
    this.remote = remote
    this.rights = new SessionRights(core, '', '')
    this.connection = new ServerConnection({ nowMs: core.clock.nowMs })
    this.#publishes = new HeldPublishes(core, this)
  }

  /** The client does not read what it is sent: its deliveries pause. */
  get isCongested(): boolean {
    return this.#unsentBytes + this.connection.bufferedBytes > limits.clientBufferBytesMax
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  opened(event: HelloEvent, user: string, nodes: readonly NodeAddress[]): void {
    const { identity } = this.#core
    this.vhost = event.vhost
    this.rights = new SessionRights(this.#core, user, event.vhost)
    this.producer = { id: new Uint8Array(event.producer), epoch: event.epoch }
    const { clusterId = '', node = 0 } = identity ?? {}
    this.connection.welcome({ clusterId, node, nodes })
  }

  receive(bytes: Uint8Array): readonly ConnectionEvent[] {
    return this.connection.receive(bytes, this.#core.clock.nowMs)
  }

  drained(bytes: number): void {
    const wasCongested = this.isCongested
    this.#unsentBytes = bytes
    if (wasCongested && !this.isCongested) this.#wakeConsumers()
  }

  #wakeConsumers(): void {
    for (const { group, queue } of this.consumers.values())
      this.#core.deliveries.wakeQueue(group, queue)
  }

  publishRefusal(exchange: string, routingKey: string): WireError | 'wait' | null {
    return this.rights.publishRefusal(exchange, routingKey)
  }

  /** Users or rights have changed: what it may no longer do ends. */
  accessChanged(): void {
    if (!this.connection.isOpen) return
    const { access, topology } = this.#core.metadata.machine
    const { user } = this.rights
    if (access.user(user) === null) return this.#endBecause(`user '${user}' was deleted`)
    if (topology.vhost(this.vhost) === null) return this.#endBecause('its vhost was deleted')
    for (const [number, { consumer, group, queue }] of this.consumers) {
      const name = topology.queueById(queue)?.name
      const error = name === undefined ? null : this.rights.readRefusal(name)
      if (error === null) continue
      this.#core.deliveries.detach(group, queue, consumer)
      this.cancelled(number, error)
    }
  }

  #endBecause(reason: string): void {
    this.failedWith(new HoldfastError('CONNECTION_CLOSED', { reason }))
    this.#core.sessions.touch(this)
  }

  publish(event: PublishEvent): void {
    const { counters } = this.#core
    counters.publishedMessages += event.count
    counters.publishedBytes += event.blob.length
    this.#publishes.push(event)
  }

  /** What held publishes back may be gone. */
  resumeHeld(): void {
    this.#publishes.resume()
  }

  confirmed(batch: Batch): void {
    if (this.#isClosed) return
    const { firstSequence, count } = batch
    this.#core.counters.confirmedMessages += count
    this.connection.confirm(firstSequence, firstSequence + count - 1)
    this.#decided(batch)
  }

  failed(batch: Batch, error: WireError): void {
    if (this.#isClosed) return
    const { firstSequence, count } = batch
    this.connection.publishFailed(firstSequence, firstSequence + count - 1, error)
    this.#decided(batch)
  }

  returned(publish: Publish): void {
    if (!this.#isClosed) this.#publishes.returned(publish)
  }

  #decided(batch: Batch): void {
    this.#answered()
    this.#publishes.decided(batch)
  }

  #answered(): void {
    this.#core.sessions.touch(this)
    this.#core.sessions.creditReturned()
  }

  deliver(run: DeliveryRun): void {
    this.connection.deliver(run)
    this.#core.sessions.touch(this)
  }

  settle(event: SettleEvent): void {
    const entry = this.consumers.get(event.consumer)
    if (entry === undefined) return this.settleAnswered(event.settleSequence, false)
    const { group, queue, consumer } = entry
    this.#core.deliveries.settle(this, group, queue, consumer, event)
  }

  settleAnswered(settleSequence: number, isDone: boolean): void {
    this.#core.sessions.touch(this)
    if (isDone) return this.connection.settled(settleSequence)
    this.connection.settleFailed(settleSequence, new HoldfastError('DELIVERY_STALE').toWire())
  }

  nextConsumerNumber(): number {
    this.#lastConsumer++
    return this.#lastConsumer
  }

  /** The server ended a consumer: the queue is gone, or is led elsewhere. */
  cancelled(number: number, error: WireError): void {
    this.consumers.delete(number)
    this.connection.cancelled(number, error)
    this.#core.sessions.touch(this)
  }

  /** The connection is gone: what its consumers hold goes back to their queues. */
  closed(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#publishes.clear()
    for (const { consumer, group, queue } of this.consumers.values()) {
      this.#core.deliveries.detach(group, queue, consumer)
    }
    this.consumers.clear()
  }

  /** Something was thrown while this client was served: a coded error, or a defect to be logged. */
  failedWith(thrown: unknown): void {
    const error = HoldfastError.from(thrown)
    if (error !== thrown) {
      const reason = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)
      log(this.#core, 'error', 'serving a client failed', { connection: this.id, reason })
    }
    this.connection.close(error.toWire())
  }

  flush(): void {
    const chunks = this.connection.flush(this.#core.clock.nowMs)
    if (chunks.length === 0) return
    for (const chunk of chunks) this.#unsentBytes += chunk.length
    this.#core.outputs.push({ type: 'client-send', connection: this.id, chunks, after: null })
  }
}
