// A client that speaks AMQP 0-9-1, and what it owns at this node: its connection, its publishes in
// their order, its consumers. Its consumers are relayed, since its queues may be led anywhere.
import { AmqpConnection, type AmqpEvent, amqpLimits, type PublishEvent } from '@holdfast/amqp'
import type { UserIdentity } from '@holdfast/broker'
import type { WireError } from '@holdfast/errors'
import type { DeliveryRun } from '@holdfast/protocol'
import { nobody, SessionRights } from '../access/session-rights.ts'
import type { Core } from '../core.ts'
import { limits } from '../limits.ts'
import type { Batch, Publish, PublishOrigin } from '../publishing/publish.ts'
import type { ConsumerOwner } from '../relaying/consumer-owner.ts'
import { AmqpConsumers } from './amqp-consumers.ts'
import { amqpIdentities } from './amqp-identity.ts'
import { handleAmqpRequest } from './amqp-requests.ts'
import { whenLetGo } from './farewell.ts'
import { GatheredAccount } from './gathered-memory.ts'
import { HeldPublishes } from './held-publishes.ts'
import { Pending } from './pending.ts'
import type { ClientUp, Session } from './session.ts'

/** Mechanisms by which a client says its password. */
const passwords = ['PLAIN', 'AMQPLAIN'] as const

export class AmqpSession implements Session, PublishOrigin, ConsumerOwner {
  readonly id: number
  readonly connection: AmqpConnection
  readonly consumers: AmqpConsumers
  readonly changes: Pending = new Pending()
  readonly publishes: HeldPublishes
  readonly gathered: GatheredAccount
  /** Where the client connects from. */
  readonly remote: string
  /** In the certificate that the client has shown; null: none that its listener goes by. */
  readonly certificateName: string | null
  /** As it was authenticated. */
  user: UserIdentity = nobody
  rights: SessionRights
  readonly producer = null
  readonly #core: Core
  #unsentBytes = 0
  #publishBytes = 0
  #wasCongested = false
  #isReading = true
  #isWorking = false
  #isClosed = false
  /** The client has closed, and is not told so yet. */
  #isHeld = false

  constructor(core: Core, { connection: id, remote, certificateName }: ClientUp) {
    this.#core = core
    this.id = id
    this.remote = remote
    this.certificateName = certificateName
    this.rights = new SessionRights(core, nobody, '')
    this.connection = new AmqpConnection({
      ...amqpIdentities[core.options.amqpIdentity ?? 'rabbitmq'],
      nowMs: core.clock.nowMs,
      clusterName: core.identity?.clusterId ?? '',
      mechanisms: certificateName === null ? passwords : [...passwords, 'EXTERNAL'],
      channelRefusal: () => core.sessions.channelRefusal(this.user),
      channelsMax: amqpLimits.channelsMax,
      frameBytesMax: amqpLimits.frameBytesMax,
      heartbeatSeconds: amqpLimits.heartbeatSeconds
    })
    this.consumers = new AmqpConsumers(core, this)
    this.publishes = new HeldPublishes(core, this, this.changes)
    this.gathered = new GatheredAccount(core.sessions.gathered, () => {
      return this.#isClosed ? null : this.connection.gathered
    })
  }

  /**
   * Of its process, and of its connection there. A native client chooses its own key, of 32 digits;
   * this one is longer, and never taken for that.
   */
  get clientKey(): string {
    const { groups, gateway } = this.#core
    return hex(groups.selfReplica, 16) + hex(gateway.epoch, 16) + hex(this.id, 8)
  }

  /** The client does not read what it is sent, or does not settle: its deliveries pause. */
  get isCongested(): boolean {
    return this.unsentBytes > limits.clientBufferBytesMax
  }

  /** What the client has not taken. */
  get unsentBytes(): number {
    return this.#unsentBytes + this.connection.bufferedBytes
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
    return this.connection.isClosed && !this.#isHeld
  }

  /** Bytes of publishes that are under way. */
  get publishBytes(): number {
    return this.#publishBytes
  }

  receive(bytes: Uint8Array): void {
    this.#handle(this.connection.receive(bytes, this.#core.clock.nowMs))
  }

  tick(): void {
    const { clock, disk } = this.#core
    this.connection.setBlocked(disk.isLow ? 'low on disk' : null)
    this.#handle(this.connection.tick(clock.nowMs, this.#isReading))
  }

  drained(bytes: number): void {
    this.#unsentBytes = bytes
    this.#relieve()
  }

