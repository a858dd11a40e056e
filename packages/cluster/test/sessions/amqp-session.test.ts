// Clients of AMQP at a member that is alone and leads all queues: what they ask for, publish, are
// given, and hold.
import { tableOf } from '@holdfast/amqp'
import { encodeRecord } from '@holdfast/record'
import t from 'tap'
import { limits } from '../../src/limits.ts'
import type { LoneAmqpClient } from '../lone-amqp-client.ts'
import { LoneMember } from '../lone-member.ts'

function setUp(): { member: LoneMember; client: LoneAmqpClient } {
  const member = new LoneMember()
  const client = member.connectAmqp()
  client.declare('q')
  member.pass(500)
  client.heard()
  return { member, client }
}

t.test('a declared queue takes what is published, and tells', async (t) => {
  const { member, client } = setUp()
  client.send({ type: 'confirm.select', nowait: false })
  client.publish('q', 'a', 'b', 'c')
  member.pass(100)
  t.same(client.heard(), ['confirm.select-ok', 'basic.ack 3 multiple'])
  client.declare('q')
  member.pass(100)
  t.same(client.heard(), ['queue.declare-ok 3 0'])
})

t.test('a consumer gets as much as its prefetch, and the rest as it settles', async (t) => {
  const { member, client } = setUp()
  client.publish('q', 'a', 'b', 'c')
  client.consume('q', 2)
  member.pass(200)
  const consuming = ['basic.qos-ok', 'channel.open-ok', 'basic.consume-ok']
  t.same(
    client.heard().filter((said) => !consuming.includes(said)),
    ['basic.deliver 1 a', 'basic.deliver 2 b']
  )
  client.ack(2, true)
  member.pass(100)
  t.same(client.heard(), ['basic.deliver 3 c'])
})

t.test('what a client held when it left comes again, flagged', async (t) => {
  const { member, client } = setUp()
  client.publish('q', 'a')
  client.consume('q', 1)
  member.pass(200)
  member.step([client.gone()])
  member.pass(200)
  const other = member.connectAmqp()
  other.consume('q', 1)
  member.pass(200)
  t.match(other.heard().at(-1), 'basic.deliver 1 again a')
})

t.test('a consumer that is cancelled keeps what it holds', async (t) => {
  const { member, client } = setUp()
  client.publish('q', 'a', 'b')
  client.consume('q', 1)
  member.pass(200)
  client.heard()
  client.send({ type: 'basic.cancel', consumerTag: 'c', nowait: false })
  member.pass(200)
  t.same(client.heard(), ['basic.cancel-ok'])
  client.declare('q')
  member.pass(100)
  t.same(client.heard(), ['queue.declare-ok 1 0'], 'it is no consumer any more')
  client.ack(1)
  member.pass(100)
  client.get('q')
  member.pass(100)
  client.get('q')
  member.pass(100)
  t.same(client.heard(), ['basic.get-ok 2 b', 'basic.get-empty'], 'what was acked does not return')
})

t.test('what was got is settled, or goes back with its channel', async (t) => {
  const { member, client } = setUp()
  client.publish('q', 'a', 'b', 'c')
  for (let i = 0; i < 2; i++) {
    client.get('q')
    member.pass(200)
  }
  client.get('q', true)
  member.pass(200)
  t.same(client.heard(), ['basic.get-ok 1 a', 'basic.get-ok 2 b', 'basic.get-ok 3 c'])
  client.ack(1)
  client.send({ type: 'basic.nack', deliveryTag: 2, multiple: false, requeue: true })
  member.pass(100)
  client.get('q')
  member.pass(200)
  t.same(client.heard(), ['basic.get-ok 4 again b'])
  const close = { replyCode: 200, replyText: '', classId: 0, methodId: 0 }
  client.send({ type: 'channel.close', ...close })
  member.pass(100)
  t.same(client.heard(), ['channel.close-ok'])
  const other = member.connectAmqp()
  other.get('q')
  member.pass(200)
  t.equal(other.heard().at(-1), 'basic.get-ok 1 again b')
})

