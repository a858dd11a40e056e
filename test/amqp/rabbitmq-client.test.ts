// rabbitmq-client against a cluster of three nodes; it connects again by itself when its node is
// gone.
import { eventually } from '@holdfast/testkit'
import { Connection, ConsumerStatus } from 'rabbitmq-client'
import t from 'tap'
import { sharedCluster } from '../cluster/shared-cluster.ts'

t.setTimeout(280_000)

t.test('rabbitmq-client', async (t) => {
  const cluster = await sharedCluster(t)
  const hosts = cluster.amqpAddresses()
  const connection = new Connection({ hosts, retryLow: 100, retryHigh: 500 })
  connection.on('error', () => undefined)
  t.teardown(() => connection.close())
  await connection.queueDeclare({ queue: 'jobs', durable: true })
  const publisher = connection.createPublisher({ confirm: true, maxAttempts: 20 })
  const got: string[] = []
  const refused = new Set<string>()
  const queueOptions = { durable: true }
  const options = { queue: 'jobs', queueOptions, qos: { prefetchCount: 10 }, concurrency: 5 }
  const consumer = connection.createConsumer(options, (message) => {
    const id = `${message.body}`
    got.push(message.redelivered ? `${id} again` : id)
    if (id !== '3' || refused.has(id)) return ConsumerStatus.ACK
    refused.add(id)
    return ConsumerStatus.REQUEUE
  })
  consumer.on('error', () => undefined)

  await t.test('publish with confirms, consume with prefetch, requeue', async (t) => {
    for (let i = 0; i < 10; i++) await publisher.send('jobs', `${i}`)
    await eventually('all of them', () => got.length === 11)
    t.match(got, new Set(['3', '3 again']))
  })

  await t.test('get', async (t) => {
    await connection.queueDeclare('other')
    await publisher.send('other', 'x')
    t.match(await connection.basicGet({ queue: 'other', noAck: true }), { body: 'x' })
    t.equal(await connection.basicGet('other'), undefined)
  })

  await t.test('it connects elsewhere when a leader is killed', async (t) => {
    const { leader } = await cluster.admin.queue('jobs')
    got.length = 0
    await cluster.kill(leader ?? 0)
    for (let i = 100; i < 150; i++) await publisher.send('jobs', `${i}`)
    const ids = (): Set<number> => new Set(got.map((id) => Number.parseInt(id, 10)))
    const isAll = (): boolean =>
      Array.from({ length: 50 }, (_, i) => i + 100).every((i) => ids().has(i))
    await eventually('all that was confirmed', isAll, { timeoutMs: 30_000 })
    t.pass()
  })
  await consumer.close()
  await publisher.close()
})
