// A client that says whatever it is told to, over TCP or WebSocket: bytes out, frames in. It is
// written without the SDK, so that it may break every rule that the SDK keeps.
import { connect, type Socket } from 'node:net'
import { pack, unpack } from '@holdfast/record'
import { eventually } from '@holdfast/testkit'
import { RawWebSocket } from './raw-websocket.ts'

/** One frame of the native protocol around a msgpack value. */
export function frame(value: unknown): Buffer {
  return framed(pack(value))
}

/** One frame around any bytes. `length` may lie. */
export function framed(payload: Uint8Array, length: number = payload.length): Buffer {
  const header = Buffer.alloc(4)
  header.writeUInt32BE(length)
  return Buffer.concat([header, payload])
}

/** A hello that is accepted; `change` replaces fields of it. */
export function hello(change: Readonly<Record<string, unknown>> = {}, version = 1): Buffer {
  const producer = crypto.getRandomValues(new Uint8Array(16))
  const map = { producer, epoch: 1, name: 'hostile', vhost: '/', heartbeatMs: 60_000, ...change }
  return frame([1, version, map])
}

export type Carrier = 'tcp' | 'websocket'

interface Stream {
  write(bytes: Uint8Array): void
  pause(): void
  destroy(): void
}

export class RawClient {
  readonly frames: unknown[][] = []
  readonly #stream: Stream
  #bytes: Buffer = Buffer.alloc(0)
  isClosed = false

  private constructor(open: (client: RawClient) => Stream) {
    this.#stream = open(this)
  }

  /** `address` is `HOST:PORT` of the client port, or of the HTTP port for a WebSocket. */
  static async open(carrier: Carrier, address: string): Promise<RawClient> {
    const client = new RawClient((self) => {
      const received = (bytes: Buffer): void => self.#received(bytes)
      const closed = (): void => {
        self.isClosed = true
      }
      return carrier === 'tcp'
        ? tcpStream(address, received, closed)
        : new RawWebSocket(address, received, closed)
    })
    return client
  }

  /** Says hello and waits for the welcome. */
  async greet(change: Readonly<Record<string, unknown>> = {}): Promise<this> {
    this.write(hello(change))
    await eventually('the welcome', () => this.frames.some(([operation]) => operation === 33))
    return this
  }

  write(bytes: Uint8Array): void {
    if (!this.isClosed) this.#stream.write(bytes)
  }

  send(value: unknown): void {
    this.write(frame(value))
  }

  /** Reads nothing any more. */
  pause(): void {
    this.#stream.pause()
  }

  destroy(): void {
    this.#stream.destroy()
  }

  /** The code with which the server closed; waits until it has. */
  async closingCode(timeoutMs = 10_000): Promise<string> {
    await eventually('the end of the connection', () => this.isClosed, { timeoutMs })
    const last = this.frames.find(([operation]) => operation === 41)
    const error = last?.[1] as { code: string } | null | undefined
    return error?.code ?? 'none'
  }

  /** The error or result that answered a request. */
  async answer(requestId: number): Promise<{ code: string | null; result: unknown }> {
    const isAnswer = ([operation, id]: unknown[]): boolean => operation === 34 && id === requestId
    await eventually(`answer ${requestId}`, () => this.frames.some(isAnswer))
    const [, , error, result] = this.frames.find(isAnswer) ?? []
    return { code: (error as { code: string } | null)?.code ?? null, result }
  }

  #received(bytes: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, bytes])
    while (this.#bytes.length >= 4) {
      const end = 4 + this.#bytes.readUInt32BE(0)
      if (this.#bytes.length < end) return
      this.frames.push(unpack(this.#bytes.subarray(4, end)) as unknown[])
      this.#bytes = this.#bytes.subarray(end)
    }
  }
}

function tcpStream(address: string, received: (bytes: Buffer) => void, closed: () => void): Stream {
  const [host = '', port = ''] = address.split(':')
  const socket: Socket = connect(Number(port), host)
  socket.on('data', received)
  socket.on('error', () => socket.destroy())
  socket.on('close', closed)
  return {
    write: (bytes) => void socket.write(bytes),
    pause: () => void socket.pause(),
    destroy: () => void socket.destroy()
  }
}
