// A socket during its handshake: whole messages behind a u32 length, bounded, under one deadline.
// When the handshake is over, the socket is handed on with nothing lost.
import type { Socket } from 'node:net'
import { HoldfastError } from '@holdfast/errors'
import { transportLimits } from './limits.ts'
import { isClientHello } from './tls-gate.ts'

const lengthBytes = 4

const closedEarly = (): HoldfastError =>
  new HoldfastError('CONNECTION_CLOSED', { reason: 'the other side closed during the handshake' })

/** A message as it travels, behind its length. */
export function framed(message: Uint8Array): Buffer {
  const length = Buffer.alloc(lengthBytes)
  length.writeUInt32BE(message.length)
  return Buffer.concat([length, message])
}

export class HandshakeChannel {
  readonly socket: Socket
  #bytes = Buffer.alloc(0)
  #failure: Error | null = null
  #wanted: { resolve: (bytes: Buffer) => void; reject: (error: Error) => void } | null = null
  readonly #deadline: NodeJS.Timeout

  readonly #onData = (chunk: Buffer): void => {
    if (this.#bytes.length + chunk.length > 2 * transportLimits.handshakeBytesMax) {
      const size = this.#bytes.length + chunk.length
      this.#fail(
        new HoldfastError('FRAME_TOO_LARGE', { size, limit: transportLimits.handshakeBytesMax })
      )
      return
    }
    this.#bytes = Buffer.concat([this.#bytes, chunk])
    this.#serve()
  }
  readonly #onEnd = (): void => this.#fail(closedEarly())
  readonly #onError = (error: Error): void => this.#fail(error)

  /** `socket` is connected. After `timeoutMs` it is destroyed, wherever the handshake stands. */
  constructor(socket: Socket, timeoutMs: number) {
    this.socket = socket
    socket.setNoDelay(true)
    socket.on('data', this.#onData)
    socket.on('end', this.#onEnd)
    socket.on('close', this.#onEnd)
    socket.on('error', this.#onError)
    this.#deadline = setTimeout(() => {
      this.#fail(new HoldfastError('HANDSHAKE_TIMEOUT', { limitMs: timeoutMs }))
    }, timeoutMs)
    if (socket.destroyed) this.#fail(closedEarly())
  }

  send(message: Uint8Array): void {
    this.socket.write(framed(message))
  }

  /** The next message. @throws FRAME_TOO_LARGE, HANDSHAKE_TIMEOUT, CONNECTION_CLOSED */
  receive(): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#wanted = { resolve, reject }
      this.#serve()
    })
  }

  /** Ends the handshake: what arrived after it is put back, and the caller owns the socket. */
  release(): Socket {
    this.#detach()
    // Until the next owner listens, an error must not be without a listener; 'destroyed' tells of
    // it.
    this.socket.on('error', () => this.socket.destroy())
    this.socket.pause()
    if (this.#bytes.length > 0) this.socket.unshift(this.#bytes)
    return this.socket
  }

  /** Ends the handshake without success, after what was sent has left. */
  end(): void {
    clearTimeout(this.#deadline)
    this.socket.end()
    // Whoever never reads its refusal does not keep the socket.
    const timer = setTimeout(() => this.socket.destroy(), 1000)
    timer.unref()
    this.socket.once('close', () => clearTimeout(timer))
  }

  destroy(): void {
    clearTimeout(this.#deadline)
    this.socket.destroy()
  }

  #detach(): void {
    clearTimeout(this.#deadline)
    this.socket.off('data', this.#onData)
    this.socket.off('end', this.#onEnd)
    this.socket.off('close', this.#onEnd)
    this.socket.off('error', this.#onError)
  }

  #fail(error: Error): void {
    this.#failure ??= error
    this.destroy()
    this.#serve()
  }

  #serve(): void {
    const wanted = this.#wanted
    if (wanted === null) return
    if (this.#bytes.length >= lengthBytes) {
      const length = this.#bytes.readUInt32BE(0)
      if (length > transportLimits.handshakeBytesMax) {
        const limit = transportLimits.handshakeBytesMax
        this.#failure ??= isClientHello(this.#bytes)
          ? new HoldfastError('TLS_UNEXPECTED', {})
          : new HoldfastError('FRAME_TOO_LARGE', { size: length, limit })
        this.destroy()
      } else if (this.#bytes.length >= lengthBytes + length) {
        this.#wanted = null
        const message = this.#bytes.subarray(lengthBytes, lengthBytes + length)
        this.#bytes = this.#bytes.subarray(lengthBytes + length)
        wanted.resolve(message)
        return
      }
    }
    if (this.#failure !== null) {
      this.#wanted = null
      wanted.reject(this.#failure)
    }
  }
}
