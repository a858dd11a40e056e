// What a client holds stays its own when the leadership of the queue is handed over, however it got
// it: as a consumer, as one that has been cancelled since, or message by message.
import { eventually } from '@holdfast/testkit'
import { type ConsumeMessage, connect, type GetMessage } from 'amqplib'
import t from 'tap'
import { sharedCluster } from './shared-cluster.ts'

t.setTimeout(280_000)

const queue = 'kept'
const consumed = 5
const moves = 6

t.test('deliveries stay with whom they were made to while leaders move', async (t) => {
  const cluster = await sharedCluster(t)
  const [node, other] = cluster.nodes.map(({ amqp }) => `amqp://guest:guest@${amqp}`)
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

  // Somebody else looks for messages all the time, by a node that is as near to the leader.
  const looking = await connect(`${other}`)
  t.teardown(() => looking.close())
  const look = await looking.createChannel()
  const taken: string[] = []
  await look.consume(queue, (message) => taken.push(`${message?.content}`))

  for (let move = 0; move < moves; move++) {
    const { group, leader: before } = await cluster.admin.queue(queue)
    const others = cluster.nodes.map(({ id }) => id).filter((id) => id !== before)
    const to = others[move % others.length] ?? 1
    await eventually('it leads', async () => {
      const { leader } = await cluster.admin.queue(queue)
      // Refused as long as it has not caught up, or the one before is under way.
      if (leader !== to) await cluster.admin.transfer(group, to).catch(() => undefined)
      return leader === to
    })
    t.equal(await look.get(queue), false, `move ${move}: nobody else gets any`)
  }
  t.same(taken, [])

  for (const message of held) channel.ack(message)
  await channel.close()
  await eventually('all are settled', async () => {
    const { ready, unsettled } = await cluster.admin.queue(queue)
    return ready === 0 && unsettled === 0
  })
  t.same(taken, [], 'and it is told of all of them')
})
