// A client that speaks the native protocol, and what it owns at this node: its connection, its
// publishes in their order, its consumers.
import { nativeRecords } from '@holdfast/amqp'
import type { UserIdentity } from '@holdfast/broker'
import { HoldfastError, unreachable, type WireError } from '@holdfast/errors'
import {
  type ConnectionEvent,
  type DeliveryRun,
  type HelloEvent,
  type NodeAddress,
  type PublishEvent,
  ServerConnection,
  type SettleEvent
} from '@holdfast/protocol'
import { recordText, skipRecord } from '@holdfast/record'
import type { LoginResult } from '../access/logins.ts'
import { nobody, SessionRights } from '../access/session-rights.ts'
import type { Core } from '../core.ts'
import type { Consumer } from '../delivering/consumer.ts'
import type { Recipient } from '../delivering/recipient.ts'
import { limits } from '../limits.ts'
import type { GroupId } from '../log-store.ts'
import type { Batch, Producer, Publish, PublishOrigin } from '../publishing/publish.ts'
import { HeldPublishes } from './held-publishes.ts'
import { handleRequest } from './native-requests.ts'
import { refusal } from './responder.ts'
import type { ClientUp, Session } from './session.ts'

export interface SessionConsumer {
  readonly consumer: Consumer
  readonly group: GroupId
  readonly queue: number
}

const noProducer: Producer = { id: new Uint8Array(16), epoch: 0 }

export class NativeSession implements Session, PublishOrigin, Recipient {
  readonly isRelayed = false
  readonly id: number
  readonly connection: ServerConnection
  readonly #core: Core
  /** `HOST:PORT` at the other end. */
  readonly #remote: string
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

  constructor(core: Core, { connection: id, remote }: ClientUp) {
    this.#core = core
    this.id = id
    this.#remote = remote
    this.rights = new SessionRights(core, nobody, '')
    this.connection = new ServerConnection({ nowMs: core.clock.nowMs })
    this.#publishes = new HeldPublishes(core, this)
  }

  /** The client does not read what it is sent: its deliveries pause. */
  get isCongested(): boolean {
    return this.#unsentBytes + this.connection.bufferedBytes > limits.clientBufferBytesMax
  }

  get clientKey(): string {
    let text = ''
    for (const byte of this.producer.id) text += byte.toString(16).padStart(2, '0')
    return text
  }

  get vhost(): string {
    return this.rights.vhost
  }

