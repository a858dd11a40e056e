// How consumers of the SDK end, and what those who wait for something of them are told then,
// against a broker in memory behind real sockets.
import { HoldfastError } from '@holdfast/client'
import t from 'tap'
import { bench, codeOf, until } from './sdk-scene.ts'

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
