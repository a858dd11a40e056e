// Exclusive queues by amqplib and the SDK against a cluster of three nodes: as fan-out and RPC
// programs declare them, locked for everybody else at every node, and gone with their connection.
import { connect as connectNative } from '@holdfast/client'
import { eventually } from '@holdfast/testkit'
import { type Channel, type ChannelModel, type ConsumeMessage, connect } from 'amqplib'
import t from 'tap'
import { sharedCluster } from '../cluster/shared-cluster.ts'
import { take } from '../cluster/take.ts'

t.setTimeout(280_000)

t.test('exclusive queues', async (t) => {
  const cluster = await sharedCluster(t)
  const at = (node: number): Promise<ChannelModel> =>
    connect(`amqp://guest:guest@${cluster.nodes[node]?.amqp}`)
  const others = await Promise.all([0, 1, 2].map(at))

  /** The code that a channel of its own is closed with, or null. */
  async function refused(
    connection: ChannelModel,
    use: (channel: Channel) => Promise<unknown>
  ): Promise<number | null> {
    const channel = await connection.createChannel()
    channel.on('error', () => undefined)
    try {
      await use(channel)
      await channel.close()
      return null
    } catch (error) {
      return (error as { code?: number }).code ?? 0
    }
  }

  await t.test('a message fans out to whoever is there', async (t) => {
    const connections = await Promise.all([at(0), at(1)])
    const got: string[] = []
    const queues: string[] = []
    for (const [i, connection] of connections.entries()) {
      const channel = await connection.createChannel()
      await channel.assertExchange('logs', 'fanout', { durable: false })
      const { queue } = await channel.assertQueue('', { exclusive: true, autoDelete: true })
      await channel.bindQueue(queue, 'logs', '')
      const note = (message: ConsumeMessage | null): void => {
        if (message !== null) got.push(`${i} ${message.content}`)
      }
      await channel.consume(queue, note, { noAck: true })
      queues.push(queue)
    }
    const channel = await (others[2] as ChannelModel).createConfirmChannel()
    channel.publish('logs', '', Buffer.from('hello'))
    await channel.waitForConfirms()
    await eventually('both have it', () => got.length === 2)
    t.same(got.sort(), ['0 hello', '1 hello'])
    for (const connection of connections) await connection.close()
    for (const queue of queues) {
      t.equal(await refused(others[2] as ChannelModel, (c) => c.checkQueue(queue)), 404)
    }
  })

  await t.test('a durable one is locked at every node, and free again after a close', async (t) => {
    const owner = await at(1)
    const channel = await owner.createChannel()
    await channel.assertQueue('mine', { durable: true, exclusive: true })
    for (const other of others) {
      const codes = [
        await refused(other, (c) => c.checkQueue('mine')),
        await refused(other, (c) => c.assertQueue('mine', { exclusive: true })),
        await refused(other, (c) => c.consume('mine', () => undefined)),
        await refused(other, (c) => c.bindQueue('mine', 'amq.fanout', ''))
      ]
      t.same(codes, [405, 405, 405, 405])
    }
    t.match(await channel.checkQueue('mine'), { messageCount: 0 })
    await owner.close()
    const next = await at(2)
    const again = await next.createChannel()
    t.match(await again.assertQueue('mine', { durable: true, exclusive: true }), { queue: 'mine' })
    await next.close()
  })

  await t.test('replies come to a queue of the one who asks', async (t) => {
    const asking = await at(0)
    const channel = await asking.createChannel()
    const { queue } = await channel.assertQueue('', { exclusive: true })
    const serving = await (others[1] as ChannelModel).createChannel()
    await serving.assertQueue('rpc')
    await serving.consume('rpc', (question) => {
      if (question === null) return
      const { replyTo, correlationId } = question.properties
      serving.sendToQueue(replyTo, Buffer.from(`${question.content}!`), { correlationId })
      serving.ack(question)
    })
    const answers: string[] = []
    const note = (answer: ConsumeMessage | null): void => {
      if (answer !== null) answers.push(`${answer.properties.correlationId} ${answer.content}`)
    }
    await channel.consume(queue, note, { noAck: true })
    channel.sendToQueue('rpc', Buffer.from('hello'), { replyTo: queue, correlationId: '1' })
    await eventually('the answer', () => answers.length === 1)
    t.same(answers, ['1 hello!'])
    await asking.close()
    await serving.close()
  })

  await t.test('the SDK has them too', async (t) => {
    const owner = await connectNative(cluster.clientAddresses())
    const other = await connectNative(cluster.clientAddresses())
    const { name } = await owner.declareQueue('', { exclusive: true })
    await owner.publish('', name, 'hello')
    const consumer = await owner.consume(name)
    for await (const delivery of consumer) {
      t.equal(delivery.text(), 'hello')
      delivery.ack()
      break
    }
    await t.rejects(other.consume(name), { code: 'QUEUE_LOCKED' })
    await owner.close()
    await eventually('it is gone', async () => {
      try {
        await other.inspectQueue(name)
        return false
      } catch (error) {
        return (error as { code?: string }).code === 'QUEUE_NOT_FOUND'
      }
    })
    await other.close()
  })

  await t.test('those of a node that dies are gone, and may be had again', async (t) => {
    const owner = await at(2)
    owner.on('error', () => undefined)
    const channel = await owner.createChannel()
    channel.on('error', () => undefined)
    await channel.assertQueue('mine', { exclusive: true })
    const sdk = await connectNative([cluster.nodes[2]?.client ?? ''])
    const { name } = await sdk.declareQueue('', { exclusive: true })
    await sdk.bindQueue(name, 'amq.topic', 'news')
    await sdk.publish('amq.topic', 'news', 'old', { mandatory: true })
    for (const other of others) other.on('error', () => undefined)
    await cluster.kill(cluster.nodes[2]?.id ?? 0)
    const next = await at(0)
    const again = await next.createChannel()
    t.match(await again.assertQueue('mine', { exclusive: true }), { queue: 'mine' })
    await eventually('the SDK has its own again, by the same name', async () => {
      const { ready } = await sdk.inspectQueue(name)
      return ready === 0
    })
    await eventually('it is bound as before', async () => {
      await sdk.publish('amq.topic', 'news', 'new', { mandatory: true })
      return true
    })
    t.same(await take(sdk, name, 1, 1), ['new'])
    await sdk.close()
    await next.close()
    for (const other of others.slice(0, 2)) await other.close()
  })
})
