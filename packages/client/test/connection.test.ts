// The SDK against a broker in memory behind real sockets: what an application sees while nodes die,
// leaders move, answers stay away and credit runs out.
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Connection,
  type ConnectionStatus,
  type ConnectOptions,
  connect,
  type Delivery,
  HoldfastError
} from '@holdfast/client'
import t from 'tap'
import { FakeBroker } from './fake-broker.ts'

interface Teardown {
  teardown(handler: () => Promise<void>): void
}

interface Bench {
  readonly broker: FakeBroker
  readonly connection: Connection
  readonly statuses: ConnectionStatus[]
}

async function bench(test: Teardown, nodes = 1, options: ConnectOptions = {}): Promise<Bench> {
  const broker = await FakeBroker.start(nodes)
  const statuses: ConnectionStatus[] = []
  const connection = await connect(broker.addresses, {
    onStatus: (status) => statuses.push(status),
    ...options
  })
  test.teardown(async () => {
    await connection.close({ timeoutMs: 100 })
    await broker.stop()
  })
  return { broker, connection, statuses }
}

/** Waits for a condition; the test's own time limit bounds it. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(5)
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
    return 'none'
  } catch (error) {
    return HoldfastError.from(error).code
  }
}

async function takeSome(
  deliveries: AsyncIterable<Delivery>,
  count: number,
  each: (delivery: Delivery) => void = () => undefined
): Promise<Delivery[]> {
  const taken: Delivery[] = []
  for await (const delivery of deliveries) {
    taken.push(delivery)
    each(delivery)
    if (taken.length === count) break
  }
  return taken
}

t.test('publishes of one turn travel as one batch and are consumed in order', async (t) => {
  const { broker, connection } = await bench(t)
  await connection.declareQueue('orders')
  const published = Array.from({ length: 1000 }, (_, i) =>
    connection.publish('', 'orders', `message ${i}`, i % 3 === 0 ? { headers: { i } } : {})
  )
  await Promise.all(published)
  t.ok(broker.publishes.length <= 4, `${broker.publishes.length} frames for 1,000 messages`)
  const consumer = await connection.consume('orders', { prefetch: 50 })
  let next = 0
  for await (const delivery of consumer) {
    if (delivery.text() !== `message ${next}`) t.fail(`${delivery.text()} instead of ${next}`)
    const header = delivery.properties.headers?.['i']
    if (header !== (next % 3 === 0 ? next : undefined)) t.fail(`header of ${next} is ${header}`)
    delivery.ack()
    next += 1
    if (next === 1000) break
  }
  await consumer.settled()
  t.equal(broker.queue('orders').messages.size, 0)
  t.ok(broker.settles.length < 200, `${broker.settles.length} settle frames`)
  await consumer.cancel()
})

t.test('bodies of every size arrive unchanged', async (t) => {
  const { connection } = await bench(t)
  await connection.declareQueue('sizes')
  const sizes = [0, 1, 255, 256, 65_535, 65_536, 200_000, 1_000_000, 16 * 1024 * 1024]
  const bodies = sizes.map((size) => new Uint8Array(size).map((_, i) => (i * 7 + size) & 255))
  await Promise.all(bodies.map((body) => connection.publish('', 'sizes', body)))
  const consumer = await connection.consume('sizes')
  const deliveries = await takeSome(consumer, sizes.length)
  for (const [i, delivery] of deliveries.entries()) {
    t.ok(Buffer.compare(delivery.body, bodies[i] ?? new Uint8Array(1)) === 0, `${sizes[i]} bytes`)
    t.notOk(Buffer.isBuffer(delivery.body))
    delivery.ack()
  }
})

t.test('what is not valid is refused at once and closes nothing', async (t) => {
  const { broker, connection } = await bench(t)
  const large = new Uint8Array(16 * 1024 * 1024 + 1)
  t.equal(await codeOf(connection.publish('', 'q', large)), 'MESSAGE_TOO_LARGE')
  t.equal(await codeOf(connection.publish('', 'x'.repeat(256), 'a')), 'NAME_INVALID')
  t.equal(await codeOf(connection.publish('', '\ud800', 'a')), 'NAME_INVALID')
  t.equal(await codeOf(connection.declareQueue('')), 'NAME_INVALID')
  t.equal(await codeOf(connection.declareQueue('a', { ttl: 1 } as never)), 'OPTION_UNKNOWN')
  t.equal(await codeOf(connection.declareExchange('a', 'odd' as never)), 'EXCHANGE_TYPE_UNKNOWN')
  t.equal(await codeOf(connection.consume('a', { prefetch: 0 })), 'OPTION_INVALID')
  t.equal(await codeOf(connection.consume('a', { speed: 1 } as never)), 'OPTION_UNKNOWN')
  t.equal(await codeOf(connection.consume('missing')), 'QUEUE_NOT_FOUND')
  t.equal(await codeOf(connection.publish('', 'q', 5 as never)), 'REQUEST_INVALID')
  const unknown = { colour: 'red' } as never
  t.equal(await codeOf(connection.publish('', 'q', 'a', unknown)), 'OPTION_UNKNOWN')
  t.equal(await codeOf(connect([])), 'OPTION_INVALID')
  t.equal(await codeOf(connect(['nonsense'])), 'OPTION_INVALID')
  t.equal(await codeOf(connect(['127.0.0.1:1'], { colour: 1 } as never)), 'OPTION_UNKNOWN')
  t.equal(await codeOf(connect(['127.0.0.1:1'], { connectTimeoutMs: 50 })), 'NODE_UNREACHABLE')
  t.equal(broker.hellos.length, 1, 'the connection is the first one')
  t.ok(connection.isConnected)
})

t.test('a mandatory message that no queue takes rejects, others are confirmed', async (t) => {
  const { connection } = await bench(t)
  const lost = connection.publish('', 'nowhere', 'a', { mandatory: true })
  const ignored = connection.publish('', 'nowhere', 'b')
  t.equal(await codeOf(lost), 'MESSAGE_UNROUTABLE')
  await ignored
})

t.test('a connection killed in the middle loses and doubles nothing', async (t) => {
  const { broker, connection, statuses } = await bench(t, 3)
  await connection.declareQueue('orders')
  const total = 20_000
  const published: Promise<void>[] = []
  for (let i = 0; i < total; i++) {
    published.push(connection.publish('', 'orders', String(i)))
    if (i % 100 === 0) await sleep(0)
    if (i % 2_000 === 1_000) broker.node(connection.node ?? 1).breakConnections()
  }
  await Promise.all(published)
  const { messages } = broker.queue('orders')
  t.equal(messages.size, total)
  const bodies = [...messages.values()].map(({ record }) =>
    Buffer.from(record.subarray(4)).toString()
  )
  t.strictSame(
    bodies,
    Array.from({ length: total }, (_, i) => String(i))
  )
  t.ok(statuses.filter(({ type }) => type === 'connected').length > 5)
  t.equal(new Set(broker.hellos).size, 1, 'one identity throughout')
  const redeclared = broker.requests.filter(({ type }) => type === 'declare-queue')
  t.ok(redeclared.length > 1, 'the queue was declared again')
})

t.test('what had no confirm is sent again first, with its numbers', async (t) => {
  const { broker, connection } = await bench(t, 2)
  await connection.declareQueue('orders')
  broker.behaviour.mutesConfirms = true
  const early = ['a', 'b', 'c'].map((body) => connection.publish('', 'orders', body))
  await until(() => broker.publishes.length === 1)
  broker.behaviour.mutesConfirms = false
  await broker.node(connection.node ?? 1).stop()
  const late = connection.publish('', 'orders', 'd')
  await Promise.all([...early, late])
  const [first, again, then] = broker.publishes
  t.match(first, { firstSequence: 1, count: 3, lowestUnconfirmed: 1, first: true })
  t.match(again, { firstSequence: 1, count: 3, lowestUnconfirmed: 1, first: true })
  t.match(then, { firstSequence: 4, count: 1 })
  t.equal(broker.queue('orders').messages.size, 4)
})

t.test('a publish without a confirm rejects after its time, and later ones go on', async (t) => {
  const { broker, connection } = await bench(t, 1, { publishTimeoutMs: 300 })
  await connection.declareQueue('orders')
  broker.behaviour.dropsPublishes = true
  const lost = connection.publish('', 'orders', 'a')
  const error = await lost.then(
    () => null,
    (found: unknown) => HoldfastError.from(found)
  )
  t.equal(error?.code, 'PUBLISH_OUTCOME_UNKNOWN')
  t.match(error?.message, /has not confirmed/)
  broker.behaviour.dropsPublishes = false
  await connection.publish('', 'orders', 'b')
  t.match(broker.publishes[1], { firstSequence: 2, lowestUnconfirmed: 2 })
  await broker.node(1).stop()
  const offline = connection.publish('', 'orders', 'c')
  await t.rejects(offline, { code: 'PUBLISH_OUTCOME_UNKNOWN', message: /no node is reachable/ })
  await broker.node(1).start()
  await until(() => connection.isConnected)
  await connection.publish('', 'orders', 'd')
})

t.test('the window bounds what is on its way, the rest waits', async (t) => {
  const { broker, connection } = await bench(t, 1, { publishWindow: 10 })
  await connection.declareQueue('orders')
  broker.behaviour.mutesConfirms = true
  const published = Array.from({ length: 25 }, (_, i) => connection.publish('', 'orders', `${i}`))
  await until(() => broker.publishes.length === 1)
  await sleep(50)
  t.equal(broker.publishes.length, 1)
  t.equal(broker.publishes[0]?.count, 10)
  broker.behaviour.mutesConfirms = false
  broker.node(1).breakConnections()
  await Promise.all(published)
  t.equal(broker.queue('orders').messages.size, 25)
})

t.test('more than the credit waits for credit, a large message too', async (t) => {
  const { broker, connection } = await bench(t, 1, { publishTimeoutMs: 500 })
  await connection.declareQueue('orders')
  const large = new Uint8Array(3_000_000)
  await Promise.all([
    connection.publish('', 'orders', large),
    ...Array.from({ length: 600 }, () => connection.publish('', 'orders', new Uint8Array(1_024))),
    connection.publish('', 'orders', large)
  ])
  t.equal(broker.queue('orders').messages.size, 602)
  broker.behaviour.deniesCredit = true
  await t.rejects(connection.publish('', 'orders', large), { code: 'PUBLISH_OUTCOME_UNKNOWN' })
  await connection.publish('', 'orders', 'small')
})

t.test('a consumer goes to the leader, and follows it', async (t) => {
  const { broker, connection, statuses } = await bench(t, 3)
  broker.queue('orders', 2)
  const consumer = await connection.consume('orders')
  await connection.publish('', 'orders', 'a')
  const [first] = await takeSome(consumer, 1)
  broker.moveLeader('orders', 3)
  await until(() => [...broker.node(3).peers].some(({ consumers }) => consumers.size > 0))
  first?.ack()
  await consumer.settled()
  t.equal(broker.queue('orders').messages.size, 0)
  await connection.publish('', 'orders', 'b')
  const [second] = await takeSome(consumer, 1)
  t.equal(second?.text(), 'b')
  t.equal(second?.redelivered, false)
  second?.ack()
  await consumer.settled()
  const nodes = statuses.flatMap((s) => (s.type === 'consumer-attached' ? [s.node] : []))
  t.strictSame(nodes, [2, 3])
})

t.test('deliveries held across a failover can be settled, and are not doubled', async (t) => {
  const { broker, connection } = await bench(t, 3)
  broker.queue('orders', 2)
  for (let i = 0; i < 30; i++) await connection.publish('', 'orders', `${i}`)
  const consumer = await connection.consume('orders', { prefetch: 10 })
  const held = await takeSome(consumer, 5)
  held[0]?.ack()
  broker.behaviour.mutesSettled = true
  held[1]?.ack()
  await until(() => broker.settles.length >= 2 || broker.settles[0]?.ranges[1] === 2)
  broker.behaviour.mutesSettled = false
  const { leader } = broker.queue('orders')
  await broker.node(leader).stop()
  broker.queue('orders').leader = 3
  for (const delivery of held.slice(2)) delivery.ack()
  const rest = await takeSome(consumer, 25, (delivery) => delivery.ack())
  t.strictSame(
    rest.map((delivery) => delivery.text()),
    Array.from({ length: 25 }, (_, i) => `${i + 5}`)
  )
  t.notOk(rest.some(({ redelivered }) => redelivered))
  await consumer.settled()
  t.equal(broker.queue('orders').messages.size, 0)
})

t.test('a redelivery replaces what is held, and the old one says nothing', async (t) => {
  const { broker, connection, statuses } = await bench(t, 2)
  broker.queue('orders', 1)
  await connection.publish('', 'orders', 'a')
  const consumer = await connection.consume('orders')
  const [old] = await takeSome(consumer, 1)
  await broker.node(1).stop()
  broker.returnUnclaimed()
  broker.queue('orders').leader = 2
  const [again] = await takeSome(consumer, 1)
  t.equal(again?.offset, old?.offset)
  t.equal(again?.redelivered, true)
  t.equal(again?.attempt, 1)
  old?.ack()
  await consumer.settled()
  t.equal(broker.queue('orders').messages.size, 1, 'the old attempt settles nothing')
  again?.ack()
  await consumer.settled()
  t.equal(broker.queue('orders').messages.size, 0)
  t.notOk(statuses.some(({ type }) => type === 'settlement-failed'))
})

t.test('nack brings a message back, reject drops it, autoAck settles by itself', async (t) => {
  const { broker, connection } = await bench(t)
  broker.queue('orders')
  await connection.publish('', 'orders', 'a')
  const consumer = await connection.consume('orders')
  const [first] = await takeSome(consumer, 1)
  first?.nack()
  first?.ack()
  const [second] = await takeSome(consumer, 1)
  t.match(second, { redelivered: true, deliveryCount: 1 })
  second?.reject()
  await consumer.settled()
  t.equal(broker.queue('orders').messages.size, 0)
  await consumer.cancel()
  await connection.publish('', 'orders', 'b')
  const automatic = await connection.consume('orders', { autoAck: true })
  const [third] = await takeSome(automatic, 1)
  t.ok(third?.isSettled)
  await automatic.settled()
  t.equal(broker.queue('orders').messages.size, 0)
})

t.test('a deleted queue ends its consumer with an error, cancel ends it without', async (t) => {
  const { broker, connection } = await bench(t)
  broker.queue('orders')
  const consumer = await connection.consume('orders')
  const ended = codeOf(takeSome(consumer, 1))
  const [peer] = broker.node(1).peers
  const error = new HoldfastError('QUEUE_NOT_FOUND', { queue: 'orders', vhost: '/' })
  for (const id of peer?.consumers.keys() ?? []) peer?.connection.cancelled(id, error.toWire())
  t.equal(await ended, 'QUEUE_NOT_FOUND')
  const other = await connection.consume('orders')
  const iteration = takeSome(other, 1)
  await other.cancel()
  t.strictSame(await iteration, [])
  t.equal(await codeOf(connection.consume('orders', { tag: 'one' })), 'none')
  t.equal(await codeOf(connection.consume('orders', { tag: 'one' })), 'CONSUMER_TAG_IN_USE')
})

t.test('requests survive a broken connection and refusals for now', async (t) => {
  const { broker, connection } = await bench(t, 2, { requestTimeoutMs: 3_000 })
  broker.behaviour.mutesRequests.add('declare-queue')
  const declared = connection.declareQueue('orders')
  await until(() => broker.requests.length === 1)
  broker.behaviour.mutesRequests.clear()
  await broker.node(connection.node ?? 1).stop()
  t.same(await declared, { name: 'orders' })
  const unavailable = new HoldfastError('UNAVAILABLE', { reason: 'no leader' })
  broker.behaviour.refusals.set('bind-queue', unavailable)
  const bound = connection.bindQueue('orders', 'events', 'order.*')
  await until(() => broker.requests.filter(({ type }) => type === 'bind-queue').length === 2)
  broker.behaviour.refusals.clear()
  await bound
  broker.behaviour.mutesRequests.add('purge-queue')
  const purged = codeOf(connection.purgeQueue('orders'))
  await until(() => broker.requests.some(({ type }) => type === 'purge-queue'))
  for (const node of broker.nodes) node.breakConnections()
  t.equal(await purged, 'UNAVAILABLE', 'a purge is not repeated')
})

t.test('a request without an answer rejects after its time', async (t) => {
  const { broker, connection } = await bench(t, 1, { requestTimeoutMs: 200 })
  broker.behaviour.mutesRequests.add('inspect-queue')
  t.equal(await codeOf(connection.inspectQueue('orders')), 'UNAVAILABLE')
})

t.test('many requests at once stay within what a node allows', async (t) => {
  const { broker, connection } = await bench(t)
  const names = Array.from({ length: 3_000 }, (_, i) => `queue-${i}`)
  await Promise.all(names.map((name) => connection.declareQueue(name)))
  t.equal(broker.queues.size, 3_000)
})

t.test('close sends settlements and awaits confirms', async (t) => {
  const { broker, connection, statuses } = await bench(t)
  broker.queue('orders')
  const consumer = await connection.consume('orders')
  for (let i = 0; i < 3; i++) connection.publish('', 'orders', `${i}`)
  const [first] = await takeSome(consumer, 1)
  const last = connection.publish('', 'orders', 'last')
  first?.ack()
  await connection.close()
  await last
  t.equal(broker.queue('orders').messages.size, 3)
  t.equal(await codeOf(connection.publish('', 'orders', 'late')), 'CONNECTION_CLOSED')
  t.equal(await codeOf(connection.declareQueue('late')), 'CONNECTION_CLOSED')
  t.strictSame(await takeSome(consumer, 1), [])
  t.equal(statuses.at(-1)?.type, 'closed')
  await until(() => broker.node(1).peers.size === 0)
})

t.test('close gives up after its time and says so', async (t) => {
  const { broker, connection } = await bench(t)
  broker.queue('orders')
  broker.behaviour.mutesConfirms = true
  const open = codeOf(connection.publish('', 'orders', 'a'))
  await connection.close({ timeoutMs: 50 })
  t.equal(await open, 'PUBLISH_OUTCOME_UNKNOWN')
})

t.test('a silent node is given up', async (t) => {
  const { broker, connection, statuses } = await bench(t, 2, { heartbeatMs: 250 })
  broker.queue('orders')
  await connection.publish('', 'orders', 'a')
  const silent = broker.node(connection.node ?? 1)
  silent.tick = () => undefined
  await until(() => statuses.some(({ type }) => type === 'disconnected'))
  const lost = statuses.find((status) => status.type === 'disconnected')
  t.match(lost, { error: { code: 'HEARTBEAT_MISSED' } })
  await connection.publish('', 'orders', 'b')
  t.not(connection.node, silent.id)
})
