// Dead letters by amqplib against a cluster of three nodes: headers as RabbitMQ's, an exchange that
// sorts them, a queue for retries, and a leader that dies while they are on their way.
import { eventually } from '@holdfast/testkit'
import { type Channel, type ConsumeMessage, connect } from 'amqplib'
import t from 'tap'
import { sharedCluster } from '../cluster/shared-cluster.ts'

t.setTimeout(280_000)

interface Death {
  readonly queue: string
  readonly reason: string
  readonly count: number
  readonly exchange: string
  readonly 'routing-keys': readonly string[]
  readonly time: { readonly value: number }
}

function deathsOf(message: ConsumeMessage): readonly Death[] {
  return (message.properties.headers?.['x-death'] ?? []) as readonly Death[]
}

t.test('dead letters', async (t) => {
  const cluster = await sharedCluster(t)
  const urls = cluster.nodes.map(({ amqp }) => `amqp://guest:guest@${amqp}`)
  const connection = await connect(urls[0] ?? '')
  // Its node may be the one that is killed in the end.
  connection.on('error', () => undefined)
  const channel = await connection.createConfirmChannel()
  channel.on('error', () => undefined)

  async function collect(on: Channel, queue: string): Promise<ConsumeMessage[]> {
    const got: ConsumeMessage[] = []
    await on.consume(queue, (message) => {
      if (message === null) return
      got.push(message)
      on.ack(message)
    })
    return got
  }

  async function rejectAll(on: Channel, queue: string): Promise<void> {
    await on.consume(queue, (message) => {
      if (message !== null) on.nack(message, false, false)
    })
  }

  await t.test('an exchange sorts them, and headers tell where they come from', async (t) => {
    await channel.assertExchange('graves', 'topic', { durable: true })
    await channel.assertQueue('mails', { deadLetterExchange: 'graves' })
    for (const [queue, key] of [
      ['eu', 'eu.#'],
      ['all', '#']
    ] as const) {
      await channel.assertQueue(queue)
      await channel.bindQueue(queue, 'graves', key)
    }
    await channel.bindQueue('mails', 'amq.direct', 'eu.mail')
    await rejectAll(channel, 'mails')
    const [eu, all] = [await collect(channel, 'eu'), await collect(channel, 'all')]
    const before = Math.floor(Date.now() / 1000)
    channel.publish('amq.direct', 'eu.mail', Buffer.from('m1'), { expiration: '90000' })
    await channel.waitForConfirms()
    await eventually('it is where it goes', () => eu.length === 1 && all.length === 1)
    const [message] = eu
    if (message === undefined) return
    t.equal(`${message.content}`, 'm1')
    t.match(message.fields, { exchange: 'graves', routingKey: 'eu.mail' })
    t.equal(message.properties.expiration, undefined)
    const [death, ...others] = deathsOf(message)
    t.same(others, [])
    t.match(death, { queue: 'mails', reason: 'rejected', count: 1, exchange: 'amq.direct' })
    t.match(death, { 'routing-keys': ['eu.mail'], 'original-expiration': '90000' })
    t.ok(Math.abs((death?.time.value ?? 0) - before) < 60)
    t.match(message.properties.headers, {
      'x-first-death-queue': 'mails',
      'x-first-death-reason': 'rejected',
      'x-first-death-exchange': 'amq.direct',
      'x-last-death-queue': 'mails'
    })
  })

  await t.test('attempts are counted by a queue for retries', async (t) => {
    await channel.assertQueue('jobs', { deadLetterExchange: '', deadLetterRoutingKey: 'retry' })
    await channel.assertQueue('retry', { deadLetterExchange: '', deadLetterRoutingKey: 'jobs' })
    const counts: number[] = []
    await channel.consume('jobs', (message) => {
      if (message === null) return
      const count = deathsOf(message).find(({ queue }) => queue === 'jobs')?.count ?? 0
      counts.push(count)
      if (count < 5) channel.nack(message, false, false)
      else channel.ack(message)
    })
    await rejectAll(channel, 'retry')
    channel.sendToQueue('jobs', Buffer.from('j'))
    await eventually('it was tried six times', () => counts.length === 6)
    t.same(counts, [0, 1, 2, 3, 4, 5])
  })

  await t.test('none is lost, and none comes twice, when a leader dies', async (t) => {
    const names = { deadLetterExchange: '', deadLetterRoutingKey: 'rest' }
    await channel.assertQueue('burst', names)
    await channel.assertQueue('rest')
    const bodies = Array.from({ length: 2_000 }, (_, i) => `${i}`)
    for (const body of bodies) channel.sendToQueue('burst', Buffer.from(body))
    await channel.waitForConfirms()
    const leader = (await cluster.admin.queue('burst')).leader ?? 1
    const survivor = urls.find((_, at) => at !== leader - 1) ?? ''
    const other = await connect(survivor)
    const second = await other.createChannel()
    await second.prefetch(100)
    await rejectAll(second, 'burst')
    await cluster.kill(leader)
    const third = await other.createChannel()
    const got = await collect(third, 'rest')
    await eventually('all have arrived', () => new Set(got.map(textOf)).size === bodies.length)
    const first = got.filter(({ fields }) => !fields.redelivered).map(textOf)
    t.equal(new Set(first).size, first.length, 'what comes unflagged comes once')
    await other.close()
  })
})

function textOf({ content }: ConsumeMessage): string {
  return `${content}`
}
