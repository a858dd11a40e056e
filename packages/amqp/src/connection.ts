// The server's end of one AMQP connection, without a socket: bytes, answers, deliveries and ticks
// in; bytes and events out. It keeps the rules of the protocol, so that the member sees only valid
// requests. Words and shapes are those of the native protocol's `ServerConnection`.
import type { WireError } from '@holdfast/errors'
import { BlockedNotice } from './blocked-notice.ts'
import { type CancelReason, Channels, type ChannelsHost, type Gathered } from './channels.ts'
import { controlMethod, type Farewell, farewellIn, isOfChannel } from './control-frame.ts'
import { EventQueue } from './event-queue.ts'
import type { AmqpEvent } from './events.ts'
import { FrameWriter, methodIdIn } from './frame-codec.ts'
import type { AmqpConnectionOptions, HandshakeHost, Tuning } from './handshake.ts'
import { Handshake } from './handshake.ts'
import { Heartbeat } from './heartbeat.ts'
import { InputStream } from './input-stream.ts'
import { Lifetime } from './lifetime.ts'
import { amqpLimits } from './limits.ts'
import { type Method, type MethodId, noMethod } from './method-codec.ts'
import { AmqpError } from './replies.ts'
import { RequestTable } from './request-table.ts'
import type { DeliveryRun } from './requests.ts'
import { Secret } from './secret.ts'

export class AmqpConnection {
  readonly #input = new InputStream()
  readonly #writer = new FrameWriter()
  readonly #events = new EventQueue()
  readonly #blocked = new BlockedNotice(this.#writer)
  readonly #handshake: Handshake
  readonly #channels: Channels
  readonly #requests = new RequestTable(this.#events)
  readonly #secret: Secret
  readonly #life: Lifetime
  #heartbeat: Heartbeat

  constructor(options: AmqpConnectionOptions) {
    this.#life = new Lifetime(options.nowMs)
    this.#heartbeat = new Heartbeat(0, options.nowMs)
    const host: ChannelsHost & HandshakeHost = {
      writer: this.#writer,
      events: this.#events,
      user: () => this.#handshake.user,
      channelRefusal: options.channelRefusal,
      request: (channel, request, answer) => this.#requests.ask(channel, request, answer),
      fail: (error, method) => this.#fail(error, method),
      greeted: () => this.#life.enter('handshake'),
      tuned: (tuning) => this.#tuned(tuning),
      opened: () => this.#life.enter('open'),
      drop: (error) => this.#drop(error),
      hangUp: (error) => this.#hangUp(error)
    }
    this.#channels = new Channels(host)
    this.#handshake = new Handshake(options, host)
    this.#secret = new Secret(host)
  }

  get isOpen(): boolean {
    return this.#life.stage === 'open'
  }

  /** Flush, then close the socket. */
  get isClosed(): boolean {
    return this.#life.stage === 'closed'
  }

