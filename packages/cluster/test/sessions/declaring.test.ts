// Declaring through a member: names that it makes, what is equal, and how single active consumers
// and priorities reach a queue.
import type { ClientRequest, QueueOptions } from '@holdfast/protocol'
import t from 'tap'
import { type LoneClient, LoneMember } from '../lone-member.ts'

function consume(fields: { tag?: string; priority?: number; prefetch?: number }): ClientRequest {
  const { tag = 'c', priority = 0, prefetch = 10 } = fields
  const ways = { prefetch, priority, autoAck: false, exclusive: false, resume: null }
  return { type: 'consume', queue: 'q', tag, ...ways }
}

function declared(options: QueueOptions): LoneMember {
  const member = new LoneMember()
  const operator = member.connect(99)
  const asked = operator.ask({ type: 'declare-queue', name: 'q', options })
  member.pass(500)
  t.equal(operator.answerTo(asked), 'done')
  return member
}

function errorTo(client: LoneClient, id: number): unknown {
  return client.events.find((event) => event.type === 'response' && event.requestId === id)
}

t.test('a queue without a name gets one that nobody else has', async (t) => {
  const member = new LoneMember()
  const client = member.connect(1)
  const names = [1, 2].map(() => {
    const id = client.ask({ type: 'declare-queue', name: '', options: {} })
    member.pass(500)
    return (client.resultTo(id) as { name: string }).name
  })
  for (const name of names) t.match(name, /^amq\.gen-[0-9a-z]+-[0-9a-z]+-[0-9a-z]+$/)
  t.not(names[0], names[1])
  const [name = ''] = names
  const again = client.ask({ type: 'declare-queue', name, options: {} })
  member.pass(100)
  t.equal(client.answerTo(again), 'done', 'it exists')
  const other = client.ask({ type: 'declare-queue', name: 'amq.gen-mine', options: {} })
  member.pass(100)
  t.equal(client.answerTo(other), 'NAME_RESERVED')
})

t.test('what was declared with other options is refused, with both values', async (t) => {
  const member = declared({ expiresMs: 60_000 })
  const client = member.connect(1)
  const id = client.ask({ type: 'declare-queue', name: 'q', options: { expiresMs: 5 } })
  member.pass(100)
  t.match(errorTo(client, id), {
    error: { code: 'QUEUE_MISMATCH', details: { field: 'x-expires', found: '60000', asked: '5' } }
  })
  for (const options of [{}, { expiresMs: 60_000, autoDelete: true }]) {
    const asked = client.ask({ type: 'declare-queue', name: 'q', options })
    member.pass(100)
    t.equal(client.answerTo(asked), 'QUEUE_MISMATCH')
  }
})

t.test('the next consumer takes over from the active one, with what that held', async (t) => {
  const member = declared({ singleActiveConsumer: true })
  const [one, two] = [member.connect(1), member.connect(2)]
  one.ask(consume({ prefetch: 2 }))
  t.equal(two.answerTo(two.ask(consume({ priority: 9 }))), 'done', 'it waits its turn')
  one.publish('q', 1, 4)
  member.pass(500)
  t.same([one.delivered.length, two.delivered.length], [2, 0])
  member.step([one.gone()])
  member.pass(500)
  t.same(
    two.delivered.map(({ offset, attempt }) => `${offset}.${attempt}`),
    ['1.1', '2.1', '3.0', '4.0']
  )
})

t.test('a consumer of a higher priority is served first', async (t) => {
  const member = declared({})
  const [low, high] = [member.connect(1), member.connect(2)]
  low.ask(consume({ priority: -1 }))
  high.ask(consume({ priority: 2 ** 31 - 1, prefetch: 3 }))
  low.publish('q', 1, 5)
  member.pass(500)
  t.same([high.delivered.length, low.delivered.length], [3, 2])
})

t.test('an exchange can be looked at, and is missed where it is not', async (t) => {
  const member = new LoneMember()
  const client = member.connect(1)
  const options = { alternateExchange: 'other', internal: true }
  client.ask({ type: 'declare-exchange', name: 'x', kind: 'topic', options })
  member.pass(500)
  const look = (name: string) => {
    const id = client.ask({ type: 'inspect-exchange', name })
    member.pass(200)
    return client.resultTo(id) ?? client.answerTo(id)
  }
  t.same(look('x'), {
    vhost: '/',
    name: 'x',
    kind: 'topic',
    durable: true,
    internal: true,
    autoDelete: false,
    alternateExchange: 'other'
  })
  t.match(look('amq.fanout'), { kind: 'fanout' })
  t.equal(look('none'), 'EXCHANGE_NOT_FOUND')
})
