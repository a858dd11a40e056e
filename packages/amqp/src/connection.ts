// The server's end of one AMQP connection, without a socket: bytes, answers, deliveries and ticks
// in; bytes and events out. It keeps the rules of the protocol, so that the member sees only valid
// requests. Words and shapes are those of the native protocol's `ServerConnection`.
import type { WireError } from '@holdfast/errors'
import { BlockedNotice } from './blocked-notice.ts'
import { type CancelReason, Channels, type ChannelsHost } from './channels.ts'
import { EventQueue } from './event-queue.ts'
import type { AmqpEvent } from './events.ts'
import { FrameWriter, frameType, methodIdIn } from './frame-codec.ts'
import type { AmqpConnectionOptions, HandshakeHost, Tuning } from './handshake.ts'
import { Handshake } from './handshake.ts'
import { Heartbeat } from './heartbeat.ts'
import { InputStream } from './input-stream.ts'
import { amqpLimits } from './limits.ts'
import { decodeMethod, type Method, type MethodId, noMethod } from './method-codec.ts'
import { explainGreeting } from './protocol-header.ts'
import { AmqpError } from './replies.ts'
import { RequestTable } from './request-table.ts'
import type { DeliveryRun } from './requests.ts'

/** `refused`: nothing is read any more, and the socket is closed after a pause. */
type State = 'greeting' | 'handshake' | 'open' | 'refused' | 'closing' | 'closed'

export class AmqpConnection {
  readonly #input = new InputStream()
  readonly #writer = new FrameWriter()
  readonly #events = new EventQueue()
  readonly #blocked = new BlockedNotice(this.#writer)
  readonly #handshake: Handshake
  readonly #channels: Channels
  readonly #requests = new RequestTable(this.#events)
  #state: State = 'greeting'
  #heartbeat: Heartbeat
  #nowMs: number
  /** When this state ends by itself: a handshake, a pause, a close that nobody answers. */
  #deadlineMs: number

  constructor(options: AmqpConnectionOptions) {
    this.#nowMs = options.nowMs
    this.#deadlineMs = options.nowMs + amqpLimits.handshakeTimeoutMs
    this.#heartbeat = new Heartbeat(0, options.nowMs)
    const host: ChannelsHost & HandshakeHost = {
      writer: this.#writer,
      events: this.#events,
      user: () => this.#handshake.user,
      channelRefusal: options.channelRefusal,
      request: (channel, request, answer) => this.#requests.ask(channel, request, answer),
      fail: (error, method) => this.#fail(error, method),
      tuned: (tuning) => this.#tuned(tuning),
      opened: () => {
        this.#state = 'open'
      },
      hangUp: (error) => this.#hangUp(error)
    }
    this.#channels = new Channels(host)
    this.#handshake = new Handshake(options, host)
  }

  get isOpen(): boolean {
    return this.#state === 'open'
  }

  /** Flush, then close the socket. */
  get isClosed(): boolean {
    return this.#state === 'closed'
  }

  /** Nothing more should be read from the socket until something is answered. */
  get isPaused(): boolean {
    const { hasPublished, isFull } = this.#channels
    return this.#isWaiting || isFull || (hasPublished && this.#blocked.isBlocked)
  }

  get channelsCount(): number {
    return this.#channels.count
  }

  /** Of publishes that wait here or have no outcome yet. */
  get publishBytes(): number {
    return this.#channels.publishBytes
  }

  /** Bytes that wait for the next `flush`, or for the client to settle; confirms not counted. */
  get bufferedBytes(): number {
    return this.#writer.bufferedBytes + this.#channels.heldBytes
  }

