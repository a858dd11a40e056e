// Priorities by amqplib and pika against a cluster of three nodes: the order in which messages are
// consumed, when they go back too, when a leader dies, and when the whole cluster is started again.
import { join } from 'node:path'
import { eventually, repositoryRoot } from '@holdfast/testkit'
import { type ConfirmChannel, connect, type GetMessage } from 'amqplib'
import t from 'tap'
import { sharedCluster } from '../cluster/shared-cluster.ts'
import { ClientProgram } from './client-program.ts'
import { hasPackages, pikaPackages, python } from './debian-packages.ts'

t.setTimeout(280_000)

const names = ['low', 'middle', 'high']

/** Bodies tell the priority, and the place among those that have it. */
async function fill(channel: ConfirmChannel, queue: string, count: number): Promise<string[]> {
  const sent = Array.from({ length: count }, (_, at) => ({
    priority: (at * 7) % 3,
    body: `${names[(at * 7) % 3]} ${at}`
  }))
  for (const { priority, body } of sent) channel.sendToQueue(queue, Buffer.from(body), { priority })
  await channel.waitForConfirms()
  return sent.sort((a, b) => b.priority - a.priority).map(({ body }) => body)
}

async function takeAll(channel: ConfirmChannel, queue: string): Promise<GetMessage[]> {
  const taken: GetMessage[] = []
  for (;;) {
    const message = await channel.get(queue, { noAck: true })
    if (message === false) return taken
    taken.push(message)
  }
}

const bodies = (messages: readonly GetMessage[]): string[] => {
  return messages.map(({ content }) => `${content}`)
}

t.test('priorities', async (t) => {
  const cluster = await sharedCluster(t)
  const urls = cluster.nodes.map(({ amqp }) => `amqp://guest:guest@${amqp}`)
  const open = async (url = ''): Promise<ConfirmChannel> => {
    const connection = await connect(url)
    connection.on('error', () => undefined)
    return await connection.createConfirmChannel()
  }
  const channel = await open(urls[0])
  channel.on('error', () => undefined)

  await t.test('a consumer gets the highest first, and of these the oldest', async (t) => {
    await channel.assertQueue('ranked', { maxPriority: 2 })
    const expected = await fill(channel, 'ranked', 200)
    const got: string[] = []
    await channel.prefetch(1)
    const { consumerTag } = await channel.consume('ranked', (message) => {
      if (message === null) return
      got.push(`${message.content}`)
      channel.ack(message)
    })
    await eventually('all have come', () => got.length === 200)
    t.same(got, expected)
    await channel.cancel(consumerTag)
  })

  await t.test('what goes back is before what is lower, and flagged', async (t) => {
    const expected = await fill(channel, 'ranked', 9)
    const first = await channel.get('ranked')
    if (first === false) throw new Error('nothing is there')
    t.equal(`${first.content}`, expected[0])
    channel.nack(first)
    const all = await takeAll(channel, 'ranked')
    t.same(bodies(all), expected)
    t.same(
      all.map(({ fields }) => fields.redelivered),
      expected.map((_, at) => at === 0)
    )
  })

  await t.test('pika', async (t) => {
    if (!hasPackages(t, pikaPackages)) return
    const program = join(repositoryRoot, 'test/amqp/python/priorities.py')
    const client = new ClientProgram(t, [python, program, ...urls])
    t.equal(await client.ended, 0, client.lines.join('\n'))
    t.match(client.lines, ['ok order', 'ok returned', 'ok dropped', 'ok refused'])
  })

  await t.test('the order outlives a leader, and nothing else is flagged', async (t) => {
    const expected = await fill(channel, 'ranked', 60)
    const held = await channel.get('ranked')
    if (held === false) throw new Error('nothing is there')
    const leader = (await cluster.admin.queue('ranked')).leader ?? 1
    await cluster.kill(leader)
    const after = await open(urls[leader % 3])
    if (leader === 1) {
      // Its client is gone, and what it held is back.
      const all = await takeAll(after, 'ranked')
      t.same(bodies(all), expected)
      t.equal(all.filter(({ fields }) => fields.redelivered).length, 1)
    } else {
      t.same(bodies(await takeAll(after, 'ranked')), expected.slice(1))
      channel.ack(held)
    }
    cluster.restart(leader)
    await cluster.waitReady()
  })

  await t.test('and a restart of all nodes', async (t) => {
    const before = await open(urls[1])
    const expected = await fill(before, 'ranked', 60)
    for (const { id } of cluster.nodes) await cluster.kill(id)
    for (const { id } of cluster.nodes) cluster.restart(id)
    await cluster.waitReady()
    const all = await takeAll(await open(urls[0]), 'ranked')
    t.same(bodies(all), expected)
    t.notOk(all.some(({ fields }) => fields.redelivered))
  })
})