  /** Nothing more should be read from the socket until something is answered. */
  get isPaused(): boolean {
    const { hasPublished, isFull } = this.#channels
    // What is read at the end is only looked at for the client's answer.
    if (this.#life.isDeaf || this.#life.isEnding) return false
    return this.#isWaiting || isFull || (hasPublished && this.#blocked.isBlocked)
  }

  /** For whoever routes what is published: how far that is, and what is not to be routed. */
  get publishes(): Pick<Channels, 'routed' | 'publishRefusal'> {
    return this.#channels
  }

  get channelsCount(): number {
    return this.#channels.count
  }

  /** Of publishes that wait here or have no outcome yet. */
  get publishBytes(): number {
    return this.#channels.publishBytes
  }

  get gathered(): Gathered {
    return this.#channels.gathered
  }

  /** Bytes that wait for the next `flush`, or for the client to settle; confirms not counted. */
  get bufferedBytes(): number {
    return this.#writer.bufferedBytes + this.#channels.heldBytes
  }

  /** Takes what the socket received, which must not be overwritten: slices of it are kept. */
  receive(bytes: Uint8Array, nowMs: number): readonly AmqpEvent[] {
    this.#life.nowMs = nowMs
    if (this.#life.isDeaf) return []
    this.#heartbeat.heard()
    this.#input.push(bytes)
    this.#channels.begin(bytes.length)
    this.#read()
    return this.takeEvents()
  }

  /** Wants to be called about four times in a heartbeat interval; with whether it is read from. */
  tick(nowMs: number, isRead = true): readonly AmqpEvent[] {
    this.#life.nowMs = nowMs
    if (!isRead || this.isPaused) this.#heartbeat.heard()
    if (this.isOpen) this.#beat()
    else if (this.#life.isExpired) this.#expire()
    return this.takeEvents()
  }

  /** What has happened since: answers too bring about events, of methods that waited for them. */
  takeEvents(): readonly AmqpEvent[] {
    this.#channels.changedLimits.tell()
    return this.#events.take()
  }

  /** Answers a request; see `AmqpResults`. */
  respond(requestId: number, result: unknown): void {
    this.#requests.take(requestId)?.done(result)
    this.#goOn()
  }

  refuse(requestId: number, error: WireError): void {
    this.#requests.take(requestId)?.refused(AmqpError.fromWire(error))
    this.#goOn()
  }

  /** Sequences `first` to `last` are committed wherever they were routed. */
  confirm(first: number, last: number): void {
    this.#channels.confirm(first, last)
    this.#goOn()
  }

  /** Sequences `first` to `last` were refused. */
  publishFailed(first: number, last: number, error: WireError): void {
    this.#channels.publishFailed(first, last, error)
    this.#goOn()
  }

  /** False: its consumer is given nothing any more; nobody has seen the run. */
  deliver(run: DeliveryRun): boolean {
    return this.isOpen && this.#channels.deliver(run)
  }

  /** The consumer ended: its queue is gone, or it may not consume any more. */
  cancelled(consumer: number, reason: CancelReason = 'gone'): void {
    const { cancelNotify } = this.#handshake.capabilities
    if (this.isOpen) this.#channels.cancelled(consumer, reason, cancelNotify)
  }

  /** This node takes no publishes for a reason, or (null) takes them again. */
  setBlocked(reason: string | null): void {
    this.#blocked.reason = reason
  }

  /** Ends the connection from this side. */
  close(error: WireError): void {
    this.#fail(AmqpError.fromWire(error), noMethod)
  }

  /** All bytes to send, in order. Slices: nothing of them is written again. */
  flush(nowMs: number): readonly Uint8Array[] {
    if (this.isOpen) {
      this.#channels.writeConfirms()
      this.#blocked.update(this.#handshake.capabilities.blocked && this.#channels.hasPublished)
    }
    const chunks = this.#writer.take()
    if (chunks.length > 0) this.#heartbeat.sent(nowMs)
    return chunks
  }

  #tuned({ channelsMax, frameBytesMax, heartbeatSeconds }: Tuning): void {
    this.#channels.channelsMax = channelsMax
    this.#writer.frameBytesMax = frameBytesMax
    // Clients that forget to count the overhead of a frame send as much more.
    this.#input.frames.limitBytes = frameBytesMax
    this.#heartbeat = new Heartbeat(heartbeatSeconds * 1_000, this.#life.nowMs)
  }

  #beat(): void {
    if (this.#heartbeat.isSilent(this.#life.nowMs)) {
      this.#drop(new AmqpError('CONNECTION_FORCED', 'nothing was heard for two heartbeats'))
    } else if (this.#heartbeat.isDue(this.#life.nowMs)) this.#writer.heartbeat()
  }

  /** Something was answered, and nothing else may have been waited for. */
  #goOn(): void {
    this.#read()
    if (this.#life.stage === 'leaving' && !this.#channels.isBusy) this.#closeByClient()
  }

  #expire(): void {
    if (this.#life.stage === 'leaving') return this.#closeByClient()
    if (!this.#life.isOpening) return this.#life.enter('closed')
    this.#drop(new AmqpError('CONNECTION_FORCED', 'the handshake took too long'))
  }

  /** Reads what has arrived, until it ends, or the member has to answer first. */
  #read(): void {
    let methodId = noMethod
    try {
      if (this.#life.stage === 'greeting' && !this.#greet()) return
      while (this.#mayRead() && this.#input.next()) {
        const { type, channel, payload } = this.#input.frames
        methodId = methodIdIn(type, payload)
        this.#takeFrame(type, channel, payload)
      }
    } catch (error) {
      if (!(error instanceof AmqpError)) throw error
      // Out of step for good. It is read over: unread bytes would cost the client the close (TCP).
      if (this.#life.stage !== 'closing') return this.#fail(error, methodId)
      this.#life.enterFor('lingering', amqpLimits.closeTimeoutMs)
    }
  }

  /** The member is to say first whether the client may go on. */
  get #isWaiting(): boolean {
    return this.#life.stage === 'handshake' && this.#handshake.isWaiting
  }

  #mayRead(): boolean {
    if (this.#isWaiting) this.#input.checkUnread()
    return !this.#isWaiting && !this.#life.isDeaf
  }

  /** Whether the protocol header is read, and frames follow. */
  #greet(): boolean {
    const greeting = this.#input.greeting()
    return greeting !== null && this.#handshake.greet(greeting)
  }

  #takeFrame(type: number, channel: number, payload: Uint8Array): void {
    if (this.#life.stage === 'closing') return this.#part(farewellIn(type, channel, payload))
    if (this.isOpen && isOfChannel(type, channel)) {
      return this.#channels.receive(channel, type, payload)
    }
    const method = controlMethod(type, channel, payload)
    if (method !== null) this.#takeMethod(method)
  }

  #takeMethod(method: Method): void {
    if (method.type === 'connection.close') {
      // What came before is done before it is answered.
      this.#life.enterFor('leaving', amqpLimits.leaveTimeoutMs)
      return this.#goOn()
    }
    if (!this.isOpen) return this.#handshake.take(method)
    if (method.type === 'connection.update-secret') return this.#secret.update()
    const explanation = `${method.type} is not for a client to send on channel 0 now`
    throw new AmqpError('CHANNEL_ERROR', explanation)
  }

  /** This side has closed: only the answer counts, or that the client closed as well. */
  #part(farewell: Farewell | null): void {
    if (farewell === 'close-ok') this.#life.enter('closed')
    if (farewell === 'close') this.#closeByClient()
  }