t.test('deliveries that need no ack are settled as they go out', async (t) => {
  const { member, client } = setUp()
  client.publish('q', 'a', 'b')
  client.consume('q', 1, { noAck: true })
  member.pass(200)
  t.same(client.heard().slice(-2), ['basic.deliver 1 a', 'basic.deliver 2 b'])
  client.declare('q')
  member.pass(100)
  t.same(client.heard(), ['queue.declare-ok 0 1'])
})

t.test('what is asked for after a publish sees what was published', async (t) => {
  const { member, client } = setUp()
  member.hold()
  client.publish('q', 'a', 'b')
  client.declare('q', { passive: true })
  client.get('q', true)
  const close = { replyCode: 200, replyText: '', classId: 0, methodId: 0 }
  client.send({ type: 'channel.close', ...close })
  member.pass(100)
  t.same(client.heard(), [], 'it is not on the disk yet')
  member.release()
  member.pass(500)
  const answers = ['queue.declare-ok 2 0', 'basic.get-ok 1 a', 'channel.close-ok']
  t.same(client.heard(), answers)
})

t.test('what is published before the connection is closed is not lost', async (t) => {
  const { member, client } = setUp()
  member.hold()
  client.publish('q', 'a', 'b')
  const close = { replyCode: 200, replyText: '', classId: 0, methodId: 0 }
  client.send({ type: 'connection.close', ...close })
  member.release()
  member.pass(500)
  const other = member.connectAmqp()
  other.declare('q', { passive: true })
  member.pass(300)
  t.equal(other.heard().at(-1), 'queue.declare-ok 2 0')
})

t.test('a slow client holds up its own deliveries only', async (t) => {
  const { member, client } = setUp()
  const large = 'x'.repeat(400_000)
  client.publish('q', large, large, large, large, large, large)
  client.consume('q', 0)
  member.pass(500)
  const first = client.heard().length
  t.ok(first < 6, `${first} went out`)
  member.step([{ type: 'client-drained', connection: client.id, bytes: 0 }])
  member.pass(200)
  t.ok(client.heard().length > 0, 'it goes on when the client reads')
})

t.test('what the limit of a channel holds back is not taken', async (t) => {
  const { member, client } = setUp()
  const limitTo = (prefetchCount: number): void => {
    client.send({ type: 'basic.qos', prefetchSize: 0, prefetchCount, global: true })
    member.step([{ type: 'client-drained', connection: client.id, bytes: 0 }])
    member.pass(500)
  }
  client.consume('q', 0)
  limitTo(1)
  client.heard()
  const large = 'x'.repeat(400_000)
  client.publish('q', large, large, large, large, large, large)
  limitTo(1)
  const [ready = 0] = look(member)
  t.ok(ready > 0, 'what does not fit waits in the queue')
  t.equal(client.heard().length, 2, 'the answer to the limit, and one delivery')
  limitTo(0)
  limitTo(0)
  t.same(look(member), [0, 1])
})

/** How many messages are ready in the queue, and how many consumers it has. */
function look(member: LoneMember): number[] {
  const other = member.connectAmqp()
  other.declare('q')
  member.pass(100)
  return other.heard().at(-1)?.split(' ').slice(1).map(Number) ?? []
}

t.test('what clients left behind that are gone counts until it is decided', async (t) => {
  const { member, client } = setUp()
  member.hold()
  const body = 'x'.repeat(1_000_000)
  for (let left = limits.publishCreditBytesMax; left >= 0; left -= body.length) {
    const guest = member.connectAmqp()
    guest.publish('q', body)
    member.step([guest.gone()])
  }
  t.notOk(member.paused.has(client.id), 'who has nothing under way is heard')
  client.publish('q', 'x')
  t.ok(member.paused.has(client.id))
  member.release()
  member.pass(3_000)
  t.notOk(member.paused.has(client.id))
})

t.test('a consumer is told that its queue is gone', async (t) => {
  const { member, client } = setUp()
  client.consume('q', 1)
  member.pass(200)
  client.heard()
  const other = member.connectAmqp()
  other.delete('q')
  member.pass(500)
  t.equal(other.heard().at(-1), 'queue.delete-ok')
  t.same(client.heard(), ['basic.cancel'])
})

