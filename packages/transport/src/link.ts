// One established connection between two members, in one lane. Order on a link has no holes: it
// delivers every frame, or it ends. What is sent is queued until `flush`, which hands the socket
// one vector of buffers per turn; bodies are never copied, small pieces are joined.
import type { Socket } from 'node:net'
import type { Lane, PeerHello } from '@holdfast/cluster'
import { assert, HoldfastError } from '@holdfast/errors'
import { FrameReader, frameHeader, heartbeatFrame } from './frame-reader.ts'
import { joinSmallPieces } from './join-small-pieces.ts'
import { type TransportTiming, transportLimits } from './limits.ts'

export interface LinkIdentity {
  /** Unique per process. */
  readonly id: number
  readonly lane: Lane
  /** `out`: this node dialled, and sends here; `in`: the peer dialled, and its frames come here. */
  readonly direction: 'in' | 'out'
  readonly hello: PeerHello
  readonly address: string
}

export interface LinkEvents {
  frame(link: Link, bytes: Uint8Array): void
  /** Once, when the link has ended. `reason` is for people. */
  down(link: Link, reason: string): void
}

export class Link {
  readonly identity: LinkIdentity
  readonly #socket: Socket
  readonly #events: LinkEvents
  readonly #reader = new FrameReader()
  #queue: Uint8Array[] = []
  #queuedBytes = 0
  #isUp = true
  #hasSent = true
  #hasHeard = true
  #idleChecks = 0
  #silentChecks = 0

  /** Takes over a socket that its handshake left paused. */
  constructor(socket: Socket, identity: LinkIdentity, events: LinkEvents) {
    this.identity = identity
    this.#socket = socket
    this.#events = events
    socket.on('error', (error) => this.close(error.message))
    socket.on('end', () => this.close('the other side closed it'))
    socket.on('close', () => this.close('the connection broke'))
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    if (socket.destroyed) queueMicrotask(() => this.close('the connection broke'))
    else socket.resume()
  }

  get isUp(): boolean {
    return this.#isUp
  }

  /** Bytes that the other side has not taken yet. */
  get unsentBytes(): number {
    return this.#queuedBytes + this.#socket.writableLength
  }

  /** Queues one frame. Closes the link instead when too much waits already. */
  send(chunks: readonly Uint8Array[]): void {
    if (!this.#isUp) return
    const { header, length } = frameHeader(chunks)
    assert(
      length > 0 && length <= transportLimits.frameBytesMax,
      'a peer frame is within its bound'
    )
    if (this.unsentBytes + length > transportLimits.unsentBytesMax) {
      this.close(`more than ${transportLimits.unsentBytesMax} bytes wait for the other side`)
      return
    }
    this.#queue.push(header)
    for (const chunk of chunks) this.#queue.push(chunk)
    this.#queuedBytes += header.length + length
  }

  /** Hands to the socket what was queued since the last flush. */
  flush(): void {
    if (this.#queue.length === 0 || !this.#isUp) return
    const pieces = joinSmallPieces(this.#queue)
    this.#queue = []
    this.#queuedBytes = 0
    this.#hasSent = true
    if (pieces.length > 1) this.#socket.cork()
    for (const piece of pieces) this.#socket.write(piece)
    if (pieces.length > 1) this.#socket.uncork()
  }

  /** Called at intervals: keeps an idle link alive, ends a half-open one. */
  check(timing: TransportTiming): void {
    if (!this.#isUp) return
    this.#silentChecks = this.#hasHeard ? 0 : this.#silentChecks + 1
    this.#idleChecks = this.#hasSent ? 0 : this.#idleChecks + 1
    this.#hasHeard = false
    this.#hasSent = false
    if (this.#silentChecks >= timing.silentChecks) {
      this.close(`nothing was heard for ${timing.silentChecks * timing.checkIntervalMs} ms`)
    } else if (this.#idleChecks >= timing.idleChecks) {
      this.#queue.push(heartbeatFrame)
      this.#queuedBytes += heartbeatFrame.length
      this.flush()
    }
  }

  /** Ends the link at once; what is unsent is dropped. Reported by `down`, once. */
  close(reason: string): void {
    if (!this.#isUp) return
    this.#isUp = false
    this.#queue = []
    this.#queuedBytes = 0
    this.#socket.destroy()
    this.#events.down(this, reason)
  }

  #receive(chunk: Buffer): void {
    if (!this.#isUp) return
    this.#hasHeard = true
    try {
      this.#reader.push(chunk, (bytes) => {
        if (this.#isUp) this.#events.frame(this, bytes)
      })
    } catch (error) {
      this.close(HoldfastError.from(error).message)
    }
  }
}