  get isOpen(): boolean {
    return this.connection.isOpen
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  get isEnded(): boolean {
    return this.connection.isClosed
  }

  receive(bytes: Uint8Array): void {
    const events = this.connection.receive(bytes, this.#core.clock.nowMs)
    for (const event of events) this.#event(event)
  }

  tick(): void {
    for (const event of this.connection.tick(this.#core.clock.nowMs)) this.#event(event)
  }

  #event(event: ConnectionEvent): void {
    switch (event.type) {
      case 'hello':
        return this.#hello(event)
      case 'request':
        return handleRequest(this.#core, this, event)
      case 'publish':
        return this.#publish(event)
      case 'settle':
        return this.#settle(event)
      case 'want-credit':
        return this.#core.sessions.credit.want(this, event.bytes)
      case 'closed':
        return this.closed()
      default:
        return unreachable(event)
    }
  }

  #hello(event: HelloEvent): void {
    const { refusal: isAway } = this.#core.sessions
    if (isAway !== null) return this.close(isAway)
    const { logins } = this.#core
    const { user, password, vhost } = event
    const credentials = user === null || password === null ? null : { user, password }
    const isGone = (): boolean => this.#isClosed || this.isEnded
    const answered = (result: LoginResult): void => {
      if ('error' in result) return this.#refused(result.error)
      logins.whenRefused(
        () => logins.entranceRefusal(result.user, vhost),
        (error) => {
          if (error !== null) this.#refused(error)
          else this.#opened(event, result.user)
        }
      )
    }
    logins.authenticate(credentials, this.#remote, answered, isGone)
  }

  #refused(error: WireError): void {
    this.close(error)
    this.#core.sessions.touch(this)
  }

  #opened(event: HelloEvent, user: UserIdentity): void {
    const { identity } = this.#core
    this.rights = new SessionRights(this.#core, user, event.vhost)
    this.producer = { id: new Uint8Array(event.producer), epoch: event.epoch }
    const { clusterId = '', node = 0 } = identity ?? {}
    this.connection.welcome({ clusterId, node, nodes: this.#core.sessions.nodeAddresses() })
    this.#core.sessions.touch(this)
  }

  publishRefusal(exchange: string, routingKey: string): WireError | 'wait' | null {
    return this.rights.publishRefusal(exchange, routingKey)
  }

  accessChanged(): void {
    const { endReason } = this.rights
    if (endReason !== null) return this.close(endReason)
    const { deliveries, metadata } = this.#core
    for (const [number, { consumer, group, queue }] of this.consumers) {
      const name = metadata.machine.topology.queueById(queue)?.name
      const error = name === undefined ? null : this.rights.readRefusal(name)
      if (error === null) continue
      deliveries.detach(group, queue, consumer)
      this.cancelled(number, error)
    }
  }

  drained(bytes: number): void {
    const wasCongested = this.isCongested
    this.#unsentBytes = bytes
    if (wasCongested && !this.isCongested) this.#wakeConsumers()
  }

  #wakeConsumers(): void {
    for (const { group, queue } of this.consumers.values())
      this.#core.deliveries.find(group, queue)?.wake()
  }

  #publish(event: PublishEvent): void {
    const { counters } = this.#core
    counters.publishedMessages += event.count
    counters.publishedBytes += event.blob.length
    const batch = { ...event, copies: [] }
    const error = userRefusal(event, this.rights.user.name)
    if (error !== null) this.failed(batch, error)
    else this.#publishes.push(batch)
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
    this.#core.sessions.credit.returned()
  }

  deliver(run: DeliveryRun): void {
    this.#core.sessions.guard(this, () => {
      this.connection.deliver({ ...run, blob: nativeRecords(run.blob, run.count) })
    })
  }

  #settle(event: SettleEvent): void {
    const entry = this.consumers.get(event.consumer)
    if (entry === undefined) return this.settleAnswered(event.settleSequence, false)
    const { group, queue, consumer } = entry
    this.#core.deliveries.settle(group, queue, consumer, event)
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

  replaced(number: number): void {
    this.consumers.delete(number)
  }

  /** What its consumers hold goes back to their queues. */
  closed(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#publishes.clear()
    for (const { consumer, group, queue } of this.consumers.values()) {
      this.#core.deliveries.detach(group, queue, consumer)
    }
    this.consumers.clear()
    this.#core.exclusiveQueues.lookAgain()
  }

  nodesChanged(nodes: readonly NodeAddress[]): void {
    this.connection.nodes(nodes)
  }

  close(error: WireError): void {
    this.connection.close(error)
  }

  flush(): void {
    const chunks = this.connection.flush(this.#core.clock.nowMs)
    if (chunks.length === 0) return
    for (const chunk of chunks) this.#unsentBytes += chunk.length
    this.#core.outputs.push({ type: 'client-send', connection: this.id, chunks, after: null })
  }
}

/** As in AMQP, a message says that it is from whoever published it, or nothing of the kind. */
function userRefusal({ blob, count }: PublishEvent, user: string): WireError | null {
  for (let index = 0, position = 0; index < count; index++) {
    if ((recordText(blob, position, 'userId') ?? user) !== user) {
      const reason = `it must be that of the client, '${user}', or left out`
      return refusal('OPTION_INVALID', { option: 'userId', kind: 'message', reason })
    }
    position = skipRecord(blob, position)
  }
  return null
}
