// The client's end of one connection to a node, without a socket: bytes and time in, events and
// bytes out. It knows frames, the handshake and heartbeats; what a session means (sequences,
// credit, who holds what) is kept by the SDK above it, because that outlives a connection.
import { HoldfastError } from '@holdfast/errors'
import type { ClientEvent } from './client-event.ts'
import { ClientFrameWriter, type Hello } from './client-frame.ts'
import { decodeServerFrame } from './decode-server-frame.ts'
import { FrameReader } from './frame.ts'
import { Heartbeat } from './heartbeat.ts'
import { protocolLimits } from './limits.ts'
import type { ClientRequest } from './requests.ts'
import type { PublishEvent, SettleEvent } from './server-event.ts'
import { protocolVersion, protocolVersionsSupported } from './version.ts'

export interface ClientConnectionOptions {
  /** Monotonic. */
  readonly nowMs: number
  readonly hello: Hello
  readonly handshakeTimeoutMs?: number
}

/**
 * Intervals of silence after which a node is given up. A node sends at least twice in an interval,
 * so this is two beats missed; being wrong costs a reconnect and nothing else.
 */
const silenceIntervalsMax = 1.25

export class ClientConnection {
  readonly #reader = new FrameReader(protocolLimits.frameBytesMax)
  readonly #writer = new ClientFrameWriter()
  readonly #heartbeat: Heartbeat
  readonly #startedMs: number
  readonly #handshakeTimeoutMs: number
  #state: 'awaiting-welcome' | 'open' | 'closed' = 'awaiting-welcome'
  #requests = 0
  #settles = 0

  constructor({ nowMs, hello, handshakeTimeoutMs }: ClientConnectionOptions) {
    this.#startedMs = nowMs
    this.#handshakeTimeoutMs = handshakeTimeoutMs ?? protocolLimits.handshakeTimeoutMs
    const intervalMs = hello.heartbeatMs || protocolLimits.heartbeatMsDefault
    this.#heartbeat = new Heartbeat(intervalMs, nowMs, silenceIntervalsMax)
    this.#writer.hello(protocolVersion, hello)
  }

  get isOpen(): boolean {
    return this.#state === 'open'
  }

  /** The interval that the node settled on. */
  get heartbeatMs(): number {
    return this.#heartbeat.intervalMs
  }

  get bufferedBytes(): number {
    return this.#writer.bufferedBytes
  }

  /** Slices of `bytes` go into the events: it must not be overwritten. */
  receive(bytes: Uint8Array, nowMs: number): readonly ClientEvent[] {
    const events: ClientEvent[] = []
    if (this.#state === 'closed') return events
    this.#heartbeat.heard(nowMs)
    try {
      this.#reader.feed(bytes)
      for (let frame = this.#reader.next(); frame !== null; frame = this.#reader.next()) {
        if (!this.#take(decodeServerFrame(frame), events)) break
      }
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error
      this.#fail(error, events)
    }
    return events
  }

  /** Wants to be called about four times in a heartbeat interval. */
  tick(nowMs: number): readonly ClientEvent[] {
    const events: ClientEvent[] = []
    if (this.#state === 'closed') return events
    if (this.#state === 'awaiting-welcome') {
      const limitMs = this.#handshakeTimeoutMs
      if (nowMs - this.#startedMs >= limitMs) {
        this.#fail(new HoldfastError('HANDSHAKE_TIMEOUT', { limitMs }), events)
      }
      return events
    }
    const silentMs = Math.round(this.#heartbeat.silentMs(nowMs))
    if (silentMs > 0) this.#fail(new HoldfastError('HEARTBEAT_MISSED', { silentMs }), events)
    else if (this.#heartbeat.isDue(nowMs)) this.#writer.heartbeat()
    return events
  }

  /** Returns the number that the response will carry. */
  request(request: ClientRequest): number {
    const { type, ...args } = request
    this.#requests += 1
    this.#writer.request(this.#requests, type, args)
    return this.#requests
  }

  publish(publish: Omit<PublishEvent, 'type'>): void {
    this.#writer.publish(publish)
  }

  /** Returns the settle sequence that `settled` or `settle-failed` will name. */
  settle(settle: Omit<SettleEvent, 'type' | 'settleSequence'>): number {
    this.#settles += 1
    this.#writer.settle({ ...settle, settleSequence: this.#settles })
    return this.#settles
  }

  wantCredit(bytes: number): void {
    this.#writer.wantCredit(bytes)
  }

  /** Says good-bye: the node releases what this client holds. */
  close(): void {
    if (this.#state === 'closed') return
    this.#writer.close()
    this.#state = 'closed'
  }

  flush(nowMs?: number): readonly Uint8Array[] {
    const chunks = this.#writer.take()
    if (nowMs !== undefined && chunks.length > 0) this.#heartbeat.sent(nowMs)
    return chunks
  }

  /** False when nothing may follow. */
  #take(event: ClientEvent, events: ClientEvent[]): boolean {
    if (event.type === 'heartbeat') return true
    if (event.type === 'closed') {
      this.#state = 'closed'
      events.push(event)
      return false
    }
    if ((event.type === 'welcome') === (this.#state === 'open')) {
      throw new HoldfastError('FRAME_INVALID', { reason: 'the welcome comes once, and first' })
    }
    if (event.type === 'welcome') {
      if (!protocolVersionsSupported.includes(event.version)) {
        const supported = protocolVersionsSupported.join(', ')
        throw new HoldfastError('VERSION_UNSUPPORTED', { version: event.version, supported })
      }
      this.#heartbeat.intervalMs = event.heartbeatMs
      this.#state = 'open'
    }
    events.push(event)
    return true
  }

  #fail(error: HoldfastError, events: ClientEvent[]): void {
    this.#state = 'closed'
    events.push({ type: 'closed', error: error.toWire() })
  }
}
