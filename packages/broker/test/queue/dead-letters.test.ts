// Dead letters of a queue: numbered in the order of death, taken out in any, and back as they were
// from a snapshot. Where their records lie is looked at by the property test of the shard.
import t from 'tap'
import { ShardMachine } from '../../src/index.ts'
import { deadSegmentRows } from '../../src/queue/dead-letters.ts'
import { plainSettings } from '../../src/queue/settings.ts'
import { consumer, ShardFixture } from '../shard-fixture.ts'

/** The number of the first that dies. */
const from = new ShardFixture().timeMs * 1024

const settings = { ...plainSettings, deadLetter: { exchange: '', routingKey: 'dead' } }

function withQueue(): ShardFixture {
  const shard = new ShardFixture()
  const created = { type: 'create-queue', cursor: 1, queue: 1, vhost: '/', name: 'q1' } as const
  shard.command({ type: 'topology', upTo: 1, changes: [{ ...created, settings }] })
  return shard
}

function reject(shard: ShardFixture, ...ranges: readonly number[]) {
  const triples = ranges.flatMap((offset) => [offset, offset, 0])
  const settlement = { type: 'settle', queue: 1, consumer, outcome: 'rejected' } as const
  return shard.command({ ...settlement, ranges: triples })
}

function numbersOf(machine: ShardMachine): number[] {
  const numbers: number[] = []
  const dead = machine.queue(1)?.dead
  for (let at = dead?.next(1) ?? null; at !== null; at = dead?.next(at.number + 1) ?? null) {
    numbers.push(at.number)
  }
  return numbers
}

function restored(shard: ShardFixture): ShardMachine {
  const { manifest, newBlobs } = shard.machine.snapshot()
  return ShardMachine.restore(manifest, new Map(newBlobs.map(({ id, bytes }) => [id, bytes])))
}

t.test('what is rejected leaves the queue, in the order of that', async (t) => {
  const shard = withQueue()
  shard.publish(4)
  shard.timeMs += 7
  reject(shard, 3, 1)
  const died = { type: 'dead-lettered', queue: 1, reason: 'rejected', messages: 1 }
  t.same(
    shard.effects.filter(({ type }) => type === 'dead-lettered'),
    [died, died]
  )
  t.same(shard.offsets(1), [2, 4])
  const dead = shard.machine.queue(1)?.dead
  t.match(dead, { count: 2, tail: from + 1 })
  const [first, second] = [dead?.next(1), dead?.next(from + 1)]
  t.match(first, { number: from, reason: 'rejected', timeMs: shard.timeMs })
  t.ok((first?.position ?? 0) > (second?.position ?? 0), 'the third message died first')
  t.same(shard.machine.queue(1)?.liveCount, 2)
  reject(shard, 1)
  t.equal(dead?.count, 2, 'a message dies once')
})

t.test('without an exchange for it, or accepted, a message is gone', async (t) => {
  const shard = withQueue()
  shard.publish(1)
  shard.command({ type: 'settle', queue: 1, consumer, outcome: 'accepted', ranges: [1, 1, 0] })
  t.match(shard.machine.queue(1)?.dead, { count: 0, tail: 0 })
  const other = new ShardFixture()
  const created = { type: 'create-queue', cursor: 1, queue: 1, vhost: '/', name: 'q1' } as const
  other.command({ type: 'topology', upTo: 1, changes: [created] })
  other.publish(1)
  reject(other, 1)
  t.match(other.machine.queue(1), { dead: { count: 0 }, liveCount: 0 })
  t.same(other.machine.retainedEntries(), [])
})

t.test('their entries stay until they are taken out, and no longer', async (t) => {
  const shard = withQueue()
  const entries = [1, 2, 3].map(() => {
    shard.publish(1)
    return shard.index
  })
  reject(shard, 1, 2, 3)
  const all = [{ first: entries[0], last: entries[2] }]
  t.same(shard.machine.retainedEntries(), all)
  shard.command({ type: 'remove-dead-letters', queue: 1, numbers: [from, from + 1] })
  t.same(shard.machine.retainedEntries(), [{ first: entries[2], last: entries[2] }])
  shard.command({ type: 'remove-dead-letters', queue: 1, numbers: [from, from + 8] })
  t.same(shard.machine.retainedEntries(), [])
  t.same(shard.command({ type: 'remove-dead-letters', queue: 9, numbers: [1, 1] }), {
    type: 'done'
  })
})

t.test('a purge and a deletion take them along; a condition counts them', async (t) => {
  for (const way of ['purge', 'delete'] as const) {
    const shard = withQueue()
    shard.publish(2)
    reject(shard, 1, 2)
    const condition = { ifUnused: false, ifEmpty: true, held: [1, 2] }
    t.match(shard.command({ type: 'delete-queue-if', queue: 1, ...condition }), {
      code: 'QUEUE_NOT_EMPTY'
    })
    if (way === 'purge') shard.command({ type: 'purge-queue', queue: 1, keep: [] })
    else {
      const changes = [{ type: 'delete-queue', cursor: 2, queue: 1 } as const]
      shard.command({ type: 'topology', upTo: 2, changes })
    }
    t.same(shard.machine.retainedEntries(), [])
    t.same(numbersOf(shard.machine), [])
  }
})

t.test('many, with gaps, come back from a snapshot, numbers and reasons and all', async (t) => {
  const shard = withQueue()
  const count = deadSegmentRows * 2 + 5
  const last = from + count - 1
  shard.publish(count)
  const ranges = { type: 'settle', queue: 1, consumer, outcome: 'rejected' } as const
  shard.command({ ...ranges, ranges: [1, count, 0] })
  shard.command({
    type: 'remove-dead-letters',
    queue: 1,
    numbers: [from + 1, from + deadSegmentRows]
  })
  shard.command({ type: 'remove-dead-letters', queue: 1, numbers: [last, last] })
  const copy = restored(shard)
  t.equal(copy.hash(), shard.machine.hash())
  t.equal(copy.digest(), shard.machine.digest())
  t.same(numbersOf(copy), numbersOf(shard.machine))
  t.equal(numbersOf(copy).length, count - deadSegmentRows - 1)
  t.same(copy.queue(1)?.dead.next(1), shard.machine.queue(1)?.dead.next(1))
  shard.command({ type: 'remove-dead-letters', queue: 1, numbers: [1, last] })
  const empty = restored(shard)
  t.match(empty.queue(1)?.dead, { count: 0, tail: last }, 'no number is given again')
  t.equal(empty.hash(), shard.machine.hash())
})

t.test('no number is given again, also where the end of the log is lost', async (t) => {
  const shard = withQueue()
  shard.publish(3)
  const kept = restored(shard)
  reject(shard, 1, 2)
  t.same(numbersOf(shard.machine), [from, from + 1])
  shard.term++
  shard.timeMs += 3
  reject(shard, 3)
  t.same(numbersOf(shard.machine), [from, from + 1, from + 3 * 1024])
  const again = withQueue()
  const index = shard.index
  for (const machine of [kept, again.machine]) {
    shard.machine = machine
    shard.index = index
    shard.term++
    shard.timeMs += 3
    shard.publish(1, { first: true, gateway: { replica: 2, epoch: shard.term }, number: 1 })
    reject(shard, 1)
    t.same(numbersOf(machine), [shard.timeMs * 1024])
    t.same(numbersOf(restored(shard)), numbersOf(machine))
  }
})
