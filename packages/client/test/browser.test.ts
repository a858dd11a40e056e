// The entry for browsers: nothing of Node behind it, the same names as the entry for Node, and
// frames over a WebSocket. (Node 20 has no WebSocket of its own, so the one of `ws` stands in for
// it.)
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as node from '@holdfast/client'
import { ServerConnection } from '@holdfast/protocol'
import t from 'tap'
import { type WebSocket, WebSocketServer } from 'ws'

const root = dirname(fileURLToPath(import.meta.resolve('@holdfast/client/package.json')))

/** Every specifier that a module and those behind it import, by following relative ones. */
function importsOf(file: string, seen: Set<string> = new Set()): Set<string> {
  const found = new Set<string>()
  if (seen.has(file)) return found
  seen.add(file)
  for (const [, specifier = ''] of readFileSync(file, 'utf8').matchAll(/from '([^']+)'/g)) {
    if (!specifier.startsWith('.')) found.add(specifier)
    else for (const inner of importsOf(join(dirname(file), specifier), seen)) found.add(inner)
  }
  return found
}

t.test('the entry for browsers reaches no module of Node', async (t) => {
  const holdfast = /^@holdfast\/(errors|protocol|record)$/
  const own = importsOf(join(root, 'dist/src/browser.js'))
  t.strictSame(
    [...own].filter((specifier) => !holdfast.test(specifier)),
    []
  )
  for (const name of ['errors', 'protocol', 'record']) {
    const entry = fileURLToPath(import.meta.resolve(`@holdfast/${name}`))
    const outside = [...importsOf(entry)].filter((specifier) => !holdfast.test(specifier))
    t.strictSame(
      outside.filter((specifier) => specifier !== 'msgpackr'),
      [],
      name
    )
  }
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  t.equal(manifest.exports['.'].browser.default, './dist/src/browser.js')
})

t.test('both entries export the same names', async (t) => {
  const browser: object = await import(join(root, 'dist/src/browser.js'))
  t.strictSame(Object.keys(browser).sort(), Object.keys(node).sort())
})

t.test('an address that a browser does not connect to is refused with its reason', async (t) => {
  const { connect }: typeof node = await import(join(root, 'dist/src/browser.js'))
  class PickyWebSocket {
    constructor() {
      throw new Error('an insecure connection from a page loaded over HTTPS')
    }
  }
  t.intercept(globalThis, 'WebSocket', { value: PickyWebSocket, configurable: true })
  const options = { connectTimeoutMs: 1 }
  await t.rejects(connect(['ws://h:1/v1/connect'], options), {
    code: 'OPTION_INVALID',
    message: /ws:\/\/h:1\/v1\/connect: an insecure connection/
  })
  await t.rejects(connect(['ws://h:1/v1/connect', 'h:2'], options), {
    code: 'OPTION_INVALID',
    message: /a browser reaches nodes at/
  })
})

/** Confirms everything that is published. */
function serve(socket: WebSocket, http: string): void {
  const connection = new ServerConnection({ nowMs: 0 })
  socket.on('message', (data: Buffer) => {
    for (const event of connection.receive(data, 0)) {
      if (event.type === 'hello') {
        connection.welcome({ clusterId: 'c', node: 1, nodes: [{ id: 1, client: '', http }] })
      } else if (event.type === 'publish') {
        connection.confirm(event.firstSequence, event.firstSequence + event.count - 1)
      } else if (event.type === 'request') connection.respond(event.requestId, { name: 'q' })
    }
    for (const chunk of connection.flush()) socket.send(chunk)
  })
}

t.test('a connection over WebSocket publishes and reconnects', async (t) => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', path: '/v1/connect' })
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  server.on('connection', (socket) => serve(socket, `127.0.0.1:${port}`))
  t.teardown(() => server.close())
  const connection = await node.connect([`ws://127.0.0.1:${port}/v1/connect`])
  const bodies = Array.from({ length: 1_000 }, (_, i) => `message ${i}`)
  await Promise.all(bodies.map((body) => connection.publish('', 'q', body)))
  await connection.publish('', 'q', new Uint8Array(100_000))
  for (const client of server.clients) client.terminate()
  await connection.publish('', 'q', 'after')
  t.same(await connection.declareQueue('q'), { name: 'q' })
  await connection.close()
  t.notOk(connection.isConnected)
})
