// Clients that do not break a rule of the bytes, but of manners: they never read, flood, hold on to
// connections, or say nothing. Each is cut off by a bound; the client beside them is not held up.
import { encodeRecord } from '@holdfast/record'
import { eventually, loadSdk } from '@holdfast/testkit'
import t, { type Test } from 'tap'
import { startTarget } from './healthy-client.ts'
import { type Carrier, frame, framed, RawClient } from './raw-client.ts'
import { RawWebSocket, webSocketFrame } from './raw-websocket.ts'

t.setTimeout(280_000)

const target = await startTarget(t)

async function open(carrier: Carrier = 'tcp'): Promise<RawClient> {
  const { node } = target
  return RawClient.open(carrier, carrier === 'tcp' ? node.client : node.http)
}

/** A connection of the SDK that made a queue with some large messages in it. */
async function fillQueue(queue: string, count: number): Promise<void> {
  const connection = await (await loadSdk())(target.cluster.clientAddresses())
  await connection.declareQueue(queue)
  const body = new Uint8Array(256 * 1024)
  const publishing = Array.from({ length: count }, () => connection.publish('', queue, body))
  await Promise.all(publishing)
  await connection.close()
}

async function ready(queue: string): Promise<number> {
  const found = await fetch(`http://${target.node.http}/v1/queues/%2F/${queue}`)
  return ((await found.json()) as { ready: number }).ready
}

t.test('a client that never reads its deliveries gets only so many', async (t) => {
  await fillQueue('large', 100)
  for (const carrier of ['tcp', 'websocket'] as const) {
    const client = await (await open(carrier)).greet({ heartbeatMs: 1_000 })
    client.pause()
    client.send([2, 1, 'consume', { queue: 'large', tag: 't', prefetch: 65_535 }])
    // Heard now and then, but not for ever: then it says nothing, and is given up.
    const beat = setInterval(() => client.send([6]), 300)
    await eventually('deliveries', async () => (await ready('large')) < 100)
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    t.ok((await ready('large')) > 25, `${carrier}: most of it waits in the queue`)
    clearInterval(beat)
    await eventually('its return', async () => (await ready('large')) === 100)
    client.destroy()
  }
})

t.test('thousands of requests of one client are bounded', async (t) => {
  for (const carrier of ['tcp', 'websocket'] as const) {
    const client = await (await open(carrier)).greet()
    const requests = Array.from({ length: 5_000 }, (_, position) =>
      frame([2, position + 1, 'declare-queue', { name: `flood-${position}` }])
    )
    client.write(Buffer.concat(requests))
    t.equal(await client.closingCode(), 'TOO_MANY_REQUESTS', carrier)
    const bad = await (await open(carrier)).greet()
    bad.pause()
    const wrong = Buffer.concat(Array.from({ length: 20_000 }, () => frame([2, 9, 'odd', {}])))
    for (let round = 0; round < 10; round++) bad.write(wrong)
    await new Promise((resolve) => setTimeout(resolve, 500))
    bad.destroy()
  }
})

t.test(
  'publishes beyond the credit cost the connection, and what came before counts',
  async (t) => {
    const clients = await Promise.all(
      Array.from({ length: 20 }, async (_, place) => {
        const client = await open(place % 2 === 0 ? 'tcp' : 'websocket')
        return client.greet()
      })
    )
    const connection = await (await loadSdk())(target.cluster.clientAddresses())
    await connection.declareQueue('within-credit')
    const within = encodeRecord(null, new Uint8Array(100_000))
    // More than is ever lent without being asked for: small ones could be paid back on the way.
    const beyond = encodeRecord(null, new Uint8Array(1_000_000))
    for (const client of clients) {
      client.send([3, '', 'within-credit', 2, 1, 1, 1, within])
      client.send([3, '', 'within-credit', 0, 2, 1, 1, beyond])
    }
    for (const client of clients) t.equal(await client.closingCode(), 'CREDIT_EXCEEDED')
    const isThere = async (): Promise<boolean> => (await ready('within-credit')) === clients.length
    await eventually('what came before is there', isThere)
    await connection.close()
  }
)

t.test('large frames that never end hold no memory worth the name', async () => {
  const clients: RawClient[] = []
  for (let place = 0; place < 50; place++) {
    const client = await (await open(place % 2 === 0 ? 'tcp' : 'websocket')).greet()
    client.write(framed(new Uint8Array(1_500_000), 2_000_000))
    clients.push(client)
  }
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  for (const client of clients) client.destroy()
})

t.test('credit that is borrowed and not used goes to those who need it', async (t) => {
  const hoarders: RawClient[] = []
  for (let place = 0; place < 8; place++) {
    const client = await (await open()).greet()
    for (let wish = 0; wish < 20; wish++) client.send([5, 16 * 2 ** 20])
    hoarders.push(client)
  }
  const connection = await (await loadSdk())(target.cluster.clientAddresses())
  await connection.declareQueue('big')
  const startMs = performance.now()
  await connection.publish('', 'big', new Uint8Array(8 * 2 ** 20))
  // Credit that is not used is called back after 5 s; a publish without any fails after 30.
  t.ok(performance.now() - startMs < 25_000, 'a large message goes through')
  await connection.close()
  for (const client of hoarders) client.destroy()
})

t.test('a WebSocket that breaks its own protocol is closed', async (t) => {
  const attack = async (
    test: Test,
    what: string,
    bytes: Uint8Array,
    codes: readonly (number | null)[]
  ): Promise<void> => {
    let isClosed = false
    const socket = new RawWebSocket(
      target.node.http,
      () => undefined,
      () => {
        isClosed = true
      },
      { 'sec-websocket-extensions': 'permessage-deflate' }
    )
    socket.raw(bytes)
    await eventually(`the end of ${what}`, () => isClosed, { timeoutMs: 10_000 })
    test.ok(codes.includes(socket.closeCode), `${what}: ${socket.closeCode}`)
  }
  const bit = Uint8Array.of(1)
  const fragments = Array.from({ length: 5_000 }, (_, place) =>
    webSocketFrame(place === 0 ? 0x02 : 0x00, bit)
  )
  await attack(t, 'a fragment bomb', Buffer.concat(fragments), [1008, 1009])
  await attack(t, 'a text frame', webSocketFrame(0x81, Buffer.from('hello')), [1003])
  await attack(
    t,
    'a text that is no UTF-8',
    webSocketFrame(0x81, Uint8Array.of(0xff)),
    [1003, 1007]
  )
  await attack(t, 'a compressed frame', webSocketFrame(0xc2, bit), [1002])
  await attack(t, 'an unknown opcode', webSocketFrame(0x83, bit), [1002])
  await attack(t, 'a frame without a mask', Uint8Array.of(0x82, 1, 0), [1002])
  const huge = Buffer.concat([Uint8Array.of(0x82, 0xff), Buffer.alloc(6, 0xff), Buffer.alloc(6)])
  await attack(t, 'a length beyond all bounds', huge, [1002, 1009])
  const large = Buffer.from([0x82, 0xff, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0])
  await attack(t, 'a message of 32 MiB', large, [1009])
})

t.test('the client beside all this noticed nothing', async (t) => {
  await target.judge(t)
})
