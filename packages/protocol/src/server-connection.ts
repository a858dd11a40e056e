// The server's end of one client connection, without a socket: bytes and time in, events and bytes
// out. It keeps the rules of the protocol (handshake, heartbeats, credit, bounds) so that the
// member only sees valid requests; what the member wants sent accumulates until `flush`, where
// confirms and settlements of the turn leave as ranges.
import { HoldfastError, unreachable, type WireError } from '@holdfast/errors'
import { type ClientFrame, decodeClientFrame } from './client-frame.ts'
import { FrameReader } from './frame.ts'
import { Heartbeat } from './heartbeat.ts'
import { protocolLimits } from './limits.ts'
import { type CreditView, PublishCredit } from './publish-credit.ts'
import { type ClientRequest, parseRequest } from './requests.ts'
import type { NodeAddress } from './results.ts'
import type { ConnectionEvent } from './server-event.ts'
import { type DeliveryRun, ServerFrameWriter } from './server-frame.ts'
import {
  type ConnectionLimits,
  clampHeartbeat,
  defaultLimits,
  type ServerConnectionOptions,
  type Welcome
} from './server-options.ts'
import {
  beyondCredit,
  frameLimit,
  notGrowing,
  refuseHasty,
  repeatedHello,
  tooMuchWanted
} from './server-refusals.ts'
import { protocolVersion } from './version.ts'

type State = 'awaiting-hello' | 'awaiting-welcome' | 'open' | 'closed'

export class ServerConnection {
  readonly #limits: ConnectionLimits
  readonly #heartbeatMsDefault: number
  readonly #reader = new FrameReader(protocolLimits.helloBytesMax)
  readonly #writer = new ServerFrameWriter()
  readonly #credit: PublishCredit
  readonly #heartbeat: Heartbeat
  readonly #startedMs: number
  readonly #unanswered = new Set<number>()
  /** Requests that made no sense since the last flush: they cost as much as others. */
  #refused = 0
  #state: State = 'awaiting-hello'
  #events: ConnectionEvent[] = []
  /** Highest sequence that was published, and highest settle sequence that was used, here. */
  #lastPublished = 0
  #lastSettle = 0

  constructor({ nowMs, limits = {}, heartbeatMs }: ServerConnectionOptions) {
    this.#limits = { ...defaultLimits, ...limits }
    this.#heartbeatMsDefault = heartbeatMs ?? protocolLimits.heartbeatMsDefault
    this.#startedMs = nowMs
    this.#heartbeat = new Heartbeat(this.#heartbeatMsDefault, nowMs)
    this.#credit = new PublishCredit(this.#limits.publishCreditBytes)
  }

  /** True from the welcome to the end. */
  get isOpen(): boolean {
    return this.#state === 'open'
  }

  get isClosed(): boolean {
    return this.#state === 'closed'
  }

  /** What the client may send, what it has under way, what it borrowed. */
  get credit(): CreditView {
    return this.#credit
  }

  /** Whether a frame has begun and not ended: a large message may be on its way. */
  get isReceiving(): boolean {
    return this.#reader.heldBytes > 0
  }

  /** Bytes that wait for the next `flush`, confirms and settlements not counted. */
  get bufferedBytes(): number {
    return this.#writer.bufferedBytes
  }

  /**
   * Takes what the socket received. Slices of `bytes` go into the events: it must not be
   * overwritten. Anything invalid ends the connection: a closing frame to flush, and a `closed`
   * event.
   */
  receive(bytes: Uint8Array, nowMs: number): readonly ConnectionEvent[] {
    if (this.#state === 'closed') return []
    this.#heartbeat.heard(nowMs)
    try {
      this.#reader.feed(bytes)
      for (let frame = this.#next(); frame !== null; frame = this.#next()) {
        this.#take(decodeClientFrame(frame, this.#state === 'awaiting-hello'))
        if (this.isClosed) break
      }
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error
      this.#fail(error)
    }
    return this.#takeEvents()
  }

  /**
   * A frame that cannot be within the credit is refused by its length, so that a client that sends
   * most of it and stops holds no more of this node's memory than it was given.
   */
  #next(): Uint8Array | null {
    if (!this.isOpen) return this.#reader.next()
    const { availableBytes } = this.#credit
    this.#reader.limitBytes = frameLimit(availableBytes)
    try {
      return this.#reader.next()
    } catch (error) {
      throw beyondCredit(error, availableBytes)
    }
  }

