// Delivery limits by amqplib against a cluster of three nodes: what counts, what is told of it, and
// that it is remembered by the next leader and over a restart.
import { join } from 'node:path'
import { eventually, repositoryRoot } from '@holdfast/testkit'
import { type Channel, connect, type GetMessage } from 'amqplib'
import t from 'tap'
import { sharedCluster } from '../cluster/shared-cluster.ts'
import { ClientProgram } from './client-program.ts'
import { hasPackages, pikaPackages, python } from './debian-packages.ts'

t.setTimeout(280_000)

const toDead = { deadLetterExchange: '', deadLetterRoutingKey: 'dead' }
const limited = (limit: number) => ({ arguments: { 'x-delivery-limit': limit } })

interface Broken {
  readonly stream: { destroy(error: Error): void }
}

/** The next message of a queue, once there is one. */
async function take(channel: Channel, queue: string): Promise<GetMessage> {
  let got: GetMessage | false = false
  await eventually(`${queue} has a message`, async () => {
    got = await channel.get(queue)
    return got !== false
  })
  return got as unknown as GetMessage
}

function countOf({ properties }: GetMessage): number {
  return Number(properties.headers?.['x-delivery-count'] ?? 0)
}

t.test('delivery limits', async (t) => {
  const cluster = await sharedCluster(t)
  const urls = cluster.nodes.map(({ amqp }) => `amqp://guest:guest@${amqp}`)
  const open = async (url = urls[0] ?? '') => {
    const connection = await connect(url)
    // Its node may be the one that is killed.
    connection.on('error', () => undefined)
    const channel = await connection.createConfirmChannel()
    channel.on('error', () => undefined)
    return { connection, channel }
  }
  const { channel } = await open()
  await channel.assertQueue('dead')

  /** The body and the reason of the next dead letter. */
  const death = async (from: Channel): Promise<string> => {
    const letter = await take(from, 'dead')
    from.ack(letter)
    const [last] = letter.properties.headers?.['x-death'] ?? []
    return `${letter.content} ${last?.reason} ${last?.queue} ${last?.count}`
  }

  await t.test('a message comes as often as the limit says, and once more', async (t) => {
    await channel.assertQueue('work', { ...limited(2), ...toDead })
    channel.sendToQueue('work', Buffer.from('poison'))
    const counts: number[] = []
    for (let i = 0; i < 3; i++) {
      const message = await take(channel, 'work')
      counts.push(countOf(message))
      if (i === 1) channel.reject(message, true)
      else channel.nack(message, false, true)
    }
    t.same(counts, [0, 1, 2])
    t.equal(await death(channel), 'poison delivery_limit work 1')
    t.equal((await channel.checkQueue('work')).messageCount, 0)
  })

  await t.test('a connection that dies counts once for each message it held', async (t) => {
    const many = 2_000
    await channel.assertQueue('held', { ...limited(1), ...toDead })
    for (let i = 0; i < many; i++) channel.sendToQueue('held', Buffer.from(`${i}`))
    await channel.waitForConfirms()
    const hold = async (): Promise<void> => {
      const client = await open(urls[1])
      let held = 0
      await client.channel.consume('held', () => {
        held++
      })
      await eventually('it holds all', () => held === many)
      // Its socket breaks, and nobody says goodbye.
      const { connection } = client.connection as unknown as { connection: Broken }
      connection.stream.destroy(new Error('cut'))
    }
    await hold()
    const back = await take(channel, 'held')
    t.equal(countOf(back), 1)
    channel.ack(back)
    await eventually('the rest waits', async () => {
      return (await channel.checkQueue('held')).messageCount === many - 1
    })
    channel.sendToQueue('held', Buffer.from('fresh'))
    await hold()
    await eventually('all that were held twice are dead letters', async () => {
      return (await channel.checkQueue('dead')).messageCount === many - 1
    })
    const fresh = await take(channel, 'held')
    t.same([`${fresh.content}`, countOf(fresh)], ['fresh', 1])
    channel.ack(fresh)
    await channel.purgeQueue('dead')
  })

  await t.test('the next leader knows the count, and does not add to it', async (t) => {
    await channel.assertQueue('kept', { ...limited(2), ...toDead })
    channel.sendToQueue('kept', Buffer.from('kept'))
    channel.nack(await take(channel, 'kept'), false, true)
    const leader = (await cluster.admin.queue('kept')).leader ?? 1
    await cluster.kill(leader)
    const survivor = await open(urls.find((_, at) => at !== leader - 1))
    const again = await take(survivor.channel, 'kept')
    t.equal(countOf(again), 1)
    survivor.channel.nack(again, false, true)
    cluster.restart(leader)
    const last = await take(survivor.channel, 'kept')
    t.equal(countOf(last), 2)
    survivor.channel.nack(last, false, true)
    t.equal(await death(survivor.channel), 'kept delivery_limit kept 1')
    survivor.channel.sendToQueue('kept', Buffer.from('later'))
    survivor.channel.nack(await take(survivor.channel, 'kept'), false, true)
  })

  await t.test('the count survives a restart of all nodes', async (t) => {
    await cluster.waitCaughtUp()
    const ids = cluster.nodes.map(({ id }) => id)
    await Promise.all(ids.map((id) => cluster.kill(id)))
    for (const id of ids) cluster.restart(id)
    await cluster.waitReady()
    const client = await open()
    const later = await take(client.channel, 'kept')
    t.same([`${later.content}`, countOf(later)], ['later', 1])
    client.channel.ack(later)
    await client.connection.close()
  })

  await t.test('pika is told the same', async (t) => {
    if (!hasPackages(t, pikaPackages)) return
    const program = join(repositoryRoot, 'test/amqp/python/delivery_limit.py')
    const client = new ClientProgram(t, [python, program, `${urls[0]}/`])
    for (const line of ['count 0', 'count 1', 'dead poison delivery_limit']) {
      t.ok(await client.says(line), line)
    }
    t.equal(await client.ended, 0)
  })
})
