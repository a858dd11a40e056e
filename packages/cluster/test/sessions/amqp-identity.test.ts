// What AMQP clients are told of the server, as the node is set.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { amqpIdentities } from '../../src/sessions/amqp-identity.ts'
import { AmqpSession } from '../../src/sessions/amqp-session.ts'
import { coreWith } from '../part-core.ts'

const end = { remote: '127.0.0.1:4', certificateName: null }
const client = { connection: 7, protocol: 'amqp', ...end } as const

/** What a node with such a setting begins a connection with, as text. */
function greeting(amqpIdentity?: 'rabbitmq' | 'self'): string {
  const core = coreWith()
  Object.assign(core, { options: { ...core.options, amqpIdentity } })
  const session = new AmqpSession(core, client)
  session.receive(new Uint8Array(Buffer.from('AMQP\0\0\t\u0001', 'latin1')))
  session.flush()
  const chunks = core.outputs.flatMap((told) => (told.type === 'client-send' ? told.chunks : []))
  return Buffer.concat(chunks).toString('latin1')
}

t.test('RabbitMQ, unless it is set otherwise, on Holdfast', async (t) => {
  for (const told of [greeting(), greeting('rabbitmq')]) {
    t.match(told, /product.{5}RabbitMQ/s)
    t.match(told, /version.{5}4\.1\.0/s)
    t.match(told, /platform.{5}Holdfast 0\.1\.0/s)
    t.match(told, /information.{5}Holdfast 0\.1\.0, /s)
  }
})

t.test('itself', async (t) => {
  const told = greeting('self')
  t.match(told, /product.{5}Holdfast/s)
  t.match(told, /version.{5}0\.1\.0/s)
  t.match(told, /platform.{5}Holdfast 0\.1\.0/s)
})

t.test('by the version of this package', async (t) => {
  const path = new URL(import.meta.resolve('@holdfast/cluster/package.json'))
  const { version } = JSON.parse(readFileSync(path, 'utf8')) as { readonly version: string }
  t.equal(amqpIdentities.self.version, version)
  for (const { platform } of Object.values(amqpIdentities)) t.equal(platform, `Holdfast ${version}`)
})
