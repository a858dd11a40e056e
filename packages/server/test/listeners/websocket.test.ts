// Real WebSockets, good and bad, against the WebSocket listener.
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import type { Input } from '@holdfast/cluster'
import { protocolLimits } from '@holdfast/protocol'
import t from 'tap'
import { WebSocket } from 'ws'
import { ClientSockets } from '../../src/client-sockets.ts'
import { WebSocketListener } from '../../src/listeners/websocket.ts'
import { FakeLog, until } from '../fakes.ts'

interface Scene {
  readonly port: number
  readonly inputs: Input[]
  readonly sockets: ClientSockets
  /** The server's ends, in order. */
  readonly accepted: readonly Socket[]
}

async function setUp(t: { teardown(end: () => void): void }, connectionsMax = 10): Promise<Scene> {
  const inputs: Input[] = []
  const accepted: Socket[] = []
  const sockets = new ClientSockets({
    input: (input) => inputs.push(input),
    log: new FakeLog().log,
    connectionsMax,
    bufferBytesMax: 64 * 1024 * 1024,
    totalBufferBytesMax: 64 * 1024 * 1024
  })
  const http = createServer().on('connection', (socket) => accepted.push(socket))
  const listener = new WebSocketListener(http, sockets, undefined, () => 'ann')
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    listener.close()
    sockets.destroyAll()
    http.close()
    http.closeAllConnections()
  })
  const address = http.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  return { port, inputs, sockets, accepted }
}

/** Status and body of a refused upgrade; 101 if it was accepted. */
function upgrade(
  port: number,
  headers: Readonly<Record<string, string>>,
  path = '/v1/connect'
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const call = request({
      host: '127.0.0.1',
      port,
      path,
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
        ...headers
      }
    })
    call.on('upgrade', (_, socket) => {
      socket.destroy()
      resolve({ status: 101, body: '' })
    })
    call.on('response', (response) => {
      let body = ''
      response.on('data', (chunk) => {
        body += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
    })
    call.on('error', reject)
    call.end()
  })
}

t.test('binary messages are pieces of the byte stream, both ways', async (t) => {
  const { port, inputs, sockets } = await setUp(t)
  const client = new WebSocket(`ws://127.0.0.1:${port}/v1/connect`)
  const received: Buffer[] = []
  client.on('message', (message: Buffer) => received.push(message))
  await new Promise((resolve) => client.once('open', resolve))
  const largest = Buffer.alloc(protocolLimits.webSocketMessageBytesMax, 'l')
  client.send(largest)
  await until(() => inputs.length === 2)
  t.match(inputs.pop(), { type: 'client-bytes', connection: 1, bytes: largest })
  client.send(Buffer.from('hello'))
  await until(() => inputs.length === 2)
  t.match(inputs[1], { type: 'client-bytes', connection: 1, bytes: Buffer.from('hello') })
  sockets.send(1, [Buffer.from('a'), Buffer.alloc(500_000, 'b')])
  sockets.close(1)
  await new Promise((resolve) => client.once('close', resolve))
  t.equal(Buffer.concat(received).length, 500_001)
  await until(() => inputs.at(-1)?.type === 'client-down')
  t.ok(inputs.some(({ type }) => type === 'client-drained'))
})

t.test('AMQP has a path of its own, and a name that clients may insist on', async (t) => {
  const { port, inputs } = await setUp(t)
  for (const names of [[], ['amqp']]) {
    const client = new WebSocket(`ws://127.0.0.1:${port}/amqp`, names)
    await new Promise((resolve) => client.once('open', resolve))
    t.equal(client.protocol, names[0] ?? '')
    await until(() => inputs.at(-1)?.type === 'client-up')
    t.match(inputs.at(-1), { type: 'client-up', protocol: 'amqp', certificateName: 'ann' })
    client.close()
    await until(() => inputs.at(-1)?.type === 'client-down')
  }
})

t.test('a text message ends the connection', async (t) => {
  const { port, inputs } = await setUp(t)
  const client = new WebSocket(`ws://127.0.0.1:${port}/v1/connect`)
  await new Promise((resolve) => client.once('open', resolve))
  client.send('text')
  const code = await new Promise((resolve) => client.once('close', resolve))
  t.equal(code, 1003)
  await until(() => inputs.at(-1)?.type === 'client-down')
  t.notOk(inputs.some(({ type }) => type === 'client-bytes'))
})