  /** Wants to be called about four times in a heartbeat interval. */
  tick(nowMs: number): readonly ConnectionEvent[] {
    if (this.#state === 'closed') return []
    if (!this.isOpen) {
      const { handshakeTimeoutMs: limitMs } = this.#limits
      const isLate = nowMs - this.#startedMs >= limitMs
      if (isLate) this.#fail(new HoldfastError('HANDSHAKE_TIMEOUT', { limitMs }))
      return this.#takeEvents()
    }
    const silentMs = this.#heartbeat.silentMs(nowMs)
    if (silentMs > 0) this.#fail(new HoldfastError('HEARTBEAT_MISSED', { silentMs }))
    else if (this.#heartbeat.isDue(nowMs)) this.#writer.heartbeat()
    return this.#takeEvents()
  }

  /** Accepts the hello, in the time of the handshake. Only `close` may be sent before. */
  welcome({ clusterId, node, nodes }: Welcome): void {
    if (this.#state !== 'awaiting-welcome') return
    this.#state = 'open'
    this.#writer.welcome(protocolVersion, {
      clusterId,
      node,
      heartbeatMs: this.#heartbeat.intervalMs,
      credit: this.#limits.publishCreditBytes,
      nodes
    })
  }

  respond(requestId: number, result: unknown): void {
    if (this.isOpen && this.#unanswered.delete(requestId)) {
      this.#writer.response(requestId, null, result)
    }
  }

  refuse(requestId: number, error: WireError): void {
    if (this.isOpen && this.#unanswered.delete(requestId)) {
      this.#writer.response(requestId, error, null)
    }
  }

  /** Sequences `first` to `last` are committed wherever they were routed. */
  confirm(first: number, last: number): void {
    if (!this.isOpen) return
    this.#writer.confirm(first, last, this.#credit.answer(first, last))
  }

  /** Sequences `first` to `last` were refused: their outcome. */
  publishFailed(first: number, last: number, error: WireError): void {
    if (!this.isOpen) return
    this.#writer.publishFailed(first, last, error, this.#credit.answer(first, last))
  }

  /** Lends credit, usually after `want-credit`. */
  grant(bytes: number): void {
    if (!this.isOpen || bytes <= 0) return
    this.#credit.grant(bytes)
    this.#writer.credit(bytes)
  }

  deliver(run: DeliveryRun): void {
    if (this.isOpen) this.#writer.deliver(run)
  }

  settled(settleSequence: number): void {
    if (this.isOpen) this.#writer.settled(settleSequence)
  }

  settleFailed(settleSequence: number, error: WireError): void {
    if (this.isOpen) this.#writer.settleFailed(settleSequence, error)
  }

  /** The consumer ended on this node. A NOT_LEADER tells the client to attach elsewhere. */
  cancelled(consumer: number, error: WireError): void {
    if (this.isOpen) this.#writer.cancelled(consumer, error)
  }

  nodes(nodes: readonly NodeAddress[]): void {
    if (this.isOpen) this.#writer.nodes(nodes)
  }

  /** Ends the connection from this side: after the next flush the socket is to be closed. */
  close(error: WireError | null): void {
    if (this.isClosed) return
    this.#writer.closing(error)
    this.#state = 'closed'
  }

  /** All bytes to send, in order. Slices: nothing of them is written again. */
  flush(nowMs?: number): readonly Uint8Array[] {
    const chunks = this.#writer.take()
    this.#refused = 0
    if (nowMs !== undefined && chunks.length > 0) this.#heartbeat.sent(nowMs)
    return chunks
  }

  #take(frame: ClientFrame): void {
    if (this.#state === 'awaiting-welcome') refuseHasty(frame.type)
    switch (frame.type) {
      case 'hello': {
        if (this.#state !== 'awaiting-hello') throw repeatedHello()
        const { heartbeatMs, ...rest } = frame
        this.#heartbeat.intervalMs = clampHeartbeat(heartbeatMs, this.#heartbeatMsDefault)
        this.#state = 'awaiting-welcome'
        this.#events.push(rest)
        return
      }
      case 'request':
        this.#takeRequest(frame.requestId, frame.name, frame.args)
        return
      case 'publish':
        this.#takePublish(frame)
        return
      case 'settle':
        if (frame.settleSequence <= this.#lastSettle) throw notGrowing('settle sequences')
        this.#lastSettle = frame.settleSequence
        this.#events.push(frame)
        return
      case 'want-credit':
        if (frame.bytes > protocolLimits.frameBytesMax) throw tooMuchWanted(frame.bytes)
        this.#events.push(frame)
        return
      case 'heartbeat':
        return
      case 'close':
        this.close(null)
        this.#events.push({ type: 'closed', error: null })
        return
      default:
        unreachable(frame)
    }
  }

  #takeRequest(requestId: number, name: string, args: unknown): void {
    if (this.#unanswered.has(requestId)) {
      const reason = `request ${requestId} is not answered yet, and was sent again`
      throw new HoldfastError('FRAME_INVALID', { reason })
    }
    if (this.#unanswered.size + this.#refused >= this.#limits.requestsMax) {
      throw new HoldfastError('TOO_MANY_REQUESTS', { limit: this.#limits.requestsMax })
    }
    let request: ClientRequest
    try {
      request = parseRequest(name, args)
    } catch (error) {
      const refusal = HoldfastError.from(error)
      this.#refused++
      this.#writer.response(requestId, refusal.toWire(), null)
      return
    }
    this.#unanswered.add(requestId)
    this.#events.push({ type: 'request', requestId, request })
  }

  #takePublish(frame: ClientFrame & { type: 'publish' }): void {
    const { firstSequence, count, blob, refusal, ...rest } = frame
    if (firstSequence <= this.#lastPublished) throw notGrowing('publish sequences')
    this.#lastPublished = firstSequence + count - 1
    const hasRoom = this.#credit.batches < protocolLimits.batchesMax
    if (!hasRoom || !this.#credit.spend(firstSequence, count, blob.length)) {
      throw new HoldfastError('CREDIT_EXCEEDED', { credit: this.#credit.availableBytes })
    }
    if (refusal === null) {
      this.#events.push({ ...rest, firstSequence, count, blob })
      return
    }
    const given = this.#credit.answer(firstSequence, this.#lastPublished)
    this.#writer.publishFailed(firstSequence, this.#lastPublished, refusal.toWire(), given)
  }

  #fail(error: HoldfastError): void {
    this.close(error.toWire())
    this.#events.push({ type: 'closed', error: error.toWire() })
  }

  #takeEvents(): readonly ConnectionEvent[] {
    const events = this.#events
    if (events.length > 0) this.#events = []
    return events
  }
}
