// What a client of AMQP may do: who is let in and where, what each method needs, and that a right
// is gone once its end is answered.
import { type AmqpRequest, tableOf } from '@holdfast/amqp'
import t from 'tap'
import { type Need, needsOfAmqpRequest } from '../../src/access/needs.ts'
import { LoneAmqpClient } from '../lone-amqp-client.ts'
import { LoneMember } from '../lone-member.ts'
import { change, makeAgain, permit, putUser } from './access-fixture.ts'

const far = '192.0.2.7:4'
const flags = { durable: true, exclusive: false, autoDelete: false, internal: false }
const options = { ...flags, arguments: {} }
const binding = { bindingKey: 'k', arguments: {} }
const consume = { tag: 't', prefetch: 1, autoAck: false, exclusive: false, priority: 0 }
const replies = 'amq.rabbitmq.reply-to.1.2.3.0123456789abcdef012345=='

/** What no method of the native protocol says likewise. */
const table: readonly (readonly [AmqpRequest, readonly string[]])[] = [
  [{ type: 'declare-queue', name: 'q', options }, ['configure queue q']],
  [{ type: 'declare-queue', name: '', options }, []],
  [
    {
      type: 'declare-queue',
      name: 'q',
      options: { ...options, arguments: { 'x-dead-letter-exchange': 'x' } }
    },
    ['configure queue q', 'read queue q', 'write exchange x']
  ],
  [{ type: 'inspect-queue', name: 'q' }, []],
  [
    {
      type: 'declare-exchange',
      name: 'y',
      kind: 'direct',
      options: { ...options, arguments: { 'alternate-exchange': 'x' } }
    },
    ['configure exchange y', 'read exchange y', 'write exchange x']
  ],
  [{ type: 'inspect-exchange', name: 'x' }, []],
  [
    { type: 'bind-queue', queue: 'q', exchange: 'x', ...binding },
    ['write queue q', 'read exchange x']
  ],
  [{ type: 'consume', queue: 'q', ...consume, arguments: {} }, ['read queue q']],
  [{ type: 'get', queue: 'q', autoAck: true }, ['read queue q']],
  [{ type: 'purge-queue', name: 'q' }, ['read queue q']],
  [{ type: 'consume-replies', tag: 't' }, []],
  [{ type: 'cancel', consumer: 1 }, []]
]

const inWords = ({ right, resource, name }: Need): string => `${right} ${resource} ${name}`

t.test('each request needs what the same method of RabbitMQ does', async (t) => {
  for (const [request, expected] of table) {
    t.same(needsOfAmqpRequest(request).map(inWords), expected, request.type)
  }
})

/** A member with user ann, whose rights these are, and her client, with a channel. */
function setUp(...rights: readonly [string, string, string]): {
  member: LoneMember
  client: LoneAmqpClient
} {
  const member = new LoneMember()
  const owner = member.connectAmqp()
  owner.declare('q')
  owner.publish('q', 'a', 'b')
  member.pass(300)
  putUser(member, 'ann')
  permit(member, 'ann', rights)
  return { member, client: member.connectAmqp({ user: 'ann' }, far) }
}

t.test('guest comes from this machine only, others from anywhere', async (t) => {
  const member = new LoneMember()
  t.equal(member.connectAmqp().wire.isOpen, true)
  t.equal(member.connectAmqp({}, far).wire.isOpen, false)
  putUser(member, 'ann')
  permit(member, 'ann', ['.*', '.*', '.*'])
  t.equal(member.connectAmqp({ user: 'ann' }, far).wire.isOpen, true)
})

t.test('who is made again before it opens its vhost is not let in for another', async (t) => {
  const member = new LoneMember()
  putUser(member, 'ann')
  permit(member, 'ann', ['.*', '.*', '.*'])
  const clients: LoneAmqpClient[] = []
  const id = member.plugAmqp((chunk) => clients[0]?.take(chunk))
  const client = new LoneAmqpClient(member, id, { user: 'ann' })
  clients.push(client)
  client.speak()
  member.verified(true)
  makeAgain(member, 'ann')
  client.speak()
  t.match(client.wire.closed, { replyCode: 530, replyText: /no access to vhost '\/'/ })
  t.equal(member.connectAmqp({ user: 'ann' }).wire.isOpen, true)
})

