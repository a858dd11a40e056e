// A queue with a delivery limit at its leader: what consumers are told of it, what a connection
// that ends gives back, and that what leaves is in nobody's way.
import type { ClientEvent, QueueOptions } from '@holdfast/protocol'
import t from 'tap'
import { type LoneClient, LoneMember } from '../lone-member.ts'
import { LedQueue } from './led-queue.ts'

const ways = { tag: 'c', autoAck: false, exclusive: false, priority: 0, resume: null }

function withQueue(options: QueueOptions): { member: LoneMember; operator: LoneClient } {
  const member = new LoneMember()
  const operator = member.connect(99)
  operator.ask({ type: 'declare-queue', name: 'dead', options: {} })
  operator.ask({ type: 'declare-queue', name: 'q', options })
  member.pass(500)
  return { member, operator }
}

function consumer(member: LoneMember, name: number, prefetch: number): LoneClient {
  const client = member.connect(name)
  client.ask({ type: 'consume', queue: 'q', prefetch, ...ways })
  member.pass(200)
  return client
}

/** Offset, attempt and count of each run that came. */
function runs({ events }: LoneClient): number[][] {
  const isRun = (event: ClientEvent) => (event.type === 'deliver' ? [event.run] : [])
  return events.flatMap(isRun).map(({ firstOffset, count, attempt, deliveryCount }) => {
    return [firstOffset, count, attempt, deliveryCount]
  })
}

/** All that is in a queue, whoever has it. */
function left(client: LoneClient, name: string): number {
  const id = client.ask({ type: 'inspect-queue', name })
  const { ready, unsettled } = client.resultTo(id) as { ready: number; unsettled: number }
  return ready + unsettled
}

function release(client: LoneClient, first: number, last: number, attempt: number): void {
  const ranges = [first, last, attempt]
  client.connection.settle({ consumer: 1, outcome: 'released', ranges })
  client.speak()
}

const toDead = { deadLetterExchange: '', deadLetterRoutingKey: 'dead' }

t.test('it is told, counted, and at last taken away', async (t) => {
  const { member, operator } = withQueue({ deliveryLimit: 1, ...toDead })
  const one = consumer(member, 1, 1)
  operator.publish('q', 1, 1)
  member.pass(200)
  for (const attempt of [0, 1]) {
    release(one, 1, 1, attempt)
    member.pass(200)
  }
  operator.publish('q', 2, 1)
  member.pass(200)
  t.same(runs(one), [
    [1, 1, 0, 0],
    [1, 1, 1, 1],
    [2, 1, 0, 0]
  ])
  t.same([left(operator, 'q'), left(operator, 'dead')], [1, 1])
  t.match(member.counters(), { undeliverableDeadLetters: 1, overflowDeadLetters: 0 })
})

t.test('a connection that ends gives back each of many once', async (t) => {
  const { member, operator } = withQueue({ deliveryLimit: 1, ...toDead })
  const many = 5_000
  const one = consumer(member, 1, many)
  operator.publish('q', 1, many)
  member.pass(500)
  t.equal(left(operator, 'q'), many)
  member.step([one.gone()])
  member.pass(500)
  const two = consumer(member, 2, many)
  member.pass(500)
  const given = runs(two)
  t.equal(
    given.reduce((sum, [, count = 0]) => sum + count, 0),
    many
  )
  t.ok(given.every(([, , attempt, count]) => attempt === 1 && count === 1))
  operator.publish('q', many + 1, 1)
  member.pass(200)
  t.equal(left(operator, 'dead'), 0)
  member.step([two.gone()])
  member.pass(5_000)
  t.same([left(operator, 'q'), left(operator, 'dead')], [1, many], 'and spares who came late')
})

t.test('a consumer that stays has room for what comes after what left', async (t) => {
  const { member, operator } = withQueue({ deliveryLimit: 0, maxLength: 1 })
  const one = consumer(member, 1, 3)
  operator.publish('q', 1, 3)
  member.pass(200)
  release(one, 1, 3, 0)
  member.pass(200)
  t.equal(left(operator, 'q'), 0)
  operator.publish('q', 4, 3)
  member.pass(200)
  t.same(
    runs(one).map(([first]) => first),
    [1, 4]
  )
  t.equal(left(operator, 'q'), 3)
})

t.test('what a link lost on the way to a relayed consumer that stays does not count', async (t) => {
  const led = new LedQueue(0)
  led.attach(1)
  led.publish(3)
  led.look()
  t.equal(led.held, 3)
  led.linkDown()
  // The first one had come, and is in the client's hands.
  led.attach(2, [1, 1, 0])
  t.same(
    [1, 2, 3].map((offset) => led.counts(offset)),
    [
      [0, 0],
      [1, 0],
      [1, 0]
    ]
  )
  t.equal(led.held, 3, 'and comes again')
  led.settle(2, 'accepted', [1, 1, 0])
  led.settle(2, 'released', [2, 2, 1])
  t.same(
    [1, 2, 3].map((offset) => led.counts(offset)),
    [null, null, [1, 0]],
    'as a return does'
  )
})

t.test('what a cancelled consumer never saw does not count', async (t) => {
  const led = new LedQueue(0)
  led.attach(1)
  led.publish(1)
  led.look()
  led.settle(1, 'unseen', [1, 1, 0])
  t.same(led.counts(1), [1, 0])
})