  /** Takes what the socket received, which must not be overwritten: slices of it are kept. */
  receive(bytes: Uint8Array, nowMs: number): readonly AmqpEvent[] {
    this.#nowMs = nowMs
    if (this.isClosed || this.#state === 'refused') return []
    this.#heartbeat.heard()
    this.#input.push(bytes)
    this.#channels.begin(bytes.length)
    this.#read()
    return this.takeEvents()
  }

  /** Wants to be called about four times in a heartbeat interval; with whether it is read from. */
  tick(nowMs: number, isRead = true): readonly AmqpEvent[] {
    this.#nowMs = nowMs
    if (!isRead || this.isPaused) this.#heartbeat.heard()
    if (this.isOpen) this.#beat()
    else if (nowMs >= this.#deadlineMs && !this.isClosed) {
      const wasOpening = this.#state === 'greeting' || this.#state === 'handshake'
      if (wasOpening) this.#letGo(new AmqpError('CONNECTION_FORCED', 'the handshake took too long'))
      this.#state = 'closed'
    }
    return this.takeEvents()
  }

  /** What has happened since: answers too bring about events, of methods that waited for them. */
  takeEvents(): readonly AmqpEvent[] {
    return this.#events.take()
  }

  /** Answers a request; see `AmqpResults`. */
  respond(requestId: number, result: unknown): void {
    this.#requests.take(requestId)?.done(result)
    this.#read()
  }

  refuse(requestId: number, error: WireError): void {
    this.#requests.take(requestId)?.refused(AmqpError.fromWire(error))
    this.#read()
  }

  /** Sequences `first` to `last` are committed wherever they were routed. */
  confirm(first: number, last: number): void {
    this.#channels.confirm(first, last)
  }

  /** Sequences `first` to `last` were refused. */
  publishFailed(first: number, last: number, error: WireError): void {
    this.#channels.publishFailed(first, last, AmqpError.fromWire(error))
  }

  deliver(run: DeliveryRun): void {
    if (this.isOpen) this.#channels.deliver(run)
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
      const { blocked: wantsToKnow } = this.#handshake.capabilities
      this.#blocked.update(wantsToKnow && this.#channels.hasPublished)
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
    this.#heartbeat = new Heartbeat(heartbeatSeconds * 1_000, this.#nowMs)
  }

  #beat(): void {
    if (this.#heartbeat.isSilent(this.#nowMs)) {
      this.#letGo(new AmqpError('CONNECTION_FORCED', 'nothing was heard for two heartbeats'))
      this.#state = 'closed'
    } else if (this.#heartbeat.isDue(this.#nowMs)) this.#writer.heartbeat()
  }

  /** Reads what has arrived, until it ends, or the member has to answer first. */
  #read(): void {
    let methodId = noMethod
    try {
      if (this.#state === 'greeting' && !this.#greet()) return
      while (this.#mayRead() && this.#input.next()) {
        const { type, channel, payload } = this.#input.frames
        methodId = methodIdIn(type, payload)
        this.#takeFrame(type, channel, payload)
      }
    } catch (error) {
      if (!(error instanceof AmqpError)) throw error
      // Out of step for good: nobody will find an answer to the close in this stream.
      if (this.#state === 'closing') this.#state = 'closed'
      this.#fail(error, methodId)
    }
  }

  /** The member is to say first whether the client may go on. */
  get #isWaiting(): boolean {
    return this.#state === 'handshake' && this.#handshake.isWaiting
  }

  #mayRead(): boolean {
    if (this.#isWaiting) this.#input.checkUnread()
    return !this.#isWaiting && this.#state !== 'refused' && !this.isClosed
  }

  /** Whether the protocol header is read, and frames follow. */
  #greet(): boolean {
    const greeting = this.#input.greeting()
    if (greeting === null) return false
    if (greeting === 'amqp') {
      this.#state = 'handshake'
      this.#handshake.start()
      return true
    }
    // AMQP 0-9-1 §4.2.2: who asks for another version is told this one.
    if (greeting !== 'http' && greeting !== 'tls') this.#writer.protocolHeader()
    this.#letGo(new AmqpError('NOT_IMPLEMENTED', explainGreeting(greeting)))
    this.#state = 'closed'
    return false
  }

  #takeFrame(type: number, channel: number, payload: Uint8Array): void {
    if (this.#state === 'closing') return this.#takeAtEnd(type, channel, payload)
    if (type === frameType.heartbeat) {
      if (channel === 0 && payload.length === 0) return
      throw new AmqpError('UNEXPECTED_FRAME', 'a heartbeat is empty, and of channel 0')
    }
    if (channel !== 0 && this.isOpen) return this.#channels.receive(channel, type, payload)
    if (channel !== 0 || type !== frameType.method) {
      const early = `a frame of channel ${channel} came before connection.open-ok`
      const text = channel === 0 ? 'only methods and heartbeats are of channel 0' : early
      throw new AmqpError('UNEXPECTED_FRAME', text)
    }
    this.#takeMethod(decodeMethod(payload))
  }

  #takeMethod(method: Method): void {
    if (method.type === 'connection.close') return this.#closeByClient()
    if (!this.isOpen) return this.#handshake.take(method)
    if (method.type !== 'connection.update-secret') {
      const explanation = `${method.type} is not for a client to send on channel 0 now`
      throw new AmqpError('COMMAND_INVALID', explanation)
    }
    const { newSecret, reason } = method
    const request = { type: 'update-secret', secret: new Uint8Array(newSecret), reason } as const
    this.#requests.ask(0, request, {
      done: () => this.#writer.method(0, { type: 'connection.update-secret-ok' }),
      refused: (error) => this.#fail(error, { classId: 10, methodId: 70 })
    })
  }

  /** This side has closed: only the answer counts, or that the client closed as well. */
  #takeAtEnd(type: number, channel: number, payload: Uint8Array): void {
    const { classId, methodId } = methodIdIn(type, payload)
    if (channel !== 0 || classId !== 10) return
    if (methodId === 51) this.#state = 'closed'
    if (methodId === 50) this.#closeByClient()
  }

  #closeByClient(): void {
    if (this.#state !== 'closing') this.#letGo(null)
    this.#writer.method(0, { type: 'connection.close-ok' })
    this.#state = 'closed'
  }

  /** Ends the connection with a reply to the client; a soft error without a channel does so too. */
  #fail(error: AmqpError, { classId, methodId }: MethodId): void {
    if (this.#state === 'closing' || this.isClosed) return
    const wasSilent = this.#state === 'greeting' || this.#state === 'refused'
    this.#letGo(error)
    this.#state = wasSilent ? 'closed' : 'closing'
    if (wasSilent) return
    const { code: replyCode, message: replyText } = error
    this.#deadlineMs = this.#nowMs + amqpLimits.closeTimeoutMs
    this.#writer.method(0, { type: 'connection.close', replyCode, replyText, classId, methodId })
  }

  /** A refused login is not answered, and not at once: whoever guesses should take long. */
  #hangUp(error: AmqpError): void {
    this.#letGo(error)
    this.#input.clear()
    this.#state = 'refused'
    this.#deadlineMs = this.#nowMs + amqpLimits.refusedLoginPauseMs
  }

  /** What the connection owned is forgotten here, and let go of by whoever hears of it. */
  #letGo(error: AmqpError | null): void {
    this.#channels.writeConfirms()
    this.#channels.drop()
    this.#requests.clear()
    if (this.#state !== 'refused') this.#events.push({ type: 'closed', error })
  }
}
