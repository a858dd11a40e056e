// Dead letters at a member that is alone: to other shards, many at once, in order; kept until the
// queue that they go to has them, and brought there again.
import { tableOf } from '@holdfast/amqp'
import t from 'tap'
import type { QueueStatus } from '../../src/status.ts'
import type { LoneAmqpClient } from '../lone-amqp-client.ts'
import { LoneMember } from '../lone-member.ts'

interface SetUp {
  readonly member: LoneMember
  readonly client: LoneAmqpClient
}

/** Queue `work` sends its dead letters to `dead`, of another shard or of its own. */
function setUp(shards: number): SetUp {
  const member = new LoneMember(shards)
  const client = member.connectAmqp()
  const names = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'dead' }
  client.declare('work', { arguments: tableOf(names) })
  client.declare('dead')
  member.pass(300)
  client.heard()
  return { member, client }
}

function status(member: LoneMember, name: string): QueueStatus {
  member.admin({ type: 'inspect-queue', vhost: '/', name })
  member.pass(300)
  const { answered } = member
  if (answered === null || typeof answered === 'string' || answered.type !== 'queue') {
    throw new Error(`answered ${answered}`)
  }
  return answered.queue
}

/** Publishes this many, and rejects them all in one step. */
function rejectMany({ member, client }: SetUp, count: number): void {
  client.consume('work', 0)
  client.publish('work', ...Array.from({ length: count }, (_, i) => `${i}`))
  member.pass(500)
  client.heard()
  client.send({ type: 'basic.nack', deliveryTag: 0, multiple: true, requeue: false })
}

/** Bodies that are delivered from a queue. */
function drain({ member, client }: SetUp, queue: string): string[] {
  const bodies: string[] = []
  for (let left = 3_000; left > 0; left--) {
    client.get(queue, true)
    member.pass(100)
    const [said = ''] = client.heard()
    if (!said.startsWith('basic.get-ok')) break
    bodies.push(said.split(' ').at(-1) ?? '')
  }
  return bodies
}

for (const shards of [1, 8]) {
  t.test(`all of a burst arrive, in order; shards: ${shards}`, async (t) => {
    const set = setUp(shards)
    rejectMany(set, 600)
    set.member.pass(2_000)
    t.match(status(set.member, 'work'), { ready: 0, unsettled: 0, deadLetters: 0, bytes: 0 })
    t.equal(status(set.member, 'dead').ready, 600)
    set.client.consume('dead', 0, { consumerTag: 'd' })
    set.member.pass(500)
    const bodies = set.client.heard().flatMap((said) => {
      return said.startsWith('basic.deliver') ? [said.split(' ').at(-1)] : []
    })
    t.same(
      bodies,
      Array.from({ length: 600 }, (_, i) => `${i}`)
    )
  })
}

t.test('they wait where they are while nothing can be committed', async (t) => {
  const set = setUp(8)
  const { member, client } = set
  client.publish('work', 'a')
  member.pass(300)
  client.get('work')
  member.pass(300)
  client.heard()
  client.send({ type: 'basic.reject', deliveryTag: 1, requeue: false })
  member.hold()
  member.pass(2_000)
  member.release()
  member.pass(1_000)
  t.equal(status(member, 'work').deadLetters, 0)
  t.same(drain(set, 'dead'), ['a'], 'once')
})

t.test('a purge, or the end of their queue, is their end', async (t) => {
  const set = setUp(8)
  const { member, client } = set
  rejectMany(set, 50)
  member.pass(1_000)
  client.send({ type: 'queue.purge', ticket: 0, queue: 'work', nowait: false })
  client.delete('work')
  member.pass(1_000)
  t.equal(status(member, 'dead').ready, 50, 'what had arrived stays')
})
