// Exclusive queues at a member that is alone: who may use them, and that they end with their
// connection, whatever is under way. Those of nodes that are no more are in lost-nodes.test.ts.
import { tableOf } from '@holdfast/amqp'
import type { ClientRequest } from '@holdfast/protocol'
import t from 'tap'
import { replicaOf } from '../../src/consensus/replica-id.ts'
import { times } from '../../src/limits.ts'
import type { LoneAmqpClient } from '../lone-amqp-client.ts'
import { type LoneClient, LoneMember } from '../lone-member.ts'
import { coreWith, pass } from '../part-core.ts'

const ways = { ticket: 0, nowait: false } as const
const binding = { exchange: 'amq.fanout', routingKey: '', arguments: new Map() }

/** Whatever somebody else may try. */
const uses: Readonly<Record<string, (client: LoneAmqpClient) => void>> = {
  'a passive declaration': (client) => client.declare('mine', { passive: true }),
  'a declaration': (client) => client.declare('mine'),
  'an exclusive declaration': (client) => client.declare('mine', { exclusive: true }),
  'a consumer': (client) => client.consume('mine', 1),
  'a get': (client) => client.get('mine'),
  'a deletion': (client) => client.delete('mine'),
  'a purge': (client) => client.send({ type: 'queue.purge', queue: 'mine', ...ways }),
  'a binding': (client) => client.send({ type: 'queue.bind', queue: 'mine', ...binding, ...ways }),
  'an unbinding': (client) =>
    client.send({ type: 'queue.unbind', queue: 'mine', ticket: 0, ...binding })
}

function setUp(): { member: LoneMember; owner: LoneAmqpClient } {
  const member = new LoneMember()
  const owner = member.connectAmqp()
  owner.declare('mine', { exclusive: true })
  member.pass(300)
  return { member, owner }
}

/** What an operator is told of the queue: that it is there, or the code of the refusal. */
function look(member: LoneMember): string {
  const told = member.admin({ type: 'inspect-queue', vhost: '/', name: 'mine' })
  member.pass(200)
  return typeof told === 'string' ? told : 'there'
}

function codeOf({ wire }: LoneAmqpClient): number | null {
  return wire.closed?.replyCode ?? null
}

t.test('its own connection uses it as any other queue', async (t) => {
  const { member, owner } = setUp()
  owner.heard()
  owner.declare('mine', { exclusive: true, durable: false })
  owner.send({ type: 'queue.bind', queue: 'mine', ...binding, ...ways })
  owner.consume('mine', 1)
  owner.publish('mine', 'a')
  member.pass(500)
  owner.declare('mine', { passive: true })
  member.pass(200)
  t.same(owner.heard(), [
    'queue.declare-ok 0 0',
    'queue.bind-ok',
    'basic.qos-ok',
    'basic.consume-ok',
    'basic.deliver 1 a',
    'queue.declare-ok 0 1'
  ])
})

for (const [name, use] of Object.entries(uses)) {
  t.test(`${name} by another connection is refused with 405`, async (t) => {
    const { member, owner } = setUp()
    const other = member.connectAmqp()
    use(other)
    member.pass(300)
    t.match(other.wire.closed, { replyCode: 405, replyText: /^RESOURCE_LOCKED - queue 'mine'/ })
    owner.get('mine')
    member.pass(300)
    t.equal(owner.heard().at(-1), 'basic.get-empty', 'its own is not disturbed')
  })
}

t.test('anybody may publish to it', async (t) => {
  const { member, owner } = setUp()
  member.connectAmqp().publish('mine', 'a')
  member.pass(300)
  owner.get('mine')
  member.pass(300)
  t.equal(owner.heard().at(-1), 'basic.get-ok 1 a')
})

t.test(
  'it ends with its connection, not with a channel, and with what it is bound by',
  async (t) => {
    const { member, owner } = setUp()
    owner.send({ type: 'queue.bind', queue: 'mine', ...binding, ...ways })
    owner.send({ type: 'channel.close', replyCode: 200, replyText: '', classId: 0, methodId: 0 })
    member.pass(500)
    t.equal(look(member), 'there')
    member.step([owner.gone()])
    member.pass(300)
    t.equal(look(member), 'QUEUE_NOT_FOUND')
  }
)

t.test('a client that has closed may have the name again at once', async (t) => {
  const { member, owner } = setUp()
  owner.heard()
  member.hold()
  owner.wire.close()
  owner.speak()
  member.pass(1000)
  t.same(owner.heard(), [], 'it is not told that all has ended')
  member.release()
  member.pass(100)
  t.same(owner.heard(), ['connection.close-ok'])
  t.equal(look(member), 'QUEUE_NOT_FOUND')
})

t.test('a client that has closed does not wait for ever', async (t) => {
  const { member, owner } = setUp()
  owner.heard()
  member.hold()
  owner.wire.close()
  owner.speak()
  member.pass(6000)
  t.same(owner.heard(), ['connection.close-ok'])
  member.release()
  member.pass(1000)
  t.equal(look(member), 'QUEUE_NOT_FOUND')
})