t.test('a vhost that is not there, or not for this user, is refused', async (t) => {
  const member = new LoneMember()
  putUser(member, 'ann')
  const ann = member.connectAmqp({ user: 'ann' })
  t.match(ann.wire.closed, { replyCode: 530, replyText: /no access to vhost '\/'/ })
  const lost = member.connectAmqp({ vhost: 'nowhere' })
  t.match(lost.wire.closed, { replyCode: 530, replyText: /no vhost 'nowhere'/ })
})

t.test('users are bounded in their connections and channels', async (t) => {
  const { member, client } = setUp('', '', '')
  t.equal(client.wire.isOpen, true)
  const bound = { type: 'set-user-limit', user: 'ann', value: 1 } as const
  change(member, { ...bound, limit: 'max-connections' })
  const second = member.connectAmqp({ user: 'ann' })
  t.match(second.wire.closed, { replyCode: 530, replyText: /has 1 connections/ })
  change(member, { ...bound, value: null, limit: 'max-connections' })
  change(member, { ...bound, limit: 'max-channels' })
  const third = member.connectAmqp({ user: 'ann' })
  t.match(third.wire.closed, { replyCode: 530, replyText: /has 1 channels/ })
})

t.test('what a user may not do ends the channel', async (t) => {
  const { member, client } = setUp('', '', '')
  client.get('q')
  member.pass(300)
  const replyText = /user 'ann' may not read queue 'q' in vhost '\/'/
  t.match(client.wire.closed, { type: 'channel.close', replyCode: 403, replyText })
})

t.test('a name that the server makes is subject to patterns like any other', async (t) => {
  for (const [pattern, isAllowed] of [
    ['^my-', true],
    ['^your-', false]
  ] as const) {
    const { member, client } = setUp(pattern, '', '.*')
    client.declare('', { arguments: tableOf({ 'x-name-prefix': 'my-' }) })
    member.pass(300)
    t.equal(client.wire.closed === null, isAllowed)
  }
})

t.test('a publish needs write on its exchange, also one that is a reply', async (t) => {
  for (const key of ['q', replies]) {
    const { member, client } = setUp('', '', '.*')
    client.publish(key, 'c')
    member.pass(300)
    const replyText = /may not write exchange ''/
    t.match(client.wire.closed, { type: 'channel.close', replyCode: 403, replyText }, key)
  }
})

t.test('a consumer ends when it may read no more, and what it held goes back', async (t) => {
  const { member, client } = setUp('', '', '.*')
  client.consume('q', 5)
  member.pass(300)
  t.same(client.heard().slice(-2), ['basic.deliver 1 a', 'basic.deliver 2 b'])
  permit(member, 'ann', ['', '', ''])
  member.pass(300)
  t.same(client.heard(), ['basic.cancel'])
  const owner = member.connectAmqp()
  owner.get('q')
  member.pass(300)
  t.equal(owner.heard().at(-1), 'basic.get-ok 1 again a')
})

t.test('a consumer whose right goes while it attaches is refused', async (t) => {
  const { member, client } = setUp('', '', '.*')
  member.hold()
  member.admin({
    type: 'change-access',
    command: { type: 'set-permission', user: 'ann', vhost: '/', configure: '', write: '', read: '' }
  })
  client.consume('q', 5)
  t.notOk(client.heard().includes('basic.consume-ok'))
  member.release()
  member.pass(500)
  t.match(client.wire.closed, { replyCode: 403, replyText: /may not read queue 'q'/ })
})

t.test('a user that is deleted loses its connections', async (t) => {
  const { member, client } = setUp('.*', '.*', '.*')
  change(member, { type: 'delete-user', user: 'ann' })
  member.pass(300)
  t.match(client.wire.closed, { replyCode: 320, replyText: /user 'ann' was deleted/ })
})
