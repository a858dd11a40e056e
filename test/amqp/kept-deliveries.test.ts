// What a client holds stays its own when the leadership of the queue is handed over, however it got
// it: as a consumer that has been cancelled since, or message by message.
import { setTimeout as delay } from 'node:timers/promises'
import { eventually } from '@holdfast/testkit'
import { type ConsumeMessage, connect, type GetMessage } from 'amqplib'
import t from 'tap'
import { sharedCluster } from '../cluster/shared-cluster.ts'

t.setTimeout(280_000)

const queue = 'kept'
const consumed = 5
const moves = 8
/** Between two looks of others. */
const lookMs = 5

t.test('deliveries stay with whom they were made to while leaders move', async (t) => {
  const cluster = await sharedCluster(t)
  const [node, ...others] = cluster.nodes.map(({ amqp }) => `amqp://guest:guest@${amqp}`)
  const connection = await connect(`${node}`)
  t.teardown(() => connection.close())
  const channel = await connection.createConfirmChannel()
  await channel.assertQueue(queue)
  for (let i = 0; i < 2 * consumed; i++) channel.sendToQueue(queue, Buffer.from(`${i}`))
  await channel.waitForConfirms()

  const held: (ConsumeMessage | GetMessage)[] = []
  const take = (message: ConsumeMessage | null): void => {
    if (message !== null) held.push(message)
  }
  await channel.prefetch(consumed)
  const { consumerTag } = await channel.consume(queue, take)
  await eventually('it holds what it may', () => held.length === consumed)
  await channel.cancel(consumerTag)
  for (let i = 0; i < consumed; i++) {
    const message = await channel.get(queue)
    if (message !== false) held.push(message)
  }
  t.equal(held.length, 2 * consumed)

  // Others look for messages all the time, by nodes that may know a new leader sooner.
  const taken: string[] = []
  let isOver = false
  const look = async (url: string): Promise<void> => {
    const looking = await connect(url)
    const looks = await looking.createChannel()
    while (!isOver) {
      const message = await looks.get(queue)
      if (message !== false) taken.push(`${message.content}`)
      else await delay(lookMs)
    }
    await looking.close()
  }
  t.teardown(() => {
    isOver = true
  })
  const looked = Promise.all(others.map(look))

  for (let move = 0; move < moves; move++) {
    const { group, leader: before } = await cluster.admin.queue(queue)
    const ids = cluster.nodes.map(({ id }) => id).filter((id) => id !== before)
    const to = ids[move % ids.length] ?? 1
    await eventually('it leads', async () => {
      const { leader } = await cluster.admin.queue(queue)
      // Refused as long as it has not caught up, or the one before is under way.
      if (leader !== to) await cluster.admin.transfer(group, to).catch(() => undefined)
      return leader === to
    })
    t.same(taken, [], `move ${move}: nobody else gets any`)
  }

  for (const message of held) channel.ack(message)
  await channel.close()
  await eventually('all are settled', async () => {
    const { ready, unsettled } = await cluster.admin.queue(queue)
    return ready === 0 && unsettled === 0
  })
  isOver = true
  await looked
  t.same(taken, [], 'nothing came back')
})
