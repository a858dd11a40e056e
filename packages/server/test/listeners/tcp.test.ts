// Real sockets against the TCP listener.
import { connect } from 'node:net'
import type { Input } from '@holdfast/cluster'
import t from 'tap'
import { ClientSockets } from '../../src/client-sockets.ts'
import { bind } from '../../src/listeners/bind.ts'
import { TcpListener } from '../../src/listeners/tcp.ts'
import { FakeLog, until } from '../fakes.ts'
import { needsSix } from './six.ts'

async function setUp(
  t: { teardown(end: () => void): void },
  connectionsMax = 10,
  host = '127.0.0.1'
): Promise<{ port: number; inputs: Input[]; sockets: ClientSockets; refusals: string[] }> {
  const inputs: Input[] = []
  const sockets = new ClientSockets({
    input: (input) => inputs.push(input),
    log: new FakeLog().log,
    connectionsMax,
    bufferBytesMax: 64 * 1024 * 1024,
    totalBufferBytesMax: 64 * 1024 * 1024
  })
  const refusals: string[] = []
  const security = {
    secure: null,
    refused: (_: string, { code }: { readonly code: string }) => refusals.push(code),
    certificateNameOf: () => 'ann'
  }
  const listener = new TcpListener({
    sockets,
    protocol: 'native',
    refusal: () => Buffer.from('full'),
    security
  })
  const address = await listener.listen({ host, port: 0 })
  t.teardown(() => {
    listener.close()
    sockets.destroyAll()
  })
  return { port: Number(address.split(':')[1]), inputs, sockets, refusals }
}

function dial(
  port: number,
  host = '127.0.0.1'
): {
  text: () => string
  closed: () => boolean
  socket: ReturnType<typeof connect>
} {
  const socket = connect({ host, port })
  let text = ''
  let isClosed = false
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1')
  })
  socket.on('error', () => socket.destroy())
  socket.on('close', () => {
    isClosed = true
  })
  return { socket, text: () => text, closed: () => isClosed }
}

t.test('bytes go both ways, and a close waits for what was sent', async (t) => {
  const { port, inputs, sockets } = await setUp(t)
  const client = dial(port)
  client.socket.write('hello')
  await until(() => inputs.length === 2)
  t.match(inputs[0], {
    type: 'client-up',
    connection: 1,
    protocol: 'native',
    certificateName: 'ann',
    remote: /^127\.0\.0\.1:\d+$/
  })
  t.match(inputs[1], { type: 'client-bytes', connection: 1, bytes: Buffer.from('hello') })
  sockets.send(1, [Buffer.from('a'), Buffer.alloc(1_000_000, 'b'), Buffer.from('c')])
  sockets.close(1)
  await until(client.closed)
  t.equal(client.text().length, 1_000_002)
  t.match(client.text(), /^ab+c$/)
  await until(() => inputs.at(-1)?.type === 'client-down')
})

t.test('at localhost a client of ::1 is one like any other', needsSix, async (t) => {
  const { port, inputs, sockets } = await setUp(t, 2, 'localhost')
  const client = dial(port, '::1')
  client.socket.write('hello')
  await until(() => inputs.length === 2)
  t.match(inputs[0], { type: 'client-up', connection: 1, remote: /^\[::1\]:\d+$/ })
  const other = dial(port)
  await until(() => inputs.length === 3)
  t.match(inputs[2], { type: 'client-up', connection: 2, remote: /^127\.0\.0\.1:\d+$/ })
  const third = dial(port, '::1')
  await until(third.closed)
  t.equal(third.text(), 'full', 'both addresses have one limit')
  for (const connection of [1, 2]) sockets.close(connection)
  await until(() => client.closed() && other.closed())
})

t.test('a large transfer reports that it has drained', async (t) => {
  const { port, inputs, sockets } = await setUp(t)
  const client = dial(port)
  await until(() => inputs.length === 1)
  sockets.send(1, [Buffer.alloc(2_000_000)])
  sockets.flush()
  await until(() => inputs.some(({ type }) => type === 'client-drained'))
  t.same(inputs.at(-1), { type: 'client-drained', connection: 1, bytes: 0 })
  client.socket.destroy()
  await until(() => inputs.at(-1)?.type === 'client-down')
})

t.test('one connection too many is told so, and does not count', async (t) => {
  const { port, inputs } = await setUp(t, 1)
  const first = dial(port)
  await until(() => inputs.length === 1)
  const second = dial(port)
  await until(second.closed)
  t.equal(second.text(), 'full')
  t.equal(inputs.length, 1)
  first.socket.destroy()
})

t.test('a port in use is told by address, with what to do', async (t) => {
  const { port } = await setUp(t)
  const sockets = (await setUp(t)).sockets
  const security = { secure: null, refused: () => undefined, certificateNameOf: () => null }
  const refusal = (): Uint8Array => Buffer.alloc(0)
  const other = new TcpListener({ sockets, protocol: 'native', refusal, security })
  const address = `127.0.0.1:${port}`
  await t.rejects(
    bind('client', address, () => other.listen({ host: '127.0.0.1', port })),
    { code: 'CONFIGURATION_INVALID', message: /in use by another process.*--client/ }
  )
})

t.test('a client that begins TLS at a plain port is told of in the log, and closed', async (t) => {
  const { port, inputs, refusals } = await setUp(t)
  const client = dial(port)
  client.socket.write(Uint8Array.of(0x16, 3, 1, 2, 0))
  await until(client.closed)
  t.same(refusals, ['TLS_UNEXPECTED'])
  await until(() => inputs.at(-1)?.type === 'client-down')
})
