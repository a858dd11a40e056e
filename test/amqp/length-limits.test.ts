// Length limits by amqplib and pika against a cluster of three nodes: acks and nacks as RabbitMQ's,
// what is dropped, what is no limit, and a leader that dies with a full queue.
import { join } from 'node:path'
import { eventually, repositoryRoot } from '@holdfast/testkit'
import { type ConfirmChannel, connect, type Options } from 'amqplib'
import t from 'tap'
import { sharedCluster } from '../cluster/shared-cluster.ts'
import { ClientProgram } from './client-program.ts'
import { hasPackages, pikaPackages, python } from './debian-packages.ts'

t.setTimeout(280_000)

const rejecting = { 'x-overflow': 'reject-publish' }

/** Whether the broker took it: an ack, or a nack. */
function publish(channel: ConfirmChannel, queue: string, body: string): Promise<boolean> {
  return new Promise((resolve) => {
    channel.sendToQueue(queue, Buffer.from(body), {}, (error) => resolve(error === null))
  })
}

t.test('length limits', async (t) => {
  const cluster = await sharedCluster(t)
  const urls = cluster.nodes.map(({ amqp }) => `amqp://guest:guest@${amqp}`)
  const [connection, second] = [await connect(urls[0] ?? ''), await connect(urls[1] ?? '')]
  // Its node may be the one that is killed in the end.
  for (const each of [connection, second]) each.on('error', () => undefined)
  const channel = await connection.createConfirmChannel()
  channel.on('error', () => undefined)
  const there = async (queue: string): Promise<number> =>
    (await channel.checkQueue(queue)).messageCount

  await t.test('a nack arrives for what does not fit, and an ack for all else', async (t) => {
    await channel.assertQueue('few', { maxLength: 3, arguments: rejecting })
    const taken = await Promise.all(
      Array.from({ length: 10 }, (_, at) => publish(channel, 'few', `${at}`))
    )
    t.same(taken, [true, true, true, ...Array.from({ length: 7 }, () => false)])
    t.equal(await there('few'), 3)
    const got = await channel.get('few', { noAck: true })
    t.equal(got === false ? null : `${got.content}`, '0')
    t.equal(await publish(channel, 'few', 'again'), true, 'there is room again')
  })

  await t.test('publishers at several nodes together fill it to the last place', async (t) => {
    await channel.assertQueue('shared', { maxLength: 50, arguments: rejecting })
    const another = await second.createConfirmChannel()
    const taken = await Promise.all(
      Array.from({ length: 120 }, (_, at) =>
        publish(at % 2 === 0 ? channel : another, 'shared', `${at}`)
      )
    )
    t.equal(taken.filter(Boolean).length, 50)
    t.equal(await there('shared'), 50)
    await another.close()
  })

  await t.test('the oldest leave, and go where dead letters go', async (t) => {
    await channel.assertQueue('rest')
    const names = { deadLetterExchange: '', deadLetterRoutingKey: 'rest' }
    await channel.assertQueue('latest', { maxLength: 2, ...names })
    for (const body of ['a', 'b', 'c', 'd', 'e']) t.ok(await publish(channel, 'latest', body))
    t.equal(await there('latest'), 2)
    const left: string[] = []
    await channel.consume('rest', (message) => {
      if (message === null) return
      const [death] = message.properties.headers?.['x-death'] ?? []
      left.push(`${message.content} ${death?.reason} ${death?.queue}`)
      channel.ack(message)
    })
    await eventually('three have arrived', () => left.length === 3)
    t.same(left, ['a maxlen latest', 'b maxlen latest', 'c maxlen latest'])
  })

  await t.test('what is refused is dead-lettered where that is asked', async (t) => {
    await channel.assertQueue('sorry')
    const names = { deadLetterExchange: '', deadLetterRoutingKey: 'sorry' }
    const dead = { 'x-overflow': 'reject-publish-dlx' }
    await channel.assertQueue('one', { maxLength: 1, arguments: dead, ...names })
    const taken = await Promise.all(['a', 'b'].map((body) => publish(channel, 'one', body)))
    t.same(taken, [true, false])
    await eventually('it has arrived', async () => (await there('sorry')) === 1)
    const got = await channel.get('sorry', { noAck: true })
    t.match(got === false ? {} : got.properties.headers?.['x-death']?.[0], { reason: 'maxlen' })
  })

  await t.test('another limit, or what is none, closes the channel with 406', async (t) => {
    const refusal = async (queue: string, options: Options.AssertQueue): Promise<string> => {
      const other = await connection.createChannel()
      other.on('error', () => undefined)
      return other.assertQueue(queue, options).then(() => 'none', String)
    }
    t.match(await refusal('few', { maxLength: 4, arguments: rejecting }), /406.*x-max-length.*few/)
    t.match(await refusal('few', { maxLength: 3 }), /406.*x-overflow.*few/)
    t.match(await refusal('few', {}), /406.*x-max-length.*few/)
    t.equal(await refusal('few', { maxLength: 3, arguments: rejecting }), 'none')
    for (const [name, value] of [
      ['x-max-length', -1],
      ['x-max-length-bytes', 'ten'],
      ['x-overflow', 'drop-tail']
    ] as const) {
      const text = await refusal('other', { arguments: { [name]: value } })
      t.match(text, new RegExp(`406.*${name}`))
    }
  })

  await t.test('pika sees the same', async (t) => {
    if (!hasPackages(t, pikaPackages)) return
    const file = join(repositoryRoot, 'test/amqp/python/limits.py')
    const program = new ClientProgram(t, [python, file, urls[1] ?? ''])
    for (const overflow of ['drop-head', 'held', 'reject-publish', 'reject-publish-dlx']) {
      t.ok(await program.says(`ok ${overflow}`), overflow)
    }
    for (const what of ['declarations', 'transactions']) t.ok(await program.says(`ok ${what}`))
    t.equal(await program.ended, 0)
  })

  await t.test('a full queue is full when its leader has died', async (t) => {
    const leader = (await cluster.admin.queue('shared')).leader ?? 1
    const survivor = urls.find((_, at) => at !== leader - 1) ?? ''
    await cluster.kill(leader)
    const client = await connect(survivor)
    client.on('error', () => undefined)
    const after = await client.createConfirmChannel()
    t.equal(await publish(after, 'shared', 'one more'), false)
    t.ok(await publish(after, 'latest', 'f'))
    // Until the new leader is heard it says nothing, and who asks is told 0.
    for (const [queue, count] of [['shared', 50] as const, ['latest', 2] as const]) {
      const isThere = async () => (await after.checkQueue(queue)).messageCount === count
      await eventually(`${count} are there`, isThere)
    }
    await client.close()
  })
})
