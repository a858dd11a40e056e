// How consumers of the SDK end, and what those who wait for something of them are told then,
// against a broker in memory behind real sockets.
import { HoldfastError } from '@holdfast/client'
import t, { type Test } from 'tap'
import { bench, codeOf, takeSome, until } from './sdk-scene.ts'

const unavailable = new HoldfastError('UNAVAILABLE', { reason: 'no leader' })

for (const type of ['locate-queue', 'consume'] as const) {
  t.test(`a consumer that waits for an answer to ${type} ends with its connection`, async (t) => {
    const { broker, connection } = await bench(t)
    broker.queue('orders')
    broker.behaviour.mutesRequests.add(type)
    const consuming = codeOf(connection.consume('orders'))
    await until(() => broker.requests.some((request) => request.type === type))
    await connection.close({ timeoutMs: 0 })
    t.equal(await consuming, 'CONNECTION_CLOSED')
  })
}

t.test('a consumer that tries again and again ends with its connection', async (t) => {
  const { broker, connection } = await bench(t)
  broker.behaviour.refusals.set('consume', unavailable)
  broker.queue('orders')
  const consuming = codeOf(connection.consume('orders'))
  await until(() => broker.requests.filter(({ type }) => type === 'consume').length > 2)
  await connection.close({ timeoutMs: 0 })
  t.equal(await consuming, 'CONNECTION_CLOSED')
})

t.test('a consumer that is not attached yet is told why its connection ends', async (t) => {
  const { broker, connection } = await bench(t)
  broker.behaviour.refusals.set('locate-queue', unavailable)
  const consuming = codeOf(connection.consume('orders'))
  await until(() => broker.requests.length > 0)
  const [node] = broker.nodes
  if (node === undefined) throw new Error('no node')
  node.refusal = new HoldfastError('AUTHENTICATION_FAILED', { user: 'ann' })
  node.breakConnections()
  t.equal(await consuming, 'AUTHENTICATION_FAILED')
})

t.test('a consumer is cancelled once, and whoever cancels it waits for that', async (t) => {
  const { broker, connection } = await bench(t)
  broker.queue('orders')
  const consumer = await connection.consume('orders')
  broker.behaviour.mutesRequests.add('cancel')
  let done = 0
  const cancel = () => consumer.cancel().then(() => done++)
  const cancelling = [cancel(), cancel()]
  const cancels = () => broker.requests.filter(({ type }) => type === 'cancel').length
  await until(() => cancels() > 0)
  cancelling.push(cancel())
  await connection.declareQueue('meanwhile')
  t.equal(done, 0)
  t.equal(cancels(), 1)
  await connection.close()
  await Promise.all(cancelling)
})

/** A consumer with an acknowledgement that is never answered. */
async function unanswered(t: Test) {
  const { broker, connection } = await bench(t)
  broker.queue('orders')
  await connection.publish('', 'orders', 'a')
  const consumer = await connection.consume('orders')
  broker.behaviour.mutesSettled = true
  await takeSome(consumer, 1, (delivery) => delivery.ack())
  return { broker, connection, consumer }
}

t.test('who waits for settlements is told that their outcome is not known', async (t) => {
  const { connection, consumer } = await unanswered(t)
  const settled = codeOf(consumer.settled())
  const cancelled = codeOf(consumer.cancel())
  await connection.close({ timeoutMs: 50 })
  t.equal(await settled, 'CONNECTION_CLOSED')
  t.equal(await cancelled, 'CONNECTION_CLOSED')
  t.equal(await codeOf(consumer.settled()), 'CONNECTION_CLOSED', 'later, too')
})

t.test(
  'who waits for settlements is told what ended the consumer, and close waits on',
  async (t) => {
    const { broker, connection, consumer } = await unanswered(t)
    await until(() => broker.settles.length === 1)
    broker.behaviour.mutesConfirms = true
    const published = codeOf(connection.publish('', 'orders', 'b'))
    const closed = connection.close()
    const settled = codeOf(consumer.settled())
    const [peer] = broker.node(1).peers
    const error = new HoldfastError('QUEUE_NOT_FOUND', { queue: 'orders', vhost: '/' })
    for (const id of peer?.consumers.keys() ?? []) peer?.connection.cancelled(id, error.toWire())
    t.equal(await settled, 'QUEUE_NOT_FOUND')
    await until(() => broker.publishes.length === 2)
    peer?.connection.confirm(2, 2)
    t.equal(await published, 'none')
    await closed
  }
)

t.test('a loop that is left while it waits takes nothing from the next one', async (t) => {
  const { broker, connection } = await bench(t)
  broker.queue('orders')
  const consumer = await connection.consume('orders', { autoAck: true })
  const left = consumer[Symbol.asyncIterator]()
  const waiting = left.next()
  const other = takeSome(consumer, 1)
  t.same(await left.return?.(), { value: undefined, done: true })
  t.same(await waiting, { value: undefined, done: true })
  await connection.publish('', 'orders', 'first')
  await connection.publish('', 'orders', 'second')
  t.equal((await other)[0]?.text(), 'first')
  t.equal((await takeSome(consumer, 1))[0]?.text(), 'second')
})
