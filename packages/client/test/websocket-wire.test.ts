// What the wire makes of what it is given to send, and of addresses and nodes that do not take it.
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from '@holdfast/client'
import { protocolLimits, ServerConnection } from '@holdfast/protocol'
import { eventually } from '@holdfast/testkit'
import t from 'tap'
import { type WebSocket, WebSocketServer } from 'ws'
import { type WebSocketLike, webSocketWire } from '../src/websocket-wire.ts'

t.test('a large chunk goes out in messages that a node takes, in order', async (t) => {
  const sent: Uint8Array[] = []
  const socket: WebSocketLike = {
    ...{ binaryType: '', readyState: 1, onopen: null, onmessage: null, onclose: null },
    onerror: null,
    send: (data) => sent.push(data),
    close: () => undefined
  }
  const handlers = {
    opened: () => undefined,
    received: () => undefined,
    closed: () => undefined
  }
  const { webSocketMessageBytesMax: most } = protocolLimits
  const wire = webSocketWire(socket, handlers)
  const large = Buffer.from(Uint8Array.from({ length: 2 * most + 5 }, (_, at) => at % 251))
  wire.send([Buffer.from('before'), large, Buffer.from('behind')])
  t.ok(
    Buffer.concat(sent).equals(Buffer.concat([Buffer.from('before'), large, Buffer.from('behind')]))
  )
  t.same(
    sent.map(({ length }) => length),
    [6, most, most, 5, 6]
  )
  sent.length = 0
  wire.send([large.subarray(0, most)])
  t.equal(sent.length, 1)
})

t.test('an address that no WebSocket takes is refused, whatever time there is', async (t) => {
  await t.rejects(connect(['ws://127.0.0.1:1/v1/connect#x'], { connectTimeoutMs: 1 }), {
    code: 'OPTION_INVALID',
    message: /#x: .*fragment/
  })
})

/** Lets a client in. */
function welcome(socket: WebSocket): void {
  const connection = new ServerConnection({ nowMs: 0 })
  socket.on('message', (data: Buffer) => {
    for (const event of connection.receive(data, 0)) {
      if (event.type === 'hello') connection.welcome({ clusterId: 'c', node: 1, nodes: [] })
    }
    for (const chunk of connection.flush()) socket.send(chunk)
  })
}

t.test('a node that stands still keeps no socket of a connection that was closed', async (t) => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  t.teardown(() => void server.close())
  server.on('connection', welcome)
  const { port } = server.address() as AddressInfo
  const accepted = once(server, 'connection') as Promise<[WebSocket, IncomingMessage]>
  const connection = await connect([`ws://127.0.0.1:${port}`])
  const [frozen, { socket }] = await accepted
  frozen.pause()
  await connection.close()
  // What is written to a socket that the other side gave up breaks it.
  const isGone = (): boolean => {
    if (!socket.destroyed) frozen.ping()
    return socket.destroyed
  }
  await eventually('the end of the socket', isGone, { timeoutMs: 15_000 })
})
