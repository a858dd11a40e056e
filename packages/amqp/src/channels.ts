// The channels of one connection, and what goes to the right one of them: frames by number,
// deliveries by consumer, the outcomes of publishes by sequence.
import type { WireError } from '@holdfast/errors'
import { ChangedLimits } from './changed-limits.ts'
import { Channel } from './channel.ts'
import type { Answer, ChannelHost } from './channel-host.ts'
import type { EventQueue } from './event-queue.ts'
import { type FrameWriter, methodIdIn } from './frame-codec.ts'
import { amqpLimits } from './limits.ts'
import { decodeMethod, type MethodId, methodIdOf } from './method-codec.ts'
import { returnMessage } from './methods/publish.ts'
import { PublishLedger, type PublishPart, tagsOf } from './publish-ledger.ts'
import { PublishProgress } from './publish-progress.ts'
import { RecordWriter } from './record-form.ts'
import { AmqpError } from './replies.ts'
import type { AmqpRequest, AmqpResults, DeliveryRun, PublishBatch, Settlement } from './requests.ts'

/** Why the member ended a consumer: its queue is gone, or it did not settle in time. */
export type CancelReason = 'gone' | 'timeout'

/** What a client has begun and not ended yet: what it has to go on with before it goes away. */
export interface Gathered {
  /** Of publishes and settlements in transactions that are not committed. */
  readonly transactionBytes: number
  /** Of publishes whose bodies have not come in whole. */
  readonly contentBytes: number
}

/** What the channels need of their connection. */
export interface ChannelsHost {
  readonly writer: FrameWriter
  readonly events: EventQueue
  /** As the client was authenticated. */
  user(): string
  request(channel: number, request: AmqpRequest, answer: Answer): void
  channelRefusal(): WireError | null
  fail(error: AmqpError, method: MethodId): void
}

export class Channels implements ChannelHost {
  readonly #host: ChannelsHost
  readonly #channels = new Map<number, Channel>()
  /** Where the deliveries of a consumer go, by its number. */
  readonly #byConsumer = new Map<number, Channel>()
  readonly progress: PublishProgress = new PublishProgress()
  readonly changedLimits: ChangedLimits = new ChangedLimits()
  #ledger = new PublishLedger<Channel>()
  readonly #records = new RecordWriter()
  /** With confirms to write. */
  readonly #confirming = new Set<Channel>()
  /** How many may be open at a time, as it was agreed on. */
  channelsMax = 0
  /** Whether anything was published on this connection. */
  hasPublished = false

  constructor(host: ChannelsHost) {
    this.#host = host
  }

  get count(): number {
    return this.#channels.size
  }

  get writer(): FrameWriter {
    return this.#host.writer
  }

  get user(): string {
    return this.#host.user()
  }