t.test('what does not exist yet is refused in clear words', async (t) => {
  const { member, client } = setUp()
  client.declare('mine', { arguments: tableOf({ 'x-consumer-timeout': 5 }) })
  member.pass(100)
  t.match(client.wire.closed, { replyCode: 406, replyText: /'x-consumer-timeout' of a queue/ })
})

t.test('what all transactions of a node hold is bounded, also on their way', async (t) => {
  const member = new LoneMember()
  const size = 8_000_000
  const clients = Array.from({ length: 5 }, () => {
    const client = member.connectAmqp()
    client.declare('q')
    client.send({ type: 'tx.select' })
    return client
  })
  member.pass(500)
  member.hold()
  for (const client of clients) {
    for (let i = 0; i < 2; i++) client.publish('q', 'x'.repeat(size))
    client.send({ type: 'tx.commit' })
  }
  const closed = clients.map(({ wire }) => wire.closed?.replyCode ?? 0)
  t.same(closed, [0, 0, 0, 0, 506], `${limits.transactionsBytesMax} bytes`)
  member.release()
  member.pass(1_000)
  const [first] = clients
  t.equal(first?.heard().at(-1), 'tx.commit-ok')
  for (let i = 0; i < 2; i++) first?.publish('q', 'x'.repeat(size))
  first?.send({ type: 'tx.rollback' })
  t.equal(first?.heard().at(-1), 'tx.rollback-ok', 'there is room again')
})

t.test('who leaves after its commit leaves the memory of it to others only later', async (t) => {
  const { member, client } = setUp()
  member.hold()
  const largest = 'x'.repeat(16_000_000)
  for (let i = 0; i < 4; i++) {
    const leaving = member.connectAmqp()
    leaving.send({ type: 'tx.select' })
    leaving.publish('q', largest)
    leaving.send({ type: 'tx.commit' })
    member.step([leaving.gone()])
  }
  // Published and committed within one step, it is never seen as gathered.
  const quick = member.connectAmqp()
  quick.wire.send({ type: 'tx.select' })
  quick.wire.publish('', 'q', false, {}, new Uint8Array(5_000_000))
  quick.send({ type: 'tx.commit' })
  t.equal(quick.wire.closed?.replyCode, 506)
  const small = member.connectAmqp()
  for (const each of [client, small]) each.send({ type: 'tx.select' })
  client.publish('q', largest)
  t.equal(client.wire.closed?.replyCode, 506)
  small.publish('q', 'x')
  small.send({ type: 'tx.commit' })
  t.notOk(small.wire.closed, 'it has no part in that')
  member.release()
  member.pass(1_000)
  t.equal(small.heard().at(-1), 'tx.commit-ok')
  small.publish('q', largest)
  small.send({ type: 'tx.commit' })
  member.pass(1_000)
  t.equal(small.heard().at(-1), 'tx.commit-ok', 'there is room again')
  t.same(look(member), [6, 0])
})

t.test('headers that AMQP has no room for do not come, first or again', async (t) => {
  const { member, client } = setUp()
  const native = member.connect(1)
  const headers = { a: Array.from({ length: 13_200 }, () => 1) }
  const blob = encodeRecord({ headers, messageId: 'm' }, Buffer.from('a'))
  const way = { exchange: '', routingKey: 'q', mandatory: false, first: true, count: 1 }
  native.connection.publish({ ...way, firstSequence: 1, lowestUnconfirmed: 1, blob })
  native.speak()
  client.consume('q', 1)
  member.pass(200)
  t.equal(client.heard().at(-1), 'basic.deliver 1 a')
  client.send({ type: 'basic.nack', deliveryTag: 1, multiple: false, requeue: true })
  member.pass(200)
  t.match(client.got(), { messageId: 'm', headers: { 'x-delivery-count': 1 } })
  t.equal(client.heard().at(-1), 'basic.deliver 2 again a')
})
