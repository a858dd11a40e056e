// What must not compile. A line that compiles after all is an error of `tsc -b`; running it only
// proves that the mistakes are refused at run time too.
import { type Connection, connect, HoldfastError } from '@holdfast/client'
import t from 'tap'

/** Never called: its body is for the compiler. */
export async function mistakes(connection: Connection): Promise<void> {
  // @ts-expect-error addresses are a list
  await connect('127.0.0.1:7672')
  // @ts-expect-error an option that does not exist
  await connect(['127.0.0.1:7672'], { timeout: 5 })
  // @ts-expect-error a body is bytes or a text
  await connection.publish('', 'orders', { some: 'object' })
  // @ts-expect-error a property that does not exist
  await connection.publish('', 'orders', '', { colour: 'red' })
  // @ts-expect-error a priority is a number
  await connection.publish('', 'orders', '', { priority: 'high' })
  // @ts-expect-error no such kind of exchange
  await connection.declareExchange('events', 'x-random')
  // @ts-expect-error queues are durable
  await connection.declareQueue('orders', { durable: false })
  const consumer = await connection.consume('orders')
  // @ts-expect-error one iterates over it, it is not a promise of a delivery
  await consumer.next()
  for await (const delivery of consumer) {
    // @ts-expect-error what was delivered does not change
    delivery.routingKey = 'other'
    // @ts-expect-error requeue is an option
    delivery.nack(true)
  }
}

t.test('mistakes that do not compile are refused at run time too', async (t) => {
  await t.rejects(connect('127.0.0.1:7672' as never), { code: 'OPTION_INVALID' })
  await t.rejects(connect(['127.0.0.1:7672'], { timeout: 5 } as never), { code: 'OPTION_UNKNOWN' })
  await t.rejects(connect(['127.0.0.1:7672'], { publishWindow: 0 }), { code: 'OPTION_INVALID' })
  await t.rejects(connect(['127.0.0.1:7672'], { vhost: '' }), { code: 'NAME_INVALID' })
  await t.rejects(connect(['127.0.0.1:99999']), { code: 'OPTION_INVALID' })
  t.equal(new HoldfastError('DELIVERY_STALE').row.closes, 'call')
})