t.test('foreign pages and foreign names are refused, loopback ones are not', async (t) => {
  const { port } = await setUp(t)
  const refused = [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: 'http://127.0.0.1.evil.example' },
    { origin: 'http://localhost@evil.example' },
    { host: 'evil.example' },
    { host: 'localhost.evil.example:80' }
  ]
  for (const headers of refused) {
    const { status, body } = await upgrade(port, headers)
    t.equal(status, 403, JSON.stringify(headers))
    t.match(JSON.parse(body), { code: 'ORIGIN_REFUSED' })
  }
  const accepted = [
    {},
    { origin: 'http://localhost:8080' },
    { origin: 'http://127.0.0.1:3000', host: 'localhost:1' },
    { origin: 'https://[::1]:1', host: '[::1]:7680' }
  ]
  for (const headers of accepted) {
    t.equal((await upgrade(port, headers)).status, 101, JSON.stringify(headers))
  }
})

t.test('another path, a wrong version, and a full node are refused', async (t) => {
  const { port } = await setUp(t, 1)
  t.match(await upgrade(port, {}, '/v1/other'), { status: 404, body: /ROUTE_NOT_FOUND/ })
  t.match(await upgrade(port, { 'sec-websocket-version': '7' }), { status: 400 })
  const client = new WebSocket(`ws://127.0.0.1:${port}/v1/connect`)
  await new Promise((resolve) => client.once('open', resolve))
  t.match(await upgrade(port, {}), { status: 503, body: /TOO_MANY_CONNECTIONS/ })
  client.terminate()
})

const upgradeOf = (path: string): string =>
  `GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade\r\nupgrade: websocket\r\n` +
  'sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n'

t.test('a refused upgrade is closed, whatever its client does', async (t) => {
  const { port, accepted } = await setUp(t)
  const refused = async (): Promise<Socket> => {
    const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
    socket.on('error', () => socket.destroy())
    socket.write(upgradeOf('/v1/other'))
    t.match(`${(await once(socket, 'data'))[0]}`, /^HTTP.1.1 404 /)
    return socket
  }
  const leaving = await refused()
  const staying = await refused()
  leaving.end('more')
  await until(() => accepted[0]?.destroyed === true)
  staying.write('more')
  await until(() => accepted[1]?.destroyed === true)
  staying.destroy()
})

/** A client frame of this opcode, unfinished unless `isLast`, with the key 0. */
function clientFrame(opcode: number, isLast: boolean, payload: Uint8Array): Buffer {
  const header = Buffer.from([(isLast ? 0x80 : 0) | opcode, 0x80 | payload.length, 0, 0, 0, 0])
  return Buffer.concat([header, payload])
}

t.test('a memory bomb of tiny fragments ends the connection', async (t) => {
  const { port, inputs } = await setUp(t)
  const socket = connect({ host: '127.0.0.1', port })
  socket.on('error', () => socket.destroy())
  socket.write(upgradeOf('/v1/connect'))
  await until(() => inputs.length === 1)
  const fragments = [clientFrame(2, false, Buffer.from('a'))]
  for (let number = 0; number < 64; number++)
    fragments.push(clientFrame(0, false, Buffer.from('a')))
  socket.write(Buffer.concat(fragments))
  await until(() => inputs.at(-1)?.type === 'client-down')
  t.notOk(inputs.some(({ type }) => type === 'client-bytes'))
})

t.test('a message beyond the bound ends the connection before it is read', async (t) => {
  const { port, inputs } = await setUp(t)
  const client = new WebSocket(`ws://127.0.0.1:${port}/v1/connect`)
  client.on('error', () => undefined)
  await new Promise((resolve) => client.once('open', resolve))
  client.send(Buffer.alloc(protocolLimits.webSocketMessageBytesMax + 1))
  const code = await new Promise((resolve) => client.once('close', resolve))
  t.ok(code === 1009 || code === 1006, String(code))
  t.notOk(inputs.some(({ type }) => type === 'client-bytes'))
})
