// amqplib against a cluster of three nodes: what its users do, at a node that may lead nothing.
import { connect as connectNative } from '@holdfast/client'
import { eventually } from '@holdfast/testkit'
import {
  type Channel,
  type ChannelModel,
  type ConsumeMessage,
  connect as connectTo,
  type GetMessage
} from 'amqplib'
import t from 'tap'
import { sharedCluster } from '../cluster/shared-cluster.ts'
import { read } from '../tidy/workspace.ts'

t.setTimeout(280_000)

const text = ({ content }: ConsumeMessage | GetMessage): string => content.toString()

/** Resolves with the error that closes a channel. */
function closing(channel: Channel): Promise<Error & { code?: number }> {
  return new Promise((resolve) => channel.on('error', resolve))
}

t.test('amqplib', async (t) => {
  const cluster = await sharedCluster(t)
  const address = cluster.nodes[1]?.amqp ?? ''
  const connection = await connectTo(`amqp://guest:guest@${address}`)
  t.teardown(() => connection.close())

  await t.test('the example of docs/concepts/amqp.md', async (t) => {
    const [, example = ''] = /```ts\n([\s\S]*?)```/.exec(read('docs/concepts/amqp.md')) ?? []
    const lines = (text: string): string => text.replaceAll(/^ +/gm, '')
    t.ok(lines(read('test/amqp/amqplib.test.ts')).includes(lines(example)), 'it is this')
    /** As amqplib's, at an address of this test's cluster. */
    const connect = (_address: string): Promise<ChannelModel> => connectTo(`amqp://${address}`)
    await run()

    async function run(): Promise<void> {
      const connection = await connect('amqp://127.0.0.1:5672')
      const channel = await connection.createConfirmChannel()
      await channel.assertQueue('orders')
      channel.sendToQueue('orders', Buffer.from('hello'))
      await channel.waitForConfirms() // it is on the disks of a majority
      await channel.consume('orders', (message) => {
        if (message !== null) channel.ack(message)
      })
      await eventually('an empty queue', async () => (await channel.get('orders')) === false)
      await connection.close()
    }
  })

  await t.test('publish with confirms, consume with prefetch, nack, get', async (t) => {
    const channel = await connection.createConfirmChannel()
    t.match(await channel.assertQueue('jobs', { durable: true }), { messageCount: 0 })
    for (let i = 0; i < 10; i++)
      channel.sendToQueue('jobs', Buffer.from(`${i}`), { messageId: 'm' })
    await channel.waitForConfirms()
    t.match(await channel.checkQueue('jobs'), { messageCount: 10, consumerCount: 0 })
    const first = await channel.get('jobs')
    if (first === false) throw new Error('the queue is not empty')
    t.match(first, {
      fields: { redelivered: false, messageCount: 9 },
      properties: { messageId: 'm' }
    })
    channel.nack(first)
    await channel.prefetch(3)
    const got: ConsumeMessage[] = []
    const { consumerTag } = await channel.consume('jobs', (message) => {
      if (message !== null) got.push(message)
    })
    await eventually('what the prefetch allows', () => got.length === 3)
    t.match(await channel.checkQueue('jobs'), { messageCount: 7, consumerCount: 1 })
    t.same([text(first), ...got.map(text)], ['0', '0', '1', '2'], 'what came back keeps its place')
    t.equal(got[0]?.fields.redelivered, true)
    t.equal(got[0]?.properties.headers?.['x-delivery-count'], 1)
    channel.ackAll()
    await eventually('the next ones', () => got.length === 6)
    await channel.cancel(consumerTag)
    t.match(await channel.checkQueue('jobs'), { messageCount: 4, consumerCount: 0 })
    await channel.close()
    const other = await connection.createChannel()
    t.match(await other.checkQueue('jobs'), { messageCount: 7 }, 'what was held went back')
    t.match(await other.purgeQueue('jobs'), { messageCount: 7 })
    t.equal(await other.get('jobs'), false)
    await other.deleteQueue('jobs')
    await other.close()
  })

  await t.test('a message that no queue takes comes back before its confirm', async (t) => {
    const channel = await connection.createConfirmChannel()
    const seen: string[] = []
    channel.on('return', ({ content }) => seen.push(`returned ${content.toString()}`))
    const options = { mandatory: true }
    channel.publish('', 'nowhere', Buffer.from('x'), options, () => seen.push('confirmed'))
    await channel.waitForConfirms()
    t.same(seen, ['returned x', 'confirmed'])
    await channel.close()
  })

  await t.test('exchanges, by key and by headers, with copies', async (t) => {
    const channel = await connection.createConfirmChannel()
    for (const queue of ['red', 'blue']) await channel.assertQueue(queue)
    await channel.assertExchange('colours', 'headers')
    await channel.bindQueue('red', 'colours', '', { 'x-match': 'all', colour: 'red' })
    await channel.assertExchange('keys', 'topic', { durable: false })
    await channel.bindQueue('blue', 'keys', 'b.*')
    await channel.bindQueue('red', 'keys', 'r.*')
    channel.publish('colours', '', Buffer.from('by header'), { headers: { colour: 'red' } })
    channel.publish('colours', '', Buffer.from('nobody'), { headers: { colour: 'green' } })
    channel.publish('keys', 'b.1', Buffer.from('both'), { BCC: ['r.1'] })
    await channel.waitForConfirms()
    const all = async (queue: string): Promise<string[]> => {
      const bodies: string[] = []
      for (;;) {
        const message = await channel.get(queue, { noAck: true })
        if (message === false) return bodies
        t.notOk(message.properties.headers?.['BCC'], 'who else gets it is not told')
        bodies.push(text(message))
      }
    }
    t.same(await all('red'), ['by header', 'both'])
    t.same(await all('blue'), ['both'])
    await channel.close()
  })

  await t.test('what is wrong ends the channel, and no other', async (t) => {
    const other = await connection.createChannel()
    const publishing = await connection.createChannel()
    const error = closing(publishing)
    publishing.publish('none', '', Buffer.from('x'))
    t.match(await error, { code: 404 })
    const channel = await connection.createChannel()
    channel.on('error', () => undefined)
    await t.rejects(channel.checkQueue('none'), { code: 404 })
    await other.assertQueue('alive')
    await other.close()
  })

  await t.test('a queue that is deleted cancels its consumers', async (t) => {
    const channel = await connection.createChannel()
    await channel.assertQueue('doomed')
    const cancelled = new Promise<void>((resolve) => {
      void channel.consume('doomed', (message) => {
        if (message === null) resolve()
      })
    })
    await eventually('the consumer', async () => {
      return (await channel.checkQueue('doomed')).consumerCount === 1
    })
    await channel.deleteQueue('doomed')
    await cancelled
    t.pass('it was told')
    await channel.close()
  })

  await t.test('an answer goes directly to who asked, from another node', async (t) => {
    const other = await connectTo(`amqp://${cluster.nodes[2]?.amqp}`)
    const serving = await other.createChannel()
    await serving.assertQueue('questions')
    await serving.consume('questions', (question) => {
      if (question === null) return
      const { replyTo, correlationId } = question.properties
      serving.sendToQueue(replyTo, Buffer.from(`answer to ${text(question)}`), { correlationId })
      serving.ack(question)
    })
    const asking = await connection.createChannel()
    const answers: string[] = []
    const take = (answer: ConsumeMessage | null): void => {
      if (answer !== null) answers.push(`${answer.properties.correlationId} ${text(answer)}`)
    }
    await asking.consume('amq.rabbitmq.reply-to', take, { noAck: true })
    for (const correlationId of ['1', '2']) {
      const options = { replyTo: 'amq.rabbitmq.reply-to', correlationId }
      asking.sendToQueue('questions', Buffer.from(`question ${correlationId}`), options)
    }
    await eventually('both answers', () => answers.length === 2)
    t.same(answers, ['1 answer to question 1', '2 answer to question 2'])
    await asking.close()
    await other.close()
  })

  await t.test('messages go between the protocols', async (t) => {
    const native = await connectNative(cluster.clientAddresses())
    t.teardown(() => native.close())
    const channel = await connection.createConfirmChannel()
    await channel.assertQueue('between')
    const properties = { headers: { n: 1, list: ['a'] }, contentType: 'text/plain', priority: 3 }
    channel.sendToQueue('between', Buffer.from('from AMQP'), properties)
    await channel.waitForConfirms()
    const consumer = await native.consume('between')
    for await (const delivery of consumer) {
      t.equal(delivery.text(), 'from AMQP')
      t.match(delivery.properties, properties)
      delivery.ack()
      break
    }
    await consumer.settled()
    await consumer.cancel()
    await native.publish('', 'between', new TextEncoder().encode('native'), properties)
    const message = await channel.get('between', { noAck: true })
    if (message === false) throw new Error('the queue is not empty')
    t.equal(text(message), 'native')
    t.match(message.properties, properties)
    await channel.close()
  })

  await t.test('who has no account, or names no vhost that is there, is not let in', async (t) => {
    await t.rejects(connectTo(`amqp://guest:wrong@${address}`), /403|ACCESS/)
    await t.rejects(connectTo(`amqp://${address}/none`), /ConnectionClose/)
  })
})
