// Messages that expire, at a leader: by log time, anywhere in the queue, and not while they are in
// somebody's hands.
import type { QueueOptions } from '@holdfast/protocol'
import t from 'tap'
import { times } from '../../src/limits.ts'
import { type LoneClient, LoneMember } from '../lone-member.ts'
import { coreWith } from '../part-core.ts'

const ways = { autoAck: false, exclusive: false, priority: 0, resume: null }

function withQueue(options: QueueOptions = {}): { member: LoneMember; operator: LoneClient } {
  const member = new LoneMember()
  const operator = member.connect(99)
  operator.ask({ type: 'declare-queue', name: 'q', options })
  member.pass(500)
  return { member, operator }
}

function consume(client: LoneClient, prefetch = 10): void {
  client.ask({ type: 'consume', queue: 'q', tag: 'c', prefetch, ...ways })
}

function settle(client: LoneClient, outcome: 'accepted' | 'released', offset: number): void {
  client.connection.settle({ consumer: 1, outcome, ranges: [offset, offset, 0] })
  client.speak()
}

function ready(client: LoneClient): unknown {
  const id = client.ask({ type: 'inspect-queue', name: 'q' })
  return (client.resultTo(id) as { ready: number }).ready
}

const offsetsOf = (client: LoneClient): number[] => client.delivered.map(({ offset }) => offset)

t.test('a message lives as long as its queue says, and leaves within 100 ms', async (t) => {
  const { member, operator } = withQueue({ messageTtlMs: 1_000 })
  operator.publish('q', 1, 3)
  member.pass(1_000)
  t.equal(ready(operator), 3)
  member.pass(100)
  t.equal(ready(operator), 0)
})

t.test('a message in the middle of a queue expires at its own time', async (t) => {
  const { member, operator } = withQueue({ messageTtlMs: 60_000 })
  operator.publish('q', 1, 2)
  operator.publish('q', 3, 2, { expiration: '700' })
  operator.publish('q', 5, 2, { expiration: '4294967295' })
  member.pass(800)
  t.equal(ready(operator), 4)
  const one = member.connect(1)
  consume(one)
  t.same(offsetsOf(one), [1, 2, 5, 6])
})

t.test(
  'what a consumer holds expires when it comes back, and is not delivered again',
  async (t) => {
    const { member, operator } = withQueue({ messageTtlMs: 500 })
    const one = member.connect(1)
    consume(one)
    operator.publish('q', 1, 3)
    member.pass(2_000)
    t.same(offsetsOf(one), [1, 2, 3])
    settle(one, 'accepted', 1)
    t.ok(
      one.events.some(({ type }) => type === 'settled'),
      'it was held'
    )
    settle(one, 'released', 2)
    member.pass(200)
    t.same(offsetsOf(one), [1, 2, 3])
    member.step([one.gone()])
    member.pass(3_000)
    t.equal(ready(operator), 0)
  }
)

t.test('what comes back keeps its deadline', async (t) => {
  const { member, operator } = withQueue({ messageTtlMs: 1_000 })
  const one = member.connect(1)
  consume(one)
  operator.publish('q', 1, 1)
  member.pass(800)
  settle(one, 'released', 1)
  t.same(one.delivered[1], { offset: 1, attempt: 1 })
  member.step([one.gone()])
  member.pass(100)
  t.equal(ready(operator), 1)
  member.pass(200)
  t.equal(ready(operator), 0)
})

t.test('without time to live a message is delivered at once, or never', async (t) => {
  const { member, operator } = withQueue({ messageTtlMs: 0 })
  const one = member.connect(1)
  consume(one, 2)
  member.pass(100)
  operator.publish('q', 1, 3)
  t.same(offsetsOf(one), [1, 2])
  member.pass(200)
  settle(one, 'accepted', 1)
  operator.publish('q', 4, 1)
  t.same(offsetsOf(one), [1, 2, 4])
})

t.test('what is due is not handed out while the log stands still', async (t) => {
  const { member, operator } = withQueue()
  const one = member.connect(1)
  consume(one, 1)
  operator.publish('q', 1, 1)
  operator.publish('q', 2, 1, { expiration: '300' })
  operator.publish('q', 3, 1)
  member.hold()
  member.pass(400)
  settle(one, 'accepted', 1)
  t.same(offsetsOf(one), [1, 3])
  member.release()
  member.pass(200)
  t.equal(ready(operator), 0)
})

t.test('where a clock was wrong, what was passed over and not named is seen again', async (t) => {
  const rewound: number[] = []
  const answers: ((reply: object) => void)[] = []
  let isDue = true
  const machine = {
    tellDueAgain: () => undefined,
    takeDue: () => (isDue ? [{ queue: 7, ranges: [1, 1] }] : [])
  }
  const core = coreWith({
    groups: { shardHost: () => ({ machine }), shard: () => ({ nextTimeMs: 1_000 }) },
    shards: { propose: (_: number, __: object, done: () => void) => answers.push(done) > 0 },
    deliveries: { rewind: (group: number) => rewound.push(group) }
  })
  core.expiry.leadershipChanged(1, true)
  core.expiry.flush()
  isDue = false
  answers[0]?.({ type: 'expired', messages: 0, early: [{ queue: 7, ranges: [1, 1] }] })
  t.same(rewound, [1])
})

t.test('what waits behind a limit of its channel expires when it comes back', async (t) => {
  const { member, operator } = withQueue({ messageTtlMs: 500 })
  const client = member.connectAmqp()
  client.consume('q', 1)
  client.consume('q', 1, { consumerTag: 'd' })
  client.send({ type: 'basic.qos', prefetchSize: 0, prefetchCount: 1, global: true })
  client.publish('q', 'x', 'y')
  member.pass(1_000)
  t.equal(client.heard().at(-1), 'basic.deliver 1 x')
  client.send({ type: 'basic.cancel', consumerTag: 'd', nowait: false })
  member.pass(200)
  t.equal(client.heard().at(-1), 'basic.cancel-ok')
  t.equal(ready(operator), 0)
})

t.test('a get finds nothing where all is due', async (t) => {
  const { member } = withQueue({ messageTtlMs: 200 })
  const client = member.connectAmqp()
  client.publish('q', 'x')
  member.hold()
  member.pass(300)
  client.get('q')
  member.release()
  t.equal(client.heard().at(-1), 'basic.get-empty')
})

t.test('a node rests until a message is nearly due', async (t) => {
  const { member, operator } = withQueue({ messageTtlMs: 3_000 })
  operator.publish('q', 1, 1)
  t.ok(member.longestRestMs(2_000) > times.tickMs)
  member.pass(700)
  t.equal(member.longestRestMs(200), times.tickMs)
})
