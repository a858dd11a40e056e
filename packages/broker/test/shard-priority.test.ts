// Queues with priorities in the machine of a shard: what is reserved for consumers, in which order,
// and what becomes of it.
import { encodeRecord, type Properties } from '@holdfast/record'
import t from 'tap'
import type { PublishSection, QueueSettings } from '../src/index.ts'
import { plainSettings } from '../src/queue/settings.ts'
import { consumer, ShardFixture } from './shard-fixture.ts'

/** Queue 1 with these settings beside. */
function withQueue(settings: Partial<QueueSettings> = {}): ShardFixture {
  const shard = new ShardFixture()
  const queue = { queue: 1, vhost: '/', name: 'q1' }
  const own = { ...plainSettings, maxPriority: 9, ...settings }
  const create = { type: 'create-queue' as const, cursor: 1, ...queue, settings: own }
  shard.command({ type: 'topology', upTo: 1, changes: [create] })
  return shard
}

function messages(...all: readonly Properties[]): Pick<PublishSection, 'count' | 'blob'> {
  const records = all.map((properties) => encodeRecord(properties, new Uint8Array(5)))
  return { count: records.length, blob: new Uint8Array(Buffer.concat(records)) }
}

/** Messages of these priorities, in one section. */
function publish(shard: ShardFixture, ...priorities: readonly number[]) {
  return shard.publish(priorities.length, messages(...priorities.map((priority) => ({ priority }))))
}

/** What is reserved when consumers have room for so many, in its order. */
function reserve(shard: ShardFixture, room: number, free: readonly number[] = []): number[] {
  shard.command({ type: 'reserve-by-priority', queue: 1, room, free })
  const { effects } = shard
  const reserved = effects.find((effect) => effect.type === 'reserved')
  const { ranges } = reserved ?? { ranges: [] }
  const offsets: number[] = []
  for (let at = 0; at < ranges.length; at += 2) {
    for (let offset = ranges[at] ?? 0; offset <= (ranges[at + 1] ?? 0); offset++) {
      offsets.push(offset)
    }
  }
  return offsets
}

function settle(
  shard: ShardFixture,
  outcome: 'accepted' | 'released' | 'rejected',
  ...ranges: number[]
) {
  return shard.command({ type: 'settle', queue: 1, consumer, outcome, ranges })
}

/** Offsets that are out. */
function out(shard: ShardFixture): number[] {
  return shard.offsets(1).filter((offset) => shard.machine.queue(1)?.isOut(offset))
}

t.test('the highest priority comes first, and of it the oldest', async (t) => {
  const shard = withQueue()
  publish(shard, 0, 5, 9, 5, 200, 0)
  t.same(reserve(shard, 2), [3, 5], 'what is above the highest counts as the highest')
  t.same(reserve(shard, 10), [2, 4, 1, 6])
  t.equal(shard.machine.queue(1)?.readyCount, 0)
})

t.test('priorities of few levels are told apart no further', async (t) => {
  const shard = withQueue({ maxPriority: 1 })
  publish(shard, 0, 1, 9, 0, 2)
  t.same(reserve(shard, 9), [2, 3, 5, 1, 4])
})

t.test('where consumers have room, what comes goes to them as it comes', async (t) => {
  const shard = withQueue()
  t.same(reserve(shard, 2), [])
  publish(shard, 0, 0, 9)
  t.same(out(shard), [1, 2])
  t.same(reserve(shard, 1), [3], 'and what waits goes before what is to come')
  t.same(reserve(shard, 5), [])
  t.equal(shard.machine.queue(1)?.mark, 8)
  reserve(shard, 0)
  publish(shard, 9)
  t.same(out(shard), [1, 2, 3], 'room that is no more is for nobody')
})

t.test('what comes back has its place again', async (t) => {
  const shard = withQueue()
  publish(shard, 1, 5, 5, 5, 9)
  t.same(reserve(shard, 3), [5, 2, 3])
  settle(shard, 'released', 2, 2, 0, 5, 5, 0)
  t.same(out(shard), [3])
  t.same(reserve(shard, 9), [5, 2, 4, 1])
})

t.test('the highest of what comes back takes the room that there is', async (t) => {
  const shard = withQueue()
  publish(shard, 1, 5, 9)
  reserve(shard, 4)
  settle(shard, 'released', 1, 3, 0)
  t.same(out(shard), [3], 'room for one was kept')
  t.match(shard.effects, [{ type: 'settled' }, { type: 'returned', ranges: [1, 3] }])
})

