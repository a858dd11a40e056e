// Length limits as applications see them by the SDK, on a real cluster of three nodes: what is
// refused fails with its reason, one by one, and what is dropped is confirmed and gone.
import { type Connection, connect, HoldfastError } from '@holdfast/client'
import t from 'tap'
import { sharedCluster } from './shared-cluster.ts'
import { take } from './take.ts'

t.setTimeout(280_000)

const utf8 = new TextEncoder()

/** Publishes all in one turn; the code of what failed, or null, for each. */
async function outcomes(
  connection: Connection,
  [exchange, key]: readonly [string, string],
  bodies: readonly string[]
): Promise<(string | null)[]> {
  const sent = bodies.map((body) => connection.publish(exchange, key, utf8.encode(body)))
  const settled = await Promise.allSettled(sent)
  return settled.map((each) => {
    return each.status === 'fulfilled' ? null : HoldfastError.from(each.reason).code
  })
}

t.test('length limits by the SDK', async (t) => {
  const cluster = await sharedCluster(t)
  const connection = await connect(cluster.clientAddresses())
  t.teardown(() => connection.close())
  const overflow = 'reject-publish'

  await t.test('of one batch, what fits is taken, and each of the rest fails', async (t) => {
    await connection.declareQueue('few', { maxLength: 2, overflow })
    const failed = await outcomes(connection, ['', 'few'], ['a', 'b', 'c', 'd'])
    t.same(failed, [null, null, 'QUEUE_FULL', 'QUEUE_FULL'])
    await t.rejects(connection.publish('', 'few', utf8.encode('e')), {
      code: 'QUEUE_FULL',
      details: { queue: 'few', vhost: '/' },
      message: /'few' in vhost '\/' is full/
    })
    t.same(await take(connection, 'few', 2, 1), ['a', 'b'])
    t.same(await outcomes(connection, ['', 'few'], ['f']), [null], 'there is room again')
  })

  await t.test('bodies that are too large together are refused; others take them', async (t) => {
    await connection.declareQueue('small', { maxLengthBytes: 10, overflow })
    await connection.declareQueue('all')
    await connection.declareExchange('both', 'fanout')
    for (const queue of ['small', 'all']) await connection.bindQueue(queue, 'both', '')
    const failed = await outcomes(connection, ['both', ''], ['1234567', '8901', '890'])
    t.same(failed, [null, 'QUEUE_FULL', null])
    t.same(await take(connection, 'small', 2, 1), ['1234567', '890'])
    t.same(await take(connection, 'all', 3, 1), ['1234567', '8901', '890'])
  })

  await t.test('a queue that drops confirms all, and has the newest', async (t) => {
    await connection.declareQueue('latest', { maxLength: 2 })
    t.same(await outcomes(connection, ['', 'latest'], ['a', 'b', 'c']), [null, null, null])
    t.same(await take(connection, 'latest', 2, 1), ['b', 'c'])
  })

  await t.test('what is no limit is refused, and so is another than before', async (t) => {
    const invalid = [{ maxLength: -1 }, { maxLengthBytes: 0.5 }, { overflow: 'drop-tail' }]
    for (const options of invalid) {
      await t.rejects(connection.declareQueue('x', options as object), { code: 'OPTION_INVALID' })
    }
    const other = connection.declareQueue('few', { maxLength: 3, overflow })
    await t.rejects(other, { code: 'QUEUE_MISMATCH' })
  })
})
