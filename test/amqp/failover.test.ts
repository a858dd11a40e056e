// A leader is killed while AMQP clients of the other nodes publish and consume: nothing confirmed
// is lost, what comes twice is flagged, and whoever is connected to a surviving node keeps
// connection, channel and deliveries.
import { join } from 'node:path'
import { ClusterProcess, eventually, temporaryDirectory } from '@holdfast/testkit'
import { type ChannelModel, type ConsumeMessage, connect } from 'amqplib'
import t, { type Test } from 'tap'

t.setTimeout(280_000)

const queue = 'work'

async function connectTo(t: Test, address: string): Promise<ChannelModel> {
  const connection = await connect(`amqp://${address}`)
  connection.on('error', (error: Error) => t.fail(`the connection broke: ${error.message}`))
  t.teardown(() => connection.close())
  return connection
}

/** Publishes numbers one after the other, a few under way, until it is stopped. */
class Publisher {
  readonly confirmed = new Set<number>()
  #sent = 0
  #isStopped = false
  #idle: () => void = () => undefined

  static async start(t: Test, address: string): Promise<Publisher> {
    const publisher = new Publisher()
    const channel = await (await connectTo(t, address)).createConfirmChannel()
    channel.on('error', (error: Error) => t.fail(`a channel was closed: ${error.message}`))
    const next = (): void => {
      if (publisher.#isStopped) return publisher.#idle()
      const id = publisher.#sent++
      channel.sendToQueue(queue, Buffer.from(`${id}`), { persistent: true }, (error) => {
        if (error === null || error === undefined) publisher.confirmed.add(id)
        else t.fail(`message ${id} was refused: ${error.message}`)
        next()
      })
    }
    for (let i = 0; i < 50; i++) next()
    return publisher
  }

  get isBusy(): boolean {
    return this.confirmed.size < this.#sent
  }

  /** Resolves when every message has its outcome. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await eventually('the outcome of all publishes', () => !this.isBusy, { timeoutMs: 60_000 })
  }

  reach(count: number): Promise<unknown> {
    const isThere = (): boolean => this.confirmed.size >= count
    return eventually(`${count} confirms`, isThere, { timeoutMs: 60_000 })
  }
}

t.test('who is connected to a surviving node notices nothing', async (t) => {
  const data = join(temporaryDirectory(t, 'amqp-failover'), 'data')
  const cluster = await ClusterProcess.start({ data })
  t.teardown(() => cluster.stop())
  const setUp = await connect(`amqp://${cluster.nodes[0]?.amqp}`)
  const declaring = await setUp.createChannel()
  await declaring.assertQueue(queue, { durable: true })
  await setUp.close()
  const { leader } = await cluster.admin.queue(queue)
  const [publishAt, consumeAt] = cluster.nodes.filter(({ id }) => id !== leader)
  const publisher = await Publisher.start(t, publishAt?.amqp ?? '')

  const channel = await (await connectTo(t, consumeAt?.amqp ?? '')).createChannel()
  channel.on('error', (error: Error) => t.fail(`the channel was closed: ${error.message}`))
  await channel.prefetch(100)
  const times = new Map<number, number>()
  const held: ConsumeMessage[] = []
  let isHolding = true
  await channel.consume(queue, (message) => {
    if (message === null) throw new Error('the consumer was cancelled')
    const id = Number(message.content.toString())
    const before = times.get(id) ?? 0
    times.set(id, before + 1)
    if (before > 0) t.ok(message.fields.redelivered, `message ${id} came again, and says so`)
    if (isHolding && held.length < 40) held.push(message)
    else channel.ack(message)
  })
  await publisher.reach(500)
  await eventually('deliveries that are held', () => held.length === 40)

  await cluster.kill(leader ?? 0)
  const before = publisher.confirmed.size
  await publisher.reach(before + 500)
  isHolding = false
  for (const message of held) channel.ack(message)
  await publisher.stop()
  const missing = (): number[] => [...publisher.confirmed].filter((id) => !times.has(id))
  await eventually('all that was confirmed', () => missing().length === 0, { timeoutMs: 30_000 })
  for (const { content } of held) {
    t.equal(times.get(Number(content.toString())), 1, 'what was held came once')
  }
  await eventually('an empty queue', async () => {
    const { ready, unsettled } = await cluster.admin.queue(queue)
    if (ready === 0 && unsettled === 0) return true
    throw new Error(`${ready} are ready, ${unsettled} unsettled`)
  })
})
