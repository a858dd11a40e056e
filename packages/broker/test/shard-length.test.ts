// Length limits in the machine of a shard: exact after every entry, decided by what was applied.
import { encodeRecord } from '@holdfast/record'
import t from 'tap'
import {
  encodeEntryBatch,
  encodePublishSection,
  encodeTransactionSection,
  type LengthLimit,
  type PublishSection,
  type QueueSettings,
  type SectionReply,
  ShardMachine
} from '../src/index.ts'
import { plainSettings } from '../src/queue/settings.ts'
import { consumer, producer, ShardFixture } from './shard-fixture.ts'

const full = { type: 'refused', code: 'QUEUE_FULL', details: { queue: 'q1', vhost: '/' } } as const
const accepted = { type: 'accepted', missing: [] } as const

/** Queues 1, 2 … with these limits. */
function withQueues(...all: readonly Partial<QueueSettings>[]): ShardFixture {
  const shard = new ShardFixture()
  const changes = all.map((settings, at) => ({
    type: 'create-queue' as const,
    cursor: at + 1,
    queue: at + 1,
    vhost: '/',
    name: `q${at + 1}`,
    settings: { ...plainSettings, ...settings }
  }))
  shard.command({ type: 'topology', upTo: all.length, changes })
  return shard
}

function limit(
  messages: number | null,
  overflow: LengthLimit['overflow'] = 'drop-head',
  bytes: number | null = null
): Partial<QueueSettings> {
  return { lengthLimit: { messages, bytes, overflow } }
}

/** Messages with bodies of these sizes. */
function bodies(...sizes: readonly number[]): Pick<PublishSection, 'count' | 'blob'> {
  const records = sizes.map((size) => encodeRecord({ messageId: 'm' }, new Uint8Array(size)))
  return { count: sizes.length, blob: new Uint8Array(Buffer.concat(records)) }
}

function reserve(shard: ShardFixture, mark: number, take: number[] = [], free: number[] = []) {
  return shard.command({ type: 'reserve-messages', queue: 1, mark, take, free })
}

function settle(shard: ShardFixture, outcome: 'accepted' | 'released', ...ranges: number[]) {
  return shard.command({ type: 'settle', queue: 1, consumer, outcome, ranges })
}

/** What a replica is that takes over from a snapshot. */
function restored(shard: ShardFixture): ShardMachine {
  const { manifest, newBlobs } = shard.machine.snapshot()
  return ShardMachine.restore(manifest, new Map(newBlobs.map(({ id, bytes }) => [id, bytes])))
}

t.test('the oldest leave in the entry that is too much', async (t) => {
  const shard = withQueues(limit(2))
  shard.publish(1)
  shard.publish(3)
  t.same(shard.offsets(1), [3, 4])
  t.match(shard.effects.at(-1), { type: 'left', reason: 'maxlen', ranges: [1, 2] })
  shard.publish(5)
  t.same(shard.offsets(1), [8, 9], 'some of it may be too much at once')
  const none = withQueues(limit(0))
  t.same(none.publish(2), accepted)
  t.same(none.offsets(1), [])
})

t.test('bodies count, and nothing else of a message', async (t) => {
  const shard = withQueues(limit(null, 'drop-head', 10))
  shard.publish(3, bodies(4, 4, 2))
  t.same(shard.offsets(1), [1, 2, 3])
  shard.publish(1, bodies(5))
  t.same(shard.offsets(1), [3, 4])
  shard.publish(3, bodies(1, 11, 0))
  t.same(shard.offsets(1), [7], 'one that is larger leaves with all before it')
})

t.test('both limits hold', async (t) => {
  const shard = withQueues({ lengthLimit: { messages: 2, bytes: 10, overflow: 'drop-head' } })
  shard.publish(3, bodies(1, 1, 1))
  t.same(shard.offsets(1), [2, 3])
  shard.publish(1, bodies(10))
  t.same(shard.offsets(1), [4])
})