  /** Its consumers go on when it has read, or settled, enough. */
  #relieve(): void {
    const wasCongested = this.#wasCongested
    this.#wasCongested = this.isCongested
    if (wasCongested && !this.#wasCongested) this.consumers.taken()
  }

  resumeHeld(): void {
    this.publishes.resume()
  }

  /** AMQP clients know the nodes by their configuration. */
  nodesChanged(): void {
    return
  }

  /** Something was answered: what waited for it goes on. */
  answered(): void {
    this.#core.sessions.touch(this)
    if (this.#isWorking) return
    this.#core.sessions.guard(this, () => this.#handle(this.connection.takeEvents()))
  }

  /** An event may bring about others, of methods that waited for its answer. */
  #handle(events: readonly AmqpEvent[]): void {
    this.#isWorking = true
    try {
      let next = events
      while (next.length > 0) {
        for (const event of next) this.#event(event)
        next = this.connection.takeEvents()
      }
    } finally {
      this.#isWorking = false
    }
    this.#relieve()
  }

  #event(event: AmqpEvent): void {
    switch (event.type) {
      case 'request':
        return handleAmqpRequest(this.#core, this, event)
      case 'publish':
        return this.#publish(event)
      case 'settle':
        return this.consumers.settle(event)
      case 'closed':
        this.closed()
        if (event.error === null) this.#hold()
        return
    }
  }

  #publish({ type: _, channel: __, ...batch }: PublishEvent): void {
    const { counters } = this.#core
    counters.publishedMessages += batch.count
    counters.publishedBytes += batch.blob.length
    this.publishes.push({ ...batch, first: false })
  }

  publishRefusal(exchange: string, routingKey: string): WireError | 'wait' | null {
    return this.rights.publishRefusal(exchange, routingKey)
  }

  accessChanged(): void {
    const { endReason } = this.rights
    if (endReason !== null) this.close(endReason)
    else this.consumers.accessChanged()
  }

  failedBefore({ firstSequence }: Batch): WireError | null {
    return this.connection.publishes.publishRefusal(firstSequence)
  }

  routed(upTo: number): void {
    if (!this.#isClosed && this.connection.publishes.routed(upTo)) this.answered()
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
    if (!this.#isClosed) this.publishes.returned(publish)
  }

  #decided(batch: Batch): void {
    this.publishes.decided(batch)
    this.answered()
  }

  deliver(run: DeliveryRun): void {
    this.#core.sessions.guard(this, () => this.consumers.deliver(run))
    this.#wasCongested ||= this.isCongested
  }

  consumerEnded(number: number): void {
    this.consumers.ended(number)
    // Who deletes a queue itself is told so before its consumers are, as by RabbitMQ.
    this.consumers.deletions.whenDone(() => {
      this.connection.cancelled(number)
      this.answered()
    })
  }

  close(error: WireError): void {
    this.connection.close(error)
  }

  /** What its consumers hold goes back to their queues. */
  closed(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.publishes.clear()
    this.consumers.releaseAll()
    this.#core.exclusiveQueues.lookAgain()
    this.#count(0)
    this.gathered.count()
  }

  #hold(): void {
    this.#isHeld = true
    whenLetGo(this.#core, this, () => {
      this.#isHeld = false
      this.#core.sessions.touch(this)
    })
  }

  flush(): void {
    const tooMuch = this.gathered.count()
    if (tooMuch !== null) this.close(tooMuch)
    if (this.#isHeld) return
    const chunks = this.connection.flush(this.#core.clock.nowMs)
    if (!this.#isClosed) this.#count(this.connection.publishBytes)
    if (chunks.length > 0) {
      for (const chunk of chunks) this.#unsentBytes += chunk.length
      this.#core.outputs.push({ type: 'client-send', connection: this.id, chunks, after: null })
    }
    this.#read()
  }

  #count(publishBytes: number): void {
    const change = publishBytes - this.#publishBytes
    this.#publishBytes = publishBytes
    if (change !== 0) this.#core.sessions.amqpBytesChanged(change)
  }

  /** AMQP has no publish credit: a client that has too much under way is not read. */
  #read(): void {
    const isHalted = !this.#isClosed && this.#core.sessions.isHalted(this)
    const isReading = !isHalted && !this.connection.isPaused
    if (isReading === this.#isReading) return
    this.#isReading = isReading
    const type = isReading ? 'client-resume' : 'client-pause'
    this.#core.outputs.push({ type, connection: this.id })
  }
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0')
}