t.test('what is given up is ready', async (t) => {
  const shard = withQueue()
  publish(shard, 1, 5, 9)
  reserve(shard, 3)
  t.same(reserve(shard, 0, [1, 2]), [])
  t.same(out(shard), [3])
  publish(shard, 6)
  t.same(reserve(shard, 2), [4, 2])
})

t.test('after a change of leader only what was out comes back', async (t) => {
  const shard = withQueue()
  publish(shard, 0, 9, 5, 0)
  reserve(shard, 2)
  shard.command({ type: 'return-unclaimed', queue: 1, claimed: [2, 2] })
  const queue = shard.machine.queue(1)
  t.same(
    [1, 2, 3, 4].map((offset) => queue?.row(offset)?.attempt),
    [0, 0, 1, 0],
    'and nothing else is flagged'
  )
  t.same(out(shard), [2])
  t.same(reserve(shard, 9), [3, 1, 4])
})

t.test('the lowest priority leaves a queue that is too long, the oldest of it first', async (t) => {
  const lengthLimit = { messages: 3, bytes: null, overflow: 'drop-head' } as const
  const deadLetter = { exchange: '', routingKey: 'dead' }
  const shard = withQueue({ lengthLimit, deadLetter })
  publish(shard, 5, 0, 9)
  publish(shard, 0)
  t.same(shard.offsets(1), [1, 3, 4])
  publish(shard, 9, 1, 7)
  t.same(shard.offsets(1), [3, 5, 7], 'whatever came last')
  t.match(shard.effects.at(-1), { type: 'left', reason: 'maxlen', ranges: [4, 4, 6, 6, 1, 1] })
  t.same(reserve(shard, 1), [3])
  publish(shard, 0, 0)
  t.same(shard.offsets(1), [3, 5, 7, 9], 'what is reserved does not count')
  settle(shard, 'released', 3, 3, 0)
  t.same(shard.offsets(1), [3, 5, 7])
})

t.test('bytes count as well, and who refuses does not look at priorities', async (t) => {
  const bytes = { messages: null, bytes: 10, overflow: 'drop-head' } as const
  const small = withQueue({ lengthLimit: bytes })
  publish(small, 5, 0, 9)
  t.same(small.offsets(1), [1, 3])
  const refusing = withQueue({ lengthLimit: { ...bytes, overflow: 'reject-publish' } })
  publish(refusing, 0)
  publish(refusing, 0)
  t.match(publish(refusing, 9), { code: 'QUEUE_FULL' })
  reserve(refusing, 3)
  t.match(publish(refusing, 9), { type: 'accepted' }, 'there is room at a consumer')
})

t.test('messages expire at all priorities', async (t) => {
  const shard = withQueue()
  shard.publish(3, messages({ priority: 9, expiration: '5' }, { priority: 1 }, { expiration: '5' }))
  shard.timeMs += 10
  shard.command({ type: 'expire-messages', queues: [{ queue: 1, ranges: [1, 3] }] })
  t.same(shard.offsets(1), [2])
  t.same(reserve(shard, 9), [2])
})

t.test('a replica that takes over from a snapshot knows all of it', async (t) => {
  const shard = withQueue({ lengthLimit: { messages: 99, bytes: null, overflow: 'drop-head' } })
  publish(shard, ...Array.from({ length: 90 }, (_, at) => (at * 7) % 12))
  reserve(shard, 20)
  settle(shard, 'accepted', 1, 3, 0)
  const copy = shard.restored()
  t.equal(copy.machine.hash(), shard.machine.hash())
  t.equal(copy.machine.digest(), shard.machine.digest())
  t.same(out(copy), out(shard))
  const reserved = reserve(shard, 200)
  t.ok(reserved.length > 50)
  t.same(reserve(copy, 200), reserved)
  t.equal(copy.machine.hash(), shard.machine.hash())
})

t.test('a purge, and commands that are for other queues', async (t) => {
  const shard = withQueue()
  publish(shard, 0, 9, 5)
  reserve(shard, 1)
  shard.command({ type: 'advance-marks', marks: [{ queue: 1, mark: 50 }] })
  shard.command({ type: 'reserve-messages', queue: 1, mark: 50, take: [1, 1], free: [2, 2] })
  t.same([out(shard), shard.machine.queue(1)?.mark], [[2], 3])
  shard.command({ type: 'purge-queue', queue: 1, keep: [2, 2] })
  t.same([shard.offsets(1), reserve(shard, 5)], [[2], []])
  const plain = new ShardFixture()
  plain.create(1)
  plain.publish(2)
  t.same([reserve(plain, 5), plain.machine.queue(1)?.mark], [[], 0])
})