  /** Who asked for the close closes the socket: it would take our end for a failure. */
  #closeByClient(): void {
    if (this.#life.stage !== 'closing') this.#letGo(null)
    this.#writer.method(0, { type: 'connection.close-ok' })
    this.#life.enterFor('lingering', amqpLimits.lingerTimeoutMs)
  }

  /** Ends the connection with a reply to the client; a soft error without a channel does so too. */
  #fail(error: AmqpError, { classId, methodId }: MethodId): void {
    if (this.#life.isEnding) return
    if (this.#life.isSilent) return this.#drop(error)
    this.#letGo(error)
    this.#life.enterFor('closing', amqpLimits[this.isOpen ? 'closeTimeoutMs' : 'lingerTimeoutMs'])
    const { code: replyCode, message: replyText } = error
    this.#writer.method(0, { type: 'connection.close', replyCode, replyText, classId, methodId })
  }

  /** A refused login is not answered, and not at once: whoever guesses should take long. */
  #hangUp(error: AmqpError): void {
    this.#letGo(error)
    this.#input.clear()
    this.#life.enterFor('lingering', amqpLimits.refusedLoginPauseMs)
  }

  #drop(error: AmqpError): void {
    this.#letGo(error)
    this.#life.enter('closed')
  }

  /** What the connection owned is forgotten here, and let go of by whoever hears of it. */
  #letGo(error: AmqpError | null): void {
    this.#channels.writeConfirms()
    this.#channels.drop()
    this.#requests.clear()
    if (this.#life.stage !== 'lingering') this.#events.push({ type: 'closed', error })
  }
}
