// A WebSocket by hand (RFC 6455): it can send what no library would: unfinished fragments without
// end, frames without a mask, lengths that lie, reserved bits.
import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { protocolLimits } from '@holdfast/protocol'

const binary = 0x2
const final = 0x80

/** One client frame. `first` is its first byte: flags and opcode. */
export function webSocketFrame(first: number, payload: Uint8Array): Buffer {
  const { length } = payload
  const size = length < 126 ? 2 : length < 0x10000 ? 4 : 10
  const header = Buffer.alloc(size + 4)
  header[0] = first
  if (size === 2) header[1] = 0x80 | length
  else if (size === 4) {
    header[1] = 0x80 | 126
    header.writeUInt16BE(length, 2)
  } else {
    header[1] = 0x80 | 127
    header.writeBigUInt64BE(BigInt(length), 2)
  }
  // A mask of zeros is a mask, and leaves the payload as it is.
  return Buffer.concat([header, payload])
}

export class RawWebSocket {
  readonly socket: Socket
  readonly #received: (bytes: Buffer) => void
  #bytes: Buffer = Buffer.alloc(0)
  #isOpen = false
  readonly #early: Uint8Array[] = []
  /** Code of the close frame that the server sent; null: none. */
  closeCode: number | null = null

  constructor(
    address: string,
    received: (bytes: Buffer) => void,
    closed: () => void,
    headers: Readonly<Record<string, string>> = {}
  ) {
    this.#received = received
    const [host = '', port = ''] = address.split(':')
    this.socket = connect(Number(port), host)
    const all = {
      host: address,
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': randomBytes(16).toString('base64'),
      ...headers
    }
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`)
    this.socket.write(`GET /v1/connect HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)
    this.socket.on('data', (chunk: Buffer) => this.#data(chunk))
    this.socket.on('error', () => this.socket.destroy())
    this.socket.on('end', () => this.socket.destroy())
    this.socket.on('close', closed)
  }

  /** One binary message, or as many as there must be. */
  write(payload: Uint8Array): void {
    const { webSocketMessageBytesMax: most } = protocolLimits
    for (let at = 0; at === 0 || at < payload.length; at += most) {
      this.raw(webSocketFrame(final | binary, payload.subarray(at, at + most)))
    }
  }

  /** Any bytes, once the upgrade is through. */
  raw(bytes: Uint8Array): void {
    if (this.#isOpen) this.socket.write(bytes)
    else this.#early.push(bytes)
  }

  pause(): void {
    this.socket.pause()
  }

  destroy(): void {
    this.socket.destroy()
  }

  #data(chunk: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk])
    if (!this.#isOpen) {
      const end = this.#bytes.indexOf('\r\n\r\n')
      if (end < 0) return
      this.#bytes = this.#bytes.subarray(end + 4)
      this.#isOpen = true
      for (const bytes of this.#early.splice(0)) this.socket.write(bytes)
    }
    while (this.#frame()) {}
  }

  #frame(): boolean {
    const bytes = this.#bytes
    if (bytes.length < 2) return false
    const short = (bytes[1] ?? 0) & 0x7f
    const start = short < 126 ? 2 : short === 126 ? 4 : 10
    if (bytes.length < start) return false
    const length =
      short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2))
    if (bytes.length < start + length) return false
    const payload = bytes.subarray(start, start + length)
    this.#bytes = bytes.subarray(start + length)
    const opcode = (bytes[0] ?? 0) & 0x0f
    if (opcode === binary) this.#received(payload)
    else if (opcode === 0x8) {
      this.closeCode = length >= 2 ? payload.readUInt16BE(0) : 1005
      this.raw(webSocketFrame(final | 0x8, payload))
    }
    return true
  }
}
