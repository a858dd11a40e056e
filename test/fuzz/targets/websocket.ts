// The WebSocket listener behind an upgrade: any bytes as frames. It hands on no more than came, and
// forgets every connection.
import { type IncomingMessage, Server } from 'node:http'
import { Duplex } from 'node:stream'
import type * as clientSockets from '../../../packages/server/src/client-sockets.ts'
import type * as webSocket from '../../../packages/server/src/listeners/websocket.ts'
import { internal } from '../internal.ts'
import { joined, must, type Target } from '../target.ts'

const { ClientSockets } = await internal<typeof clientSockets>('server', 'client-sockets')
const { WebSocketListener } = await internal<typeof webSocket>('server', 'listeners/websocket')

const http = new Server()
let receivedBytes = 0
const sockets = new ClientSockets({
  input: (input) => {
    if (input.type === 'client-bytes') receivedBytes += input.bytes.length
  },
  log: () => undefined,
  connectionsMax: 10,
  bufferBytesMax: 1_000_000,
  totalBufferBytesMax: 1_000_000
})
const listener = new WebSocketListener(http, sockets)
process.once('exit', () => listener.close())

/** The socket of one request: what is pushed comes in, what is written is dropped. */
class FakeSocket extends Duplex {
  readonly remoteAddress = '127.0.0.1'
  readonly remotePort = 1
  override _read(): void {}
  override _write(_: unknown, __: BufferEncoding, taken: () => void): void {
    taken()
  }
  setTimeout(): this {
    return this
  }
  setNoDelay(): this {
    return this
  }
}

const headers = {
  host: '127.0.0.1',
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA=='
}

/** `input := cut:u8 frames` */
async function run(input: Uint8Array): Promise<void> {
  const socket = new FakeSocket()
  const request = { url: '/v1/connect', method: 'GET', headers, socket }
  receivedBytes = 0
  const closed = new Promise((resolve) => socket.once('close', resolve))
  const size = (input[0] ?? 0) + 1
  http.emit('upgrade', request as unknown as IncomingMessage, socket, Buffer.alloc(0))
  must(sockets.count === 1, 'the upgrade is taken')
  for (let at = 1; at < input.length; at += size) {
    if (!socket.readableEnded && !socket.destroyed) socket.push(input.subarray(at, at + size))
  }
  if (!socket.destroyed) socket.push(null)
  const ending = setImmediate(() => socket.destroy())
  await closed
  clearImmediate(ending)
  while (sockets.count > 0) await new Promise((resolve) => setImmediate(resolve))
  must(receivedBytes <= input.length, 'no more is handed on than came')
}

/** A frame of a client, its mask zero. */
function frame(first: number, payload: Uint8Array): Uint8Array {
  return joined(first, 0x80 | payload.length, 0, 0, 0, 0, payload)
}

const data = Buffer.from('data')

export const target: Target = {
  bytesMax: 1024,
  seeds: [
    joined(255, frame(0x82, data), frame(0x82, data)),
    joined(3, frame(0x02, data), frame(0x00, data), frame(0x80, data)),
    joined(255, frame(0x89, data), frame(0x8a, data), frame(0x81, data)),
    joined(255, frame(0x88, Uint8Array.of(3, 232))),
    joined(9, 0x82, 0xfe, 1, 0, 0, 0, 0, 0, new Uint8Array(256)),
    joined(9, 0x82, 0xff, 0, 0, 0, 0, 0, 0, 0, 4, 1, 2, 3, 4, data)
  ],
  run
}
