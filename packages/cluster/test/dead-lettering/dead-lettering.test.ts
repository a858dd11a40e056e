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

/** Bodies that are delivered from a queue, to a client of its own: others are silent too long. */
function drain({ member }: SetUp, queue: string): string[] {
  const client = member.connectAmqp()
  client.consume(queue, 0)
  member.pass(500)
  return client.heard().flatMap((said) => {
    return said.startsWith('basic.deliver') ? [said.split(' ').at(-1) ?? ''] : []
  })
}

for (const shards of [1, 8]) {
  t.test(`all of a burst arrive, in order; shards: ${shards}`, async (t) => {
    const set = setUp(shards)
    rejectMany(set, 600)
    set.member.pass(2_000)
    t.match(status(set.member, 'work'), { ready: 0, unsettled: 0, deadLetters: 0, bytes: 0 })
    t.equal(status(set.member, 'dead').ready, 600)
    t.same(
      drain(set, 'dead'),
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

/** Nothing can be published, and two messages are rejected. */
function stuck(): SetUp {
  const set = setUp(8)
  const { member, client } = set
  client.consume('work', 0)
  client.publish('work', 'a', 'b')
  member.pass(300)
  disk(member, 0)
  client.send({ type: 'basic.nack', deliveryTag: 0, multiple: true, requeue: false })
  member.pass(3_000)
  return set
}

function disk(member: LoneMember, freeBytes: number): void {
  member.step([{ type: 'disk', freeBytes, totalBytes: 2 ** 40 }])
}

t.test('what a shard refuses is brought to it again, and counted as waiting', async (t) => {
  const set = stuck()
  const { member } = set
  t.match(status(member, 'work'), { ready: 0, unsettled: 0, deadLetters: 2 })
  t.match(member.counters(), { rejectedDeadLetters: 2, waitingDeadLetters: 2 })
  disk(member, 2 ** 39)
  member.pass(2_000)
  t.equal(status(member, 'work').deadLetters, 0)
  t.match(member.counters(), { waitingDeadLetters: 0, droppedDeadLetters: 0 })
  t.same(drain(set, 'dead').sort(), ['a', 'b'])
})

t.test('a purge, or the end of their queue, is their end', async (t) => {
  for (const type of ['purge-queue', 'delete-queue'] as const) {
    const set = stuck()
    const { member } = set
    member.admin({ type, vhost: '/', name: 'work' })
    member.pass(500)
    t.equal(member.counters().waitingDeadLetters, 0)
    disk(member, 2 ** 39)
    member.pass(2_000)
    t.same(drain(set, 'dead'), [], type)
  }
})

t.test('what no queue takes is dropped, and counted', async (t) => {
  const { member, client } = setUp(1)
  client.declare('lost', { arguments: tableOf({ 'x-dead-letter-exchange': 'none' }) })
  client.consume('lost', 0)
  client.publish('lost', 'a', 'b')
  member.pass(300)
  client.send({ type: 'basic.nack', deliveryTag: 0, multiple: true, requeue: false })
  member.pass(1_000)
  t.match(member.counters(), { droppedDeadLetters: 2, waitingDeadLetters: 0, returnedMessages: 0 })
})

t.test('what expires back into its own queue goes round no second time', async (t) => {
  const { member, client } = setUp(1)
  const names = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'loop' }
  client.declare('loop', { arguments: tableOf({ ...names, 'x-message-ttl': 50 }) })
  client.publish('loop', 'a')
  member.pass(2_000)
  t.match(status(member, 'loop'), { ready: 0, deadLetters: 0 })
  t.match(member.counters(), { expiredDeadLetters: 1, droppedDeadLetters: 1 })
})