  /** Too much is under way or waits: nothing more should be read. */
  get isFull(): boolean {
    const { unconfirmedBytesMax, unconfirmedMax } = amqpLimits
    if (this.#ledger.unconfirmedBytes >= unconfirmedBytesMax) return true
    if (this.#ledger.unconfirmed >= unconfirmedMax) return true
    const { count, bytes } = this.#waiting
    return count >= amqpLimits.waitingMethodsMax || bytes >= amqpLimits.waitingBytesMax
  }

  /** Bytes of publishes that wait or have no outcome. */
  get publishBytes(): number {
    return this.#ledger.unconfirmedBytes + this.#waiting.bytes
  }

  /** Bytes of deliveries that wait until others are settled. */
  get heldBytes(): number {
    let bytes = 0
    for (const { consumers } of this.#channels.values()) bytes += consumers.heldBytes
    return bytes
  }

  get gathered(): Gathered {
    let transactionBytes = 0
    let contentBytes = 0
    for (const { transaction, commands } of this.#channels.values()) {
      transactionBytes += transaction?.bytes ?? 0
      contentBytes += commands.content.bytes
    }
    return { transactionBytes, contentBytes }
  }

  /** A publish has no outcome, or the member has not answered yet. */
  get isBusy(): boolean {
    if (this.#ledger.unconfirmed > 0) return true
    for (const channel of this.#channels.values()) if (channel.isWaiting) return true
    return false
  }

  /** What waits on all channels for the answer to another method. */
  get #waiting(): { readonly count: number; readonly bytes: number } {
    let count = 0
    let bytes = 0
    for (const { waiting } of this.#channels.values()) {
      count += waiting.count
      bytes += waiting.bytes
    }
    return { count, bytes }
  }

  /** So many bytes have come, and are read next. Those that came before are not needed any more. */
  begin(receivedBytes: number): void {
    for (const { commands } of this.#channels.values()) commands.content.unpin()
    this.#records.begin(receivedBytes)
  }

  /** Takes a frame of a channel other than 0. @throws 504, 530, 502, 503 */
  receive(number: number, type: number, payload: Uint8Array): void {
    const channel = this.#channels.get(number)
    const { classId, methodId } = methodIdIn(type, payload)
    const isOpening = classId === 20 && methodId === 10
    if (channel !== undefined && !isOpening) return channel.receive(type, payload)
    if (channel !== undefined) {
      throw new AmqpError('CHANNEL_ERROR', `channel ${number} is open already`)
    }
    if (!isOpening) {
      throw new AmqpError('CHANNEL_ERROR', `channel ${number} is not open; send channel.open first`)
    }
    // How many there are, not how they are numbered: clients number them as they like.
    if (this.#channels.size >= this.channelsMax) {
      const explanation = `${this.channelsMax} channels are open, which is the channel-max`
      throw new AmqpError('NOT_ALLOWED', explanation)
    }
    decodeMethod(payload)
    const refused = this.#host.channelRefusal()
    if (refused !== null) throw AmqpError.fromWire(refused)
    this.#channels.set(number, new Channel(number, this))
    this.writer.method(number, { type: 'channel.open-ok', channelId: new Uint8Array(0) })
  }

  request(channel: number, request: AmqpRequest, answer: Answer): void {
    if (request.type === 'release') {
      for (const consumer of request.consumers) this.#byConsumer.delete(consumer)
    }
    if (request.type !== 'consume' && request.type !== 'consume-replies') {
      return this.#host.request(channel, request, answer)
    }
    const owner = this.#channels.get(channel)
    const done = (result: unknown): void => {
      const { consumer } = result as AmqpResults['consume']
      if (owner !== undefined) this.#byConsumer.set(consumer, owner)
      answer.done(result)
    }
    this.#host.request(channel, request, { done, refused: answer.refused })
  }

  settle(settlement: Settlement): void {
    this.#host.events.settle(settlement)
  }

  publish(channel: Channel, batch: PublishBatch): void {
    const sequence = this.#ledger.add(channel, channel.confirms?.next() ?? 0, batch)
    const { lowestUnconfirmed } = this.#ledger
    channel.barrier.published(sequence)
    this.#host.events.publish({ channel: channel.number, sequence, lowestUnconfirmed }, batch)
  }

  record(properties: Uint8Array, body: Uint8Array): Uint8Array {
    this.hasPublished = true
    return this.#records.write(properties, body)
  }

  fail(error: AmqpError, method: MethodId): void {
    this.#host.fail(error, method)
  }

  remove(channel: Channel): void {
    this.#channels.delete(channel.number)
  }

  deliver(run: DeliveryRun): boolean {
    const channel = this.#byConsumer.get(run.consumer)
    if (channel === undefined || channel.isClosedByClient) return false
    channel.consumers.deliver(run)
    return true
  }

  /** The member ended a consumer; `isTold`: the client wants to know. */
  cancelled(consumer: number, reason: CancelReason, isTold: boolean): void {
    const channel = this.#byConsumer.get(consumer)
    this.#byConsumer.delete(consumer)
    // It may be the number under which some channel gets.
    if (channel === undefined) return this.#forgetGetter(consumer)
    const consumerTag = channel.endConsumer(consumer)
    if (consumerTag === null) return
    if (isTold) return channel.write({ type: 'basic.cancel', consumerTag, nowait: true })
    if (reason === 'gone') return
    // A client that cannot be told otherwise would wait for ever.
    const explanation = `consumer '${consumerTag}' did not settle a delivery in time`
    channel.fail(new AmqpError('PRECONDITION_FAILED', explanation))
  }

  /** All up to a sequence are on their way; true: something goes on that has waited for it. */
  routed(upTo: number): boolean {
    return this.progress.advance(upTo)
  }

  /** Why a publish is not to be routed: one before it has ended its channel. Null: it is. */
  publishRefusal(sequence: number): WireError | null {
    const failed = this.#ledger.channelOf(sequence)?.failed ?? null
    return failed !== null && failed.sequence < sequence ? failed.error : null
  }

  #forgetGetter(number: number): void {
    for (const { getters } of this.#channels.values()) getters.delete(number)
  }

  confirm(first: number, last: number): void {
    this.routed(last)
    for (const part of this.#ledger.take(first, last)) {
      this.#accept(part)
      this.#decided(part)
    }
  }

  publishFailed(first: number, last: number, error: WireError): void {
    // What the client settled before these is not undone by them.
    this.routed(first - 1)
    for (const part of this.#ledger.take(first, last)) {
      this.#fail(part, error)
      this.#decided(part)
    }
    this.routed(last)
  }

  #fail(part: PublishPart<Channel>, refusal: WireError): void {
    const { channel, mandatory } = part.run
    const error = AmqpError.fromWire(refusal)
    // These are no mistakes of the client.
    const isItsFate = error.reply === 'CONTENT_TOO_LARGE' || refusal.code === 'QUEUE_FULL'
    if (error.reply === 'NO_ROUTE') {
      // RabbitMQ: the return goes before its confirm, and behind those of what came before it.
      if (mandatory !== null && channel.isOpen) {
        channel.confirms?.write(this.writer, channel.number)
        returnMessage(channel, mandatory, 0)
      }
      this.#accept(part)
    } else if (error.closes === 'channel' && !isItsFate) {
      channel.failed ??= { sequence: part.last, error: refusal }
      channel.fail(error, methodIdOf('basic.publish'))
    } else {
      const tags = tagsOf(part)
      if (tags !== null) channel.confirms?.refuse(tags.first, tags.last)
      this.#confirming.add(channel)
    }
  }

  /** What waited for these outcomes goes on. */
  #decided({ run, first, last }: PublishPart<Channel>): void {
    run.channel.barrier.decided(last - first + 1)
  }

  #accept(part: PublishPart<Channel>): void {
    const { channel } = part.run
    const tags = tagsOf(part)
    if (tags === null) return
    channel.confirms?.accept(tags.first, tags.last)
    this.#confirming.add(channel)
  }

  writeConfirms(): void {
    for (const channel of this.#confirming) {
      if (channel.isOpen) channel.confirms?.write(this.writer, channel.number)
    }
    this.#confirming.clear()
  }

  /** The connection has ended: all that the channels owned is forgotten. */
  drop(): void {
    for (const channel of this.#channels.values()) channel.drop()
    this.#channels.clear()
    this.#byConsumer.clear()
    this.#confirming.clear()
    this.#ledger = new PublishLedger()
  }
}
