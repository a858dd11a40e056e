// Publishing through the SDK against a broker in memory behind real sockets: batches, killed
// connections, resends, time limits, the window and credit.
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, HoldfastError } from '@holdfast/client'
import { recordProperties } from '@holdfast/record'
import t from 'tap'
import { bench, codeOf, takeSome, until } from './sdk-scene.ts'

/** In which what is confirmed at once is confirmed, also where others hold the process up. */
const publishTimeoutMs = 1_500

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
  t.equal(await codeOf(connection.purgeQueue('')), 'NAME_INVALID')
  t.equal(await codeOf(connection.declareQueue('a', { expiresMs: 0 })), 'OPTION_INVALID')
  t.equal(await codeOf(connection.declareQueue('a', { ttl: 1 } as never)), 'OPTION_UNKNOWN')
  t.equal(await codeOf(connection.declareExchange('a', 'odd' as never)), 'EXCHANGE_TYPE_UNKNOWN')
  t.equal(await codeOf(connection.consume('a', { prefetch: 0 })), 'OPTION_INVALID')
  t.equal(await codeOf(connection.consume('a', { priority: 0.5 })), 'OPTION_INVALID')
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

t.test('a queue without a name gets one of its own, and keeps it', async (t) => {
  const { broker, connection } = await bench(t, 2)
  const { name } = await connection.declareQueue('', { exclusive: true })
  t.match(name, /^gen-[0-9a-f]{32}$/, 'none of a node, which would be reserved')
  t.not((await connection.declareQueue('')).name, name)
  const declared = () => broker.requests.filter(({ type }) => type === 'declare-queue')
  await broker.node(connection.node ?? 1).stop()
  await until(() => declared().length === 4)
  t.match(declared()[2], { name, options: { exclusive: true } })
})

t.test('how long a message lives is one of its properties', async (t) => {
  const { broker, connection } = await bench(t)
  await connection.declareQueue('orders', { messageTtlMs: 0 })
  await connection.publish('', 'orders', 'a', { ttlMs: 315_360_000_000, messageId: 'm' })
  await connection.publish('', 'orders', 'b', { ttlMs: 0 })
  const properties = [...broker.queue('orders').messages.values()].map(({ record }) =>
    recordProperties(record, 0)
  )
  t.same(properties, [{ expiration: '315360000000', messageId: 'm' }, { expiration: '0' }])
  for (const ttlMs of [-1, 0.5, 315_360_000_001, '5' as never]) {
    t.equal(await codeOf(connection.publish('', 'orders', 'c', { ttlMs })), 'OPTION_INVALID')
  }
})

t.test('a consumer says its priority', async (t) => {
  const { broker, connection } = await bench(t)
  await connection.declareQueue('orders')
  await connection.consume('orders', { priority: -7, tag: 'low' })
  await connection.consume('orders', { tag: 'plain' })
  const asked = broker.requests.filter(({ type }) => type === 'consume')
  t.match(asked, [{ priority: -7 }, { priority: 0 }])
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
  const { broker, connection } = await bench(t, 1, { publishTimeoutMs })
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
  const { broker, connection } = await bench(t)
  await connection.declareQueue('orders')
  const large = new Uint8Array(3_000_000)
  await Promise.all([
    connection.publish('', 'orders', large),
    ...Array.from({ length: 600 }, () => connection.publish('', 'orders', new Uint8Array(1_024))),
    connection.publish('', 'orders', large)
  ])
  t.equal(broker.queue('orders').messages.size, 602)
  broker.behaviour.deniesCredit = true
  const hasty = await connect(broker.addresses, { publishTimeoutMs })
  t.teardown(() => hasty.close({ timeoutMs: 100 }))
  await t.rejects(hasty.publish('', 'orders', large), { code: 'PUBLISH_OUTCOME_UNKNOWN' })
  await hasty.publish('', 'orders', 'small')
})
