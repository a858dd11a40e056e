// What AMQP clients are told of the server, as the node is set.
import t from 'tap'
import { AmqpSession } from '../../src/sessions/amqp-session.ts'
import { coreWith } from '../part-core.ts'

const end = { remote: '127.0.0.1:4', certificateName: null }
const client = { connection: 7, protocol: 'amqp', ...end } as const

/** What a node with such a setting begins a connection with, as text. */
function greeting(amqpIdentity?: 'self' | 'rabbitmq'): string {
  const core = coreWith()
  Object.assign(core, { options: { ...core.options, amqpIdentity } })
  const session = new AmqpSession(core, client)
  session.receive(new Uint8Array(Buffer.from('AMQP\0\0\t\u0001', 'latin1')))
  session.flush()
  const chunks = core.outputs.flatMap((told) => (told.type === 'client-send' ? told.chunks : []))
  return Buffer.concat(chunks).toString('latin1')
}

t.test('itself', async (t) => {
  for (const told of [greeting(), greeting('self')]) {
    t.match(told, /product.{5}Holdfast/s)
    t.match(told, /version.{5}0\.1\.0/s)
  }
})

t.test('RabbitMQ', async (t) => {
  const told = greeting('rabbitmq')
  t.match(told, /product.{5}RabbitMQ/s)
  t.match(told, /version.{5}4\.1\.0/s)
})