t.test('who comes after a broken connection is not refused for its sake', async (t) => {
  const { member, owner } = setUp()
  member.hold()
  member.step([owner.gone()])
  const next = member.connectAmqp()
  next.declare('mine', { exclusive: true })
  member.release()
  member.pass(1000)
  t.equal(codeOf(next), null)
  t.equal(next.heard().at(-1), 'queue.declare-ok 0 0')
  t.equal(look(member), 'there')
})

t.test(
  'a declaration that is in the log after its connection has ended leaves nothing',
  async (t) => {
    const member = new LoneMember()
    const owner = member.connectAmqp()
    member.hold()
    owner.declare('mine', { exclusive: true })
    member.pass(200)
    member.step([owner.gone()])
    member.release()
    member.pass(1000)
    t.equal(look(member), 'QUEUE_NOT_FOUND')
  }
)

t.test('what the metadata does not delete is asked for again, until it is gone', async (t) => {
  const asked: unknown[] = []
  const owner = { replica: replicaOf(1, 1), process: 2048, connection: 7, client: 'c' }
  const left = [{ owner, queues: [{ id: 5, vhost: '/', name: 'mine' }] }]
  const core = coreWith({
    sessions: { isOpen: () => false },
    gateway: { isOpen: true, epoch: 2048 },
    metadata: {
      machine: { topology: { ownedQueues: { of: () => left } } },
      submit: ({ queue }: { queue: number }, answer: (result: object) => void) => {
        asked.push(queue)
        answer({ error: { code: 'UNAVAILABLE' } })
      }
    }
  })
  const later = (): void => {
    pass(core, times.retryMs)
    core.timers.tick()
    core.exclusiveQueues.flush()
  }
  core.exclusiveQueues.flush()
  for (let count = 0; count < 2; count++) later()
  t.same(asked, [5, 5, 5])
  left.length = 0
  for (let count = 0; count < 2; count++) later()
  t.equal(asked.length, 3)
})

t.test('it may be named by the server, and end with its last consumer', async (t) => {
  const member = new LoneMember()
  const owner = member.connectAmqp()
  owner.declare('', { exclusive: true, autoDelete: true, durable: false })
  member.pass(300)
  const name = owner.named()
  t.match(name, /^amq\.gen-/)
  owner.consume('', 1)
  member.pass(300)
  owner.send({ type: 'basic.cancel', consumerTag: 'c', nowait: false })
  member.pass(1000)
  owner.declare(name, { passive: true })
  member.pass(300)
  t.equal(codeOf(owner), 404)
})

t.test('what is exclusive does not become shared, nor the other way round', async (t) => {
  const { member, owner } = setUp()
  owner.declare('mine', { arguments: tableOf({}) })
  member.pass(300)
  t.match(owner.wire.closed, { replyCode: 405, replyText: /it is exclusive/ })
  const other = member.connectAmqp()
  other.declare('shared')
  other.declare('shared', { exclusive: true })
  member.pass(300)
  t.match(other.wire.closed, { replyCode: 405, replyText: /it is not exclusive/ })
})

t.test('operators look at it, and take nothing from it', async (t) => {
  const { member } = setUp()
  t.equal(look(member), 'there')
  for (const type of ['purge-queue', 'delete-queue'] as const) {
    t.equal(member.admin({ type, vhost: '/', name: 'mine' }), 'QUEUE_LOCKED')
  }
})

const declareMine: ClientRequest = {
  type: 'declare-queue',
  name: 'mine',
  options: { exclusive: true }
}

function answered(member: LoneMember, client: LoneClient, request: ClientRequest): string | null {
  const id = client.ask(request)
  member.pass(500)
  return client.answerTo(id)
}

t.test('a native client uses it on all of its connections, and loses it with one', async (t) => {
  const member = new LoneMember()
  const [one, two, other] = [member.connect(1), member.connect(1), member.connect(2)]
  t.equal(answered(member, one, declareMine), 'done')
  const rest = { prefetch: 1, autoAck: false, exclusive: false, priority: 0, resume: null }
  const consume = { type: 'consume', queue: 'mine', tag: 'c', ...rest } as const
  t.equal(answered(member, two, consume), 'done')
  for (const request of [consume, declareMine, { type: 'locate-queue', name: 'mine' }] as const) {
    t.equal(answered(member, other, request), 'QUEUE_LOCKED')
  }
  member.step([one.gone()])
  member.pass(500)
  t.equal(look(member), 'QUEUE_NOT_FOUND')
  t.match(two.events.at(-1), { type: 'cancelled', error: { code: 'QUEUE_NOT_FOUND' } })
})

t.test('a native client that declares it on another connection has a new one', async (t) => {
  const member = new LoneMember()
  const [one, two] = [member.connect(1), member.connect(1)]
  t.equal(answered(member, one, declareMine), 'done')
  one.publish('mine', 1, 1)
  member.pass(300)
  t.same([answered(member, two, declareMine), answered(member, two, declareMine)], ['done', 'done'])
  const asked = two.ask({ type: 'inspect-queue', name: 'mine' })
  member.pass(300)
  t.match(two.resultTo(asked), { ready: 0 })
  member.step([one.gone()])
  member.pass(500)
  t.equal(look(member), 'there')
})