t.test('what is dropped is dead-lettered, the oldest first', async (t) => {
  const shard = withQueues({ ...limit(1), deadLetter: { exchange: '', routingKey: 'dead' } })
  shard.publish(3)
  const dead = shard.machine.queue(1)?.dead
  const first = dead?.next(1)
  const second = dead?.next((first?.number ?? 0) + 1)
  t.same([first?.reason, second?.reason, dead?.count], ['maxlen', 'maxlen', 2])
  t.ok((first?.position ?? 0) < (second?.position ?? 0))
})

t.test('what is reserved does not count, and is not dropped', async (t) => {
  const shard = withQueues(limit(1))
  reserve(shard, 2)
  shard.publish(4)
  t.same(shard.offsets(1), [1, 2, 4], 'two were reserved before they came')
  reserve(shard, 4)
  shard.publish(1)
  t.same(shard.offsets(1), [1, 2, 4, 5])
  reserve(shard, 3)
  t.same(shard.offsets(1), [1, 2, 5], 'what nobody has room for counts again')
})

t.test('what comes back is ready, or takes the place of one that would have come', async (t) => {
  const shard = withQueues(limit(1))
  reserve(shard, 3)
  shard.publish(3)
  settle(shard, 'released', 1, 3, 0)
  t.same(shard.offsets(1), [3], 'the oldest leave, though they were the first to come back')
  t.equal(shard.machine.queue(1)?.isOut(3), false)
  reserve(shard, 3, [3, 3])
  t.equal(shard.machine.queue(1)?.isOut(3), true)
  const idle = withQueues(limit(1))
  reserve(idle, 5)
  idle.publish(3)
  settle(idle, 'released', 1, 3, 0)
  t.same(idle.offsets(1), [1, 2, 3], 'two are for who has room')
  t.same(
    [1, 2, 3].map((offset) => idle.machine.queue(1)?.isOut(offset)),
    [true, true, false]
  )
  t.equal(idle.machine.queue(1)?.mark, 3)
  reserve(idle, 3, [], [1, 2])
  t.same(idle.offsets(1), [3], 'and leave when it has not any longer')
})

t.test('what nobody claims is ready after a change of leader', async (t) => {
  const shard = withQueues(limit(1))
  reserve(shard, 3)
  shard.publish(3)
  shard.command({ type: 'return-unclaimed', queue: 1, claimed: [2, 2] })
  t.same(shard.offsets(1), [2, 3])
  t.same(
    [2, 3].map((offset) => shard.machine.queue(1)?.isOut(offset)),
    [true, false]
  )
})

t.test('a queue refuses what does not fit, and takes what does', async (t) => {
  const shard = withQueues(limit(2, 'reject-publish', 10))
  t.same(shard.publish(1, bodies(5)), accepted)
  t.same(shard.publish(1, bodies(6)), full, 'too many bytes')
  t.same(shard.publish(1, bodies(5)), accepted)
  t.same(shard.publish(1, bodies(0)), full, 'too many messages')
  t.same(shard.offsets(1), [1, 2])
  settle(shard, 'accepted', 1, 1, 0)
  t.same(shard.publish(2, bodies(1, 1)), full, 'several are refused together')
  t.same(shard.publish(1, bodies(1)), accepted)
  t.same(shard.offsets(1), [2, 3])
})

t.test('consumers with room get what a full queue would refuse', async (t) => {
  const shard = withQueues(limit(0, 'reject-publish'))
  t.same(shard.publish(1), full)
  reserve(shard, 1)
  t.same(shard.publish(1), accepted)
  t.same(shard.publish(1), full)
  settle(shard, 'released', 1, 1, 0)
  t.same(shard.offsets(1), [1], 'what is given back is there all the same')
})

t.test('other queues take what one refuses', async (t) => {
  const shard = withQueues(limit(1, 'reject-publish'), {}, limit(1))
  shard.publish(1)
  t.same(shard.publish(1, { queues: [1, 2, 3] }), full)
  t.same(
    [1, 2, 3].map((queue) => shard.offsets(queue)),
    [[1], [1], [1]]
  )
})

