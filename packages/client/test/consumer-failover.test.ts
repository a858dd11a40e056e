// Consuming through the SDK against a broker in memory behind real sockets: leaders that move,
// deliveries held across a failover, what comes again.
import { HoldfastError } from '@holdfast/client'
import t from 'tap'
import { bench, codeOf, takeSome, until } from './sdk-scene.ts'

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

const refused = new HoldfastError('AUTHENTICATION_FAILED', { user: 'ann' })

t.test('a login that every node refuses ends the connection, and is not tried again', async (t) => {
  const { broker, connection, statuses } = await bench(t, 3)
  broker.queue('orders', 2)
  await connection.publish('', 'orders', 'a')
  const consumer = await connection.consume('orders')
  const [held] = await takeSome(consumer, 1)
  broker.behaviour.mutesSettled = true
  held?.ack()
  for (const node of broker.nodes) {
    node.refusal = refused
    node.breakConnections()
  }
  const cancelled = codeOf(consumer.cancel())
  await until(() => statuses.some(({ type }) => type === 'closed'))
  t.equal(await cancelled, 'AUTHENTICATION_FAILED', 'its settlement has no outcome')
  await t.rejects(connection.publish('', 'orders', 'b'), {
    code: 'CONNECTION_CLOSED',
    message: /login was refused/
  })
  const dials = broker.hellos.length
  t.ok(dials <= 12, 'few are tried before that')
  await new Promise((resolve) => setTimeout(resolve, 300))
  t.equal(broker.hellos.length, dials)
})

t.test('one node that refuses for good is passed over', async (t) => {
  const { broker, connection, statuses } = await bench(t, 2)
  const first = broker.node(connection.node ?? 0)
  first.refusal = refused
  first.breakConnections()
  await until(() => connection.node !== null && connection.node !== first.id)
  t.notOk(statuses.some(({ type }) => type === 'closed'))
})

t.test('a consumer whose login is refused ends, though another link is left', async (t) => {
  const { broker, connection } = await bench(t, 2)
  const { node: primary } = connection
  const other = broker.node(primary === 1 ? 2 : 1)
  broker.queue('orders', other.id)
  const consumer = await connection.consume('orders')
  other.refusal = refused
  other.breakConnections()
  t.equal(await codeOf(takeSome(consumer, 1)), 'AUTHENTICATION_FAILED')
  t.equal(connection.node, primary)
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
