// Both loopback addresses at one port, and what there is where one is missing or taken.
import { connect, createServer, type Server, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { bind } from '../../src/listeners/bind.ts'
import { firstHost, listenBeside, relayTo, toldAddress } from '../../src/listeners/loopback.ts'
import { needsSix } from './six.ts'

async function listen(t: Test, server: Server, host: string): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  t.teardown(() => server.close())
  const bound = server.address()
  return typeof bound === 'object' ? (bound?.port ?? 0) : 0
}

/** What a server at 127.0.0.1 says on `socket` names who accepted it, and at which address. */
function naming(): Server {
  const server = createServer({ allowHalfOpen: true }, (socket: Socket) => {
    const isOwn = Reflect.get(socket, 'server') === server
    socket.end(`${isOwn} ${socket.localAddress}`)
  })
  return server
}

function said(host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const socket = connect({ host, port })
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(text))
  })
}

t.test('what connects to ::1 is as if it had come to the first address', needsSix, async (t) => {
  const server = naming()
  const port = await listen(t, server, firstHost('localhost'))
  const beside = await listenBeside(server, { host: 'localhost', port }, {})
  t.equal(await said('127.0.0.1', port), 'true 127.0.0.1')
  t.equal(await said('::1', port), 'true ::1')
  beside?.close()
  await t.rejects(said('::1', port), { code: 'ECONNREFUSED' })
})

t.test('only the name stands for two addresses', async (t) => {
  const server = naming()
  for (const host of ['127.0.0.1', '::1', 'example.com']) {
    t.equal(firstHost(host), host)
    t.equal(await listenBeside(server, { host, port: 1 }, {}), null)
  }
})

t.test('an address that this machine does not have is done without', async (t) => {
  const server = naming()
  const port = await listen(t, server, '127.0.0.1')
  t.equal(await relayTo(server, { host: '2001:db8::1', port }, {}), null)
  t.equal(await said('127.0.0.1', port), 'true 127.0.0.1')
})

t.test('a port that is taken at ::1 only is told by that address', needsSix, async (t) => {
  const port = await listen(t, createServer(), '::1')
  const listening = (): Promise<unknown> => listenBeside(naming(), { host: 'localhost', port }, {})
  await t.rejects(bind('amqp', `localhost:${port}`, listening), {
    code: 'CONFIGURATION_INVALID',
    message: new RegExp(`\\[::1\\]:${port} is in use by another process.*--amqp`)
  })
})

t.test('others are told an address for the name, and with TLS the name', async (t) => {
  t.equal(toldAddress({ host: 'localhost', port: 1 }, false), '127.0.0.1:1')
  t.equal(toldAddress({ host: 'localhost', port: 1 }, true), 'localhost:1')
  t.equal(toldAddress({ host: '::1', port: 1 }, false), '[::1]:1')
})
