// Queues as AMQP knows them, at a member that is alone: those that the server names, that end by
// themselves, that are declared again, deleted under conditions, or have consumers of which one is
// preferred, active or exclusive.
import { tableOf } from '@holdfast/amqp'
import t from 'tap'
import type { LoneAmqpClient } from '../lone-amqp-client.ts'
import { LoneMember } from '../lone-member.ts'

function setUp(): { member: LoneMember; client: LoneAmqpClient } {
  const member = new LoneMember()
  const client = member.connectAmqp()
  return { member, client }
}

/** What a passive declaration says, by a client of its own. */
function look(member: LoneMember, queue: string): string {
  const client = member.connectAmqp()
  client.declare(queue, { passive: true })
  member.pass(300)
  const code = client.wire.closed?.replyCode
  return code === undefined ? (client.heard().at(-1) ?? '') : `${code}`
}

function deliveries(client: LoneAmqpClient): string[] {
  return client.heard().filter((said) => said.startsWith('basic.deliver'))
}

t.test('a queue without a name gets one, and is meant by none after that', async (t) => {
  const { member, client } = setUp()
  client.declare('')
  member.pass(300)
  const first = client.named()
  client.declare('', { arguments: tableOf({ 'x-name-prefix': 'my-' }) })
  member.pass(300)
  const second = client.named()
  t.match(first, /^amq\.gen-/)
  t.match(second, /^my-/)
  client.heard()
  client.publish(second, 'a')
  client.get('')
  member.pass(300)
  t.same(client.heard(), ['basic.get-ok 1 a'])
  t.equal(look(member, first), 'queue.declare-ok 0 0')
})

t.test('a name that begins with amq. is the server’s to give', async (t) => {
  const { member, client } = setUp()
  client.declare('amq.mine')
  member.pass(300)
  t.match(client.wire.closed, { replyCode: 403, replyText: /'amq\.mine' does not exist/ })
})

t.test('an auto-delete queue goes with its last consumer, however that goes', async (t) => {
  for (const isCancelled of [true, false]) {
    const { member, client } = setUp()
    client.declare('brief', { autoDelete: true })
    member.pass(300)
    t.equal(look(member, 'brief'), 'queue.declare-ok 0 0', 'nobody came yet')
    client.consume('brief', 1)
    member.pass(300)
    t.equal(look(member, 'brief'), 'queue.declare-ok 0 1')
    if (isCancelled) client.send({ type: 'basic.cancel', consumerTag: 'c', nowait: false })
    else member.step([client.gone()])
    member.pass(1000)
    t.equal(look(member, 'brief'), '404')
  }
})

t.test('a queue that expires lives while it is declared or got from', async (t) => {
  const { member, client } = setUp()
  const options = { arguments: tableOf({ 'x-expires': 1000 }) }
  client.declare('brief', options)
  for (let i = 0; i < 4; i++) {
    member.pass(700)
    client.get('brief')
  }
  for (let i = 0; i < 3; i++) {
    member.pass(700)
    client.declare('brief', options)
  }
  member.pass(300)
  t.equal(client.wire.closed, null)
  t.equal(look(member, 'brief'), 'queue.declare-ok 0 0')
  member.pass(3000)
  t.equal(look(member, 'brief'), '404', 'to look at it is no use')
})

t.test('a queue is declared again as it is, and not otherwise', async (t) => {
  const { member, client } = setUp()
  const single = { arguments: tableOf({ 'x-single-active-consumer': true }) }
  client.declare('q', single)
  client.declare('q', single)
  member.pass(300)
  t.equal(client.wire.closed, null)
  client.declare('q')
  member.pass(300)
  t.match(client.wire.closed, { replyCode: 406, replyText: /x-single-active-consumer/ })
})

t.test('an exchange is declared again as it is, and not otherwise', async (t) => {
  const { member, client } = setUp()
  const declare = (durable: boolean): void => {
    const flags = { passive: false, autoDelete: false, internal: false, nowait: false }
    const names = { exchange: 'x', kind: 'direct' }
    const rest = { ticket: 0, arguments: new Map(), ...flags }
    client.send({ type: 'exchange.declare', ...names, ...rest, durable })
    member.pass(300)
  }
  declare(false)
  declare(false)
  t.same(client.heard().slice(-2), ['exchange.declare-ok', 'exchange.declare-ok'])
  declare(true)
  t.match(client.wire.closed, { replyCode: 406, replyText: /durable/ })
})

t.test('what this version does not do is refused, and ends the channel only', async (t) => {
  const { member, client } = setUp()
  client.declare('q', { arguments: tableOf({ 'x-consumer-timeout': 3 }) })
  member.pass(300)
  t.match(client.wire.closed, {
    type: 'channel.close',
    replyCode: 406,
    replyText: /x-consumer-timeout/
  })
})

