// Routing as applications see it, on a real cluster of three nodes: every exchange type, batches
// whose messages go different ways, what is returned, and what is refused.
import { connect } from '@holdfast/client'
import t from 'tap'
import { sharedCluster } from './shared-cluster.ts'
import { take } from './take.ts'

t.setTimeout(280_000)

const utf8 = new TextEncoder()

t.test('messages reach the queues that their exchange says', async (t) => {
  const cluster = await sharedCluster(t)
  const connection = await connect(cluster.clientAddresses())
  t.teardown(() => connection.close())
  const publish = (exchange: string, key: string, body: string, options = {}): Promise<void> =>
    connection.publish(exchange, key, utf8.encode(body), options)
  for (const queue of ['a', 'b', 'spare']) await connection.declareQueue(queue)

  await t.test('topic', async (t) => {
    await connection.declareExchange('events', 'topic')
    await connection.bindQueue('a', 'events', 'order.*')
    await connection.bindQueue('b', 'events', 'order.#')
    const keys = ['order.created', 'order.created.eu', 'order', 'stock']
    await Promise.all(keys.map((key) => publish('events', key, key)))
    t.same(await take(connection, 'a', 1, 100), ['order.created'])
    t.same(await take(connection, 'b', 3, 100), ['order.created', 'order.created.eu', 'order'])
  })

  await t.test('headers: messages of one batch go different ways, in order', async (t) => {
    await connection.declareExchange('by-colour', 'headers')
    await connection.bindQueue('a', 'by-colour', '', { 'x-match': 'all', colour: 'red' })
    await connection.bindQueue('b', 'by-colour', '', { 'x-match': 'any', colour: 'blue', size: 1 })
    const colours = ['red', 'blue', 'red', 'green', 'blue', 'red']
    const sent = colours.map((colour, i) =>
      publish('by-colour', '', `${colour} ${i}`, { headers: { colour } })
    )
    await Promise.all(sent)
    t.same(await take(connection, 'a', 3, 100), ['red 0', 'red 2', 'red 5'])
    t.same(await take(connection, 'b', 2, 100), ['blue 1', 'blue 4'])
  })

  await t.test('what no binding takes goes to the alternate exchange', async (t) => {
    await connection.declareExchange('rest', 'fanout')
    await connection.bindQueue('spare', 'rest', '')
    await connection.declareExchange('picky', 'direct', { alternateExchange: 'rest' })
    await connection.bindQueue('a', 'picky', 'known')
    await Promise.all([publish('picky', 'known', 'one'), publish('picky', 'other', 'two')])
    t.same(await take(connection, 'a', 1, 100), ['one'])
    t.same(await take(connection, 'spare', 1, 100), ['two'])
  })

  await t.test('what reaches no queue is returned if mandatory, confirmed if not', async (t) => {
    await publish('', 'no-such-queue', 'gone')
    const mandatory = { mandatory: true }
    await t.rejects(publish('', 'no-such-queue', 'back', mandatory), { code: 'MESSAGE_UNROUTABLE' })
    await t.rejects(publish('no-such-exchange', '', 'x'), { code: 'EXCHANGE_NOT_FOUND' })
    await connection.declareExchange('inside', 'fanout', { internal: true })
    await t.rejects(publish('inside', '', 'x'), { code: 'EXCHANGE_INTERNAL' })
  })

  await t.test('a queue that was deleted and declared anew takes messages again', async (t) => {
    for (let round = 0; round < 20; round++) {
      await connection.deleteQueue('a')
      await connection.declareQueue('a')
      await publish('', 'a', `round ${round}`, { mandatory: true })
      t.same(await take(connection, 'a', 1, 100), [`round ${round}`])
    }
  })
})
