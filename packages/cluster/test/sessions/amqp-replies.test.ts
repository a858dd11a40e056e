// Direct reply-to between clients of AMQP at a member that is alone.
import { tableOf } from '@holdfast/amqp'
import t from 'tap'
import { change } from '../access/access-fixture.ts'
import type { LoneAmqpClient } from '../lone-amqp-client.ts'
import { LoneMember } from '../lone-member.ts'

const replyTo = 'amq.rabbitmq.reply-to'

/** A client that waits for replies, and has a queue. */
function setUp(): { member: LoneMember; client: LoneAmqpClient } {
  const member = new LoneMember()
  const client = member.connectAmqp()
  client.declare('q')
  client.consume(replyTo, 0, { noAck: true })
  member.pass(500)
  client.heard()
  return { member, client }
}

t.test('a reply goes to the consumer that its address names, and to nobody else', async (t) => {
  const { member, client } = setUp()
  client.wire.publish('', 'q', false, { replyTo }, Buffer.from('?'))
  client.speak()
  member.pass(200)
  client.heard()
  const server = member.connectAmqp()
  server.get('q')
  member.pass(200)
  const address = server.got()?.replyTo ?? ''
  server.publish(address, 'an answer')
  for (const other of [
    `${address}1`,
    address.replace(/.$/, 'f'),
    address.replace('.1.1.', '.1.2.')
  ]) {
    server.publish(other, 'for nobody')
  }
  server.publish(address, 'another')
  member.pass(100)
  t.same(client.heard(), ['basic.deliver 1 an answer', 'basic.deliver 2 another'])
  change(member, { type: 'put-vhost', vhost: 'v', description: '', owner: 'guest' })
  const stranger = member.connectAmqp({ vhost: 'v' })
  stranger.publish(address, 'from another vhost')
  stranger.declare(address, { passive: true })
  member.pass(200)
  t.match(stranger.wire.closed, { replyCode: 404 })
  t.same(client.heard(), [])
  client.send({ type: 'basic.cancel', consumerTag: 'c', nowait: false })
  server.publish(address, 'too late')
  member.pass(100)
  t.same(client.heard(), ['basic.cancel-ok'])
  t.notOk(server.wire.closed, 'a reply that nobody waits for is no mistake')
})

t.test('properties that the address of replies makes too large are refused', async (t) => {
  const { client } = setUp()
  const headers = tableOf({ a: 'x'.repeat(65_498) })
  client.wire.publish('', 'q', false, { replyTo, headers }, new Uint8Array())
  client.speak()
  t.match(client.wire.closed, { replyCode: 502, replyText: /the properties have/ })
})