t.test('a queue goes only if it is unused and empty, where that is asked', async (t) => {
  const { member, client } = setUp()
  client.declare('q')
  client.publish('q', 'a')
  member.pass(300)
  const careful = member.connectAmqp()
  careful.delete('q', { ifEmpty: true })
  member.pass(300)
  t.match(careful.wire.closed, { replyCode: 406, replyText: /is not empty/ })
  client.consume('q', 1)
  member.pass(300)
  client.ack(1)
  member.pass(300)
  const polite = member.connectAmqp()
  polite.delete('q', { ifUnused: true })
  member.pass(300)
  t.match(polite.wire.closed, { replyCode: 406, replyText: /has consumers/ })
  client.send({ type: 'basic.cancel', consumerTag: 'c', nowait: false })
  member.pass(300)
  client.delete('q', { ifUnused: true, ifEmpty: true })
  member.pass(300)
  t.equal(client.heard().at(-1), 'queue.delete-ok')
  t.equal(look(member, 'q'), '404')
})

t.test('a consumer of a higher priority comes first, for as long as it has credit', async (t) => {
  const { member, client } = setUp()
  client.declare('q')
  const preferred = member.connectAmqp()
  client.consume('q', 5)
  preferred.consume('q', 2, { arguments: tableOf({ 'x-priority': 3 }) })
  member.pass(300)
  client.publish('q', 'a', 'b', 'c')
  member.pass(300)
  t.same(deliveries(preferred), ['basic.deliver 1 a', 'basic.deliver 2 b'])
  t.same(deliveries(client), ['basic.deliver 1 c'])
})

t.test('one consumer is active at a time, and the next takes over', async (t) => {
  const { member, client } = setUp()
  client.declare('q', { arguments: tableOf({ 'x-single-active-consumer': true }) })
  client.consume('q', 1)
  member.pass(300)
  const next = member.connectAmqp()
  next.consume('q', 5)
  member.pass(300)
  t.equal(next.heard().at(-1), 'basic.consume-ok', 'who waits is a consumer, too')
  client.publish('q', 'a', 'b')
  member.pass(300)
  t.same(deliveries(client), ['basic.deliver 1 a'])
  t.same(deliveries(next), [])
  member.step([client.gone()])
  member.pass(300)
  t.same(deliveries(next).sort(), ['basic.deliver 1 again a', 'basic.deliver 2 b'])
})

t.test('an exclusive consumer is alone', async (t) => {
  const { member, client } = setUp()
  client.declare('q')
  client.consume('q', 1, { exclusive: true })
  member.pass(300)
  const other = member.connectAmqp()
  other.consume('q', 1)
  member.pass(300)
  t.match(other.wire.closed, { replyCode: 403, replyText: /in exclusive use/ })
})

t.test('a passive declaration puts off that a queue expires', async (t) => {
  const { member, client } = setUp()
  client.declare('q', { arguments: tableOf({ 'x-expires': 1000 }) })
  for (let passed = 0; passed < 3; passed++) {
    member.pass(500)
    t.equal(look(member, 'q'), 'queue.declare-ok 0 0')
  }
  member.pass(2000)
  t.equal(look(member, 'q'), '404')
})

t.test('a few messages go round evenly, however they come', async (t) => {
  const { member, client } = setUp()
  const other = member.connectAmqp()
  client.declare('q')
  for (const each of [client, other]) each.consume('q', 0, { noAck: true })
  member.pass(300)
  const publisher = member.connectAmqp()
  for (const bodies of ['a', 'b', 'cdefgh', 'i', 'jk', 'l']) {
    publisher.publish('q', ...bodies)
    member.pass(300)
  }
  t.same([deliveries(client).length, deliveries(other).length], [6, 6])
})

t.test('who asks for a message gets what consumers leave over', async (t) => {
  const { member, client } = setUp()
  client.declare('q')
  client.consume('q', 2)
  member.pass(300)
  client.publish('q', 'a', 'b', 'c')
  client.get('q', true)
  client.get('q', true)
  member.pass(300)
  const heard = client.heard().filter((line) => /deliver|get-/.test(line))
  t.same(heard.sort(), [
    'basic.deliver 1 a',
    'basic.deliver 2 b',
    'basic.get-empty',
    'basic.get-ok 3 c'
  ])
})

t.test('what was given back is there for whatever comes behind it', async (t) => {
  const { member, client } = setUp()
  client.declare('q')
  client.publish('q', 'a')
  client.get('q')
  member.pass(300)
  client.send({ type: 'basic.nack', deliveryTag: 1, multiple: false, requeue: true })
  client.get('q')
  client.send({ type: 'basic.recover', requeue: true })
  client.send({ type: 'queue.purge', ticket: 0, queue: 'q', nowait: false })
  client.get('q')
  member.pass(300)
  t.same(
    client.heard().filter((line) => /get-|purge/.test(line)),
    ['basic.get-ok 1 a', 'basic.get-ok 2 again a', 'queue.purge-ok', 'basic.get-empty']
  )
})

t.test('a queue with a single active consumer has no exclusive ones', async (t) => {
  const { member, client } = setUp()
  client.declare('q', { arguments: tableOf({ 'x-single-active-consumer': true }) })
  client.consume('q', 1, { exclusive: true })
  member.pass(300)
  t.match(client.wire.closed, { replyCode: 403, replyText: /in exclusive use/ })
})
