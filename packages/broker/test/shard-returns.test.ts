// How messages come back in the machine of a shard: what counts, and what leaves by its returns.
import t from 'tap'
import type { DeadLetterSettings, Outcome } from '../src/index.ts'
import { plainSettings } from '../src/queue/settings.ts'
import { consumer, ShardFixture } from './shard-fixture.ts'

const deadLetter: DeadLetterSettings = { exchange: '', routingKey: 'dead' }

/** Queue 1 with this limit, and so many messages in it. */
function withQueue(
  deliveryLimit: number | null,
  messages: number,
  more: Partial<typeof plainSettings> = {}
): ShardFixture {
  const shard = new ShardFixture()
  const settings = { ...plainSettings, deliveryLimit, ...more }
  const created = { type: 'create-queue', cursor: 1, queue: 1, vhost: '/', name: 'q1' } as const
  shard.command({ type: 'topology', upTo: 1, changes: [{ ...created, settings }] })
  if (messages > 0) shard.publish(messages)
  return shard
}

function settle(shard: ShardFixture, outcome: Outcome, ...ranges: number[]) {
  return shard.command({ type: 'settle', queue: 1, consumer, outcome, ranges })
}

function counts(shard: ShardFixture, offset: number): (number | undefined)[] {
  const row = shard.machine.queue(1)?.row(offset)
  return [row?.attempt, row?.deliveryCount]
}

t.test('a message comes back as often as the limit says, and once more it leaves', async (t) => {
  const shard = withQueue(2, 1, { deadLetter })
  for (const attempt of [0, 1]) settle(shard, 'released', 1, 1, attempt)
  t.same(counts(shard, 1), [2, 2])
  t.same(settle(shard, 'released', 1, 1, 2), { type: 'settled', stale: [] })
  t.same(shard.offsets(1), [])
  t.match(shard.machine.queue(1)?.dead.next(1), { reason: 'delivery_limit', timeMs: 1_000 })
  t.match(shard.effects, [
    { type: 'dead-lettered', reason: 'delivery_limit', messages: 1 },
    { type: 'left', reason: 'delivery_limit', ranges: [1, 1] },
    { type: 'settled', outcome: 'released' }
  ])
  t.equal(shard.effects.length, 3, 'nothing was returned')
})

t.test('with a limit of 0 none comes back, and without an exchange it is gone', async (t) => {
  const shard = withQueue(0, 3)
  settle(shard, 'released', 1, 2, 0)
  t.same(shard.offsets(1), [3])
  t.equal(shard.machine.queue(1)?.dead.count, 0)
  t.same(settle(shard, 'released', 3, 3, 0, 3, 3, 1), { type: 'settled', stale: [3, 3] })
})

t.test('what no client has seen comes back for another attempt, and does not count', async (t) => {
  const shard = withQueue(0, 2)
  for (const attempt of [0, 1]) {
    const reply = settle(shard, 'unseen', 1, 2, attempt)
    t.same(reply, { type: 'settled', stale: [] })
  }
  t.same(counts(shard, 1), [2, 0])
  t.match(shard.effects, [{ type: 'settled' }, { type: 'returned', ranges: [1, 2] }])
  t.same(settle(shard, 'unseen', 1, 1, 1), { type: 'settled', stale: [1, 1] }, 'a repeat is stale')
  settle(shard, 'released', 1, 1, 2)
  t.same(shard.offsets(1), [2])
})

t.test('without a limit a message comes back however often', async (t) => {
  const shard = withQueue(null, 1)
  for (let attempt = 0; attempt < 50; attempt++) settle(shard, 'released', 1, 1, attempt)
  t.same(counts(shard, 1), [50, 50])
})

t.test('a consumer that ends gives back each of its messages once', async (t) => {
  const shard = withQueue(1, 3_000, { deadLetter })
  settle(shard, 'released', 2_000, 2_999, 0)
  const release = [1, 1_999, 0, 2_000, 2_999, 1]
  const end = { type: 'detach-consumer', queue: 1, consumer, release } as const
  t.same(shard.command(end), { type: 'returned', messages: 1_999 })
  t.equal(shard.machine.queue(1)?.dead.count, 1_000)
  t.same(
    [counts(shard, 1), counts(shard, 1_999)],
    [
      [1, 1],
      [1, 1]
    ]
  )
  t.same(counts(shard, 3_000), [0, 0], 'it was not held')
  t.same(shard.command(end), { type: 'returned', messages: 0 }, 'a repeat counts nothing')
  t.same(counts(shard, 1), [1, 1])
})

t.test('the end of a session counts, what nobody claims after a failover does not', async (t) => {
  const shard = withQueue(1, 2)
  shard.command({ type: 'advance-marks', marks: [{ queue: 1, mark: 2 }] })
  for (let i = 0; i < 5; i++) shard.command({ type: 'return-unclaimed', queue: 1, claimed: [] })
  t.same(counts(shard, 1), [5, 0])
  const end = (ranges: number[]) => {
    const releases = [{ queue: 1, ranges }]
    return shard.command({ type: 'detach-session', session: consumer.session, releases })
  }
  t.same(end([1, 1, 5]), { type: 'returned', messages: 1 })
  t.same(counts(shard, 1), [6, 1])
  t.same(end([1, 1, 6]), { type: 'returned', messages: 0 })
  t.same(shard.offsets(1), [2])
})

t.test('the count is kept over snapshots, and so is the limit', async (t) => {
  const shard = withQueue(1, 3, { deadLetter })
  settle(shard, 'released', 2, 2, 0)
  const next = shard.restored()
  t.equal(next.machine.hash(), shard.machine.hash())
  settle(next, 'released', 1, 3, 0, 2, 2, 1)
  t.same(next.offsets(1), [1, 3])
  t.match(next.restored().machine.queue(1)?.dead.next(1), { reason: 'delivery_limit' })
})

t.test('what leaves by its returns makes room in a queue with a length limit', async (t) => {
  const lengthLimit = { messages: 1, bytes: null, overflow: 'drop-head' } as const
  const shard = withQueue(0, 0, { lengthLimit, deadLetter })
  shard.command({ type: 'reserve-messages', queue: 1, mark: 2, take: [], free: [] })
  shard.publish(2)
  shard.command({ type: 'reserve-messages', queue: 1, mark: 5, take: [], free: [] })
  settle(shard, 'released', 1, 1, 0)
  t.equal(shard.machine.queue(1)?.mark, 5, 'it takes nobody’s place')
  shard.command({ type: 'reserve-messages', queue: 1, mark: 2, take: [], free: [] })
  shard.publish(1)
  settle(shard, 'released', 2, 2, 0)
  t.same(shard.offsets(1), [3], 'and nothing is too much')
  const dead = shard.machine.queue(1)?.dead
  const [first, second] = [dead?.next(1), dead?.next((dead?.next(1)?.number ?? 0) + 1)]
  t.same([first?.reason, second?.reason], ['delivery_limit', 'delivery_limit'])
})
