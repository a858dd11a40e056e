// Priorities as applications see them by the SDK, on a real cluster of three nodes: the order in
// which messages are consumed, those that were given back included, while their leader dies.
import { type Connection, connect } from '@holdfast/client'
import t from 'tap'
import { sharedCluster } from './shared-cluster.ts'
import { take } from './take.ts'

t.setTimeout(280_000)

/** Messages of these priorities, each of which says it and its place. */
async function publish(
  connection: Connection,
  queue: string,
  priorities: readonly number[]
): Promise<string[]> {
  const sent = priorities.map((priority, at) => ({ priority, body: `${priority} ${at}` }))
  await Promise.all(
    sent.map(({ priority, body }) => connection.publish('', queue, body, { priority }))
  )
  return sent.sort((a, b) => b.priority - a.priority).map(({ body }) => body)
}

t.test('priorities by the SDK', async (t) => {
  const cluster = await sharedCluster(t)
  const connection = await connect(cluster.clientAddresses())
  t.teardown(() => connection.close())
  await connection.declareQueue('jobs', { maxPriority: 9 })

  await t.test('the highest comes first, and of it the oldest', async (t) => {
    const expected = await publish(connection, 'jobs', [0, 9, 5, 5, 9, 0, 1])
    t.same(await take(connection, 'jobs', 7, 1), expected)
  })

  await t.test('what is given back has its place again', async (t) => {
    const expected = await publish(connection, 'jobs', [1, 9, 5])
    const consumer = await connection.consume('jobs', { prefetch: 1 })
    const got: [string, boolean][] = []
    for await (const delivery of consumer) {
      got.push([delivery.text(), delivery.redelivered])
      if (got.length === 1) delivery.nack()
      else delivery.ack()
      if (got.length === 4) break
    }
    await consumer.settled()
    await consumer.cancel()
    const [first = '', second = '', third = ''] = expected
    t.same(got, [
      [first, false],
      [first, true],
      [second, false],
      [third, false]
    ])
  })

  await t.test('the order outlives the leader of the queue', async (t) => {
    const priorities = Array.from({ length: 200 }, (_, at) => (at * 7) % 10)
    const expected = await publish(connection, 'jobs', priorities)
    const leader = (await cluster.admin.queue('jobs')).leader ?? 1
    const got = await take(connection, 'jobs', 200, 1, async (taken) => {
      if (taken === 80) await cluster.kill(leader)
    })
    // What was settled when it died may come once more.
    t.same([...new Set(got)], expected)
  })

  await t.test('a length limit drops the lowest; other options are refused', async (t) => {
    await connection.declareQueue('best', { maxPriority: 9, maxLength: 2 })
    await publish(connection, 'best', [5, 0, 8, 1])
    t.same(await take(connection, 'best', 2, 1), ['8 2', '5 0'])
    const other = connection.declareQueue('jobs', { maxPriority: 8 })
    await t.rejects(other, {
      code: 'QUEUE_MISMATCH',
      message: /x-max-priority.*received '8' but current is '9'/
    })
    await t.rejects(connection.declareQueue('x', { maxPriority: 0 }), { code: 'OPTION_INVALID' })
  })
})