t.test('a refusal is told again, however much room there is by then', async (t) => {
  const shard = withQueues(limit(1, 'reject-publish'), {})
  shard.publish(1)
  const section = shard.section(1, { queues: [1, 2] })
  t.same(shard.send(section), full)
  settle(shard, 'accepted', 1, 1, 0)
  t.same(shard.send(section), full)
  const machine = restored(shard)
  const data = encodeEntryBatch(shard.timeMs, [encodePublishSection(section)])
  t.same(machine.apply({ index: shard.index + 1, term: 2 }, data).replies, [full])
  t.same(shard.offsets(2), [1], 'and the other queue has it once')
})

t.test('a producer that repeats what was refused is told so, by whatever gateway', async (t) => {
  const shard = withQueues(limit(1, 'reject-publish'), {})
  shard.publish(1, { producer: producer(1) })
  t.same(shard.publish(1, { producer: producer(2), queues: [1, 2] }), full)
  settle(shard, 'accepted', 1, 1, 0)
  t.same(shard.publish(1, { producer: producer(2), queues: [1, 2] }), full)
  t.same([shard.offsets(1), shard.offsets(2)], [[], [1]])
  t.same(shard.publish(1, { producer: producer(3) }), accepted)
  const machine = restored(shard)
  t.equal(machine.hash(), shard.machine.hash())
  shard.delete(1)
  const again = shard.publish(1, { producer: producer(2), queues: [1, 2] })
  t.match(again, { type: 'refused', code: 'QUEUE_FULL' }, 'also when the queue is gone')
  const unreadable = { blob: new Uint8Array(4).fill(0xc1) }
  t.match(shard.publish(1, { producer: producer(2), ...unreadable }), { code: 'QUEUE_FULL' })
  const beyond = producer(3, { lowestUnconfirmed: 3 })
  t.match(shard.publish(1, { producer: beyond }), { type: 'repeated' })
})

t.test('what is refused is dead-lettered where that is asked, once', async (t) => {
  const deadLetter = { exchange: '', routingKey: 'dead' }
  const shard = withQueues({ ...limit(1, 'reject-publish-dlx'), deadLetter })
  shard.publish(1, { producer: producer(1) })
  for (let time = 0; time < 3; time++) {
    t.same(shard.publish(1, { producer: producer(2) }), full)
  }
  const dead = shard.machine.queue(1)?.dead
  t.same([dead?.count, dead?.next(1)?.reason], [1, 'maxlen'])
  t.same(shard.offsets(1), [1])
})

t.test('a dead letter goes into all its queues, or waits', async (t) => {
  const shard = withQueues(limit(1, 'reject-publish'), {})
  shard.publish(1)
  const letter = { producer: producer(1), queues: [1, 2], isDeadLetter: true }
  t.same(shard.publish(1, letter), full)
  t.same(shard.offsets(2), [])
  settle(shard, 'accepted', 1, 1, 0)
  t.same(shard.publish(1, letter), accepted)
  t.same([shard.offsets(1), shard.offsets(2)], [[2], [1]])
})

t.test('a transaction is taken or refused as a whole', async (t) => {
  const deadLetter = { exchange: '', routingKey: 'dead' }
  const shard = withQueues({ ...limit(2, 'reject-publish-dlx'), deadLetter }, {})
  const commit = (number: number, ...counts: readonly number[]): SectionReply | undefined => {
    const publishes = counts.map((count) => {
      const { exchange, routingKey, blob } = shard.section(count, { number: 1 })
      return { exchange, routingKey, queues: [1, 2], count, blob }
    })
    const gateway = { replica: 9, epoch: 1 }
    const section = { gateway, number, first: number === 1, publishes, settlements: [] }
    return shard.applyData(encodeEntryBatch(shard.timeMs, [encodeTransactionSection(section)]))[0]
  }
  t.same(commit(1, 1, 1, 1), full)
  t.same([shard.offsets(1), shard.offsets(2), shard.machine.queue(1)?.dead.count], [[], [], 0])
  t.same(commit(2, 1, 1), accepted)
  t.same(commit(1, 1, 1, 1), full, 'and so when it is repeated')
  t.same(
    [shard.offsets(1), shard.offsets(2)],
    [
      [1, 2],
      [1, 2]
    ]
  )
})
