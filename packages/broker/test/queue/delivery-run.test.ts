// Runs for deliveries end where the slice, the count, the bytes or the attempt end.
import t from 'tap'
import { readSectionHeader } from '../../src/index.ts'
import { consumer, ShardFixture } from '../shard-fixture.ts'

function shardWith(...counts: number[]): ShardFixture {
  const shard = new ShardFixture()
  shard.create(1)
  for (const count of counts) shard.publish(count)
  return shard
}

t.test('a run is one slice of an entry', async (t) => {
  const shard = shardWith(3, 4)
  const queue = shard.machine.queue(1)
  const run = queue?.deliveryRun(2, 100, 10_000, 100)
  t.match(run, {
    entry: 2,
    firstOffset: 2,
    count: 2,
    attempt: 0,
    deliveryCount: 0,
    lengthBytes: 10
  })
  const data = shard.log.get(2) ?? new Uint8Array()
  const slice = data.subarray(run?.position ?? 0, (run?.position ?? 0) + 10)
  t.same([...slice], [0x92, 0xc0, 0xc4, 1, 1, 0x92, 0xc0, 0xc4, 1, 2])
  t.equal(readSectionHeader(data, run?.section ?? 0).routingKey, 'a.b')
  t.match(queue?.deliveryRun(4, 100, 10_000, 100), { entry: 3, firstOffset: 4, count: 4 })
})

t.test('count, bytes and last offset bound it; one message always fits', async (t) => {
  const queue = shardWith(8).machine.queue(1)
  t.equal(queue?.deliveryRun(1, 3, 10_000, 100)?.count, 3)
  t.equal(queue?.deliveryRun(1, 100, 12, 100)?.count, 2)
  t.equal(queue?.deliveryRun(1, 100, 1, 100)?.count, 1)
  t.equal(queue?.deliveryRun(1, 100, 10_000, 5)?.count, 5)
  t.equal(queue?.deliveryRun(6, 100, 10_000, 5), null)
  t.equal(queue?.deliveryRun(9, 100, 10_000, 50), null)
  t.equal(queue?.deliveryRun(1, 0, 10_000, 50), null)
})

t.test('settled and returned messages end it', async (t) => {
  const shard = shardWith(9)
  const settle = { type: 'settle', queue: 1, consumer } as const
  shard.command({ ...settle, outcome: 'accepted', ranges: [3, 3, 0] })
  shard.command({ ...settle, outcome: 'released', ranges: [6, 7, 0] })
  const queue = shard.machine.queue(1)
  t.match(queue?.deliveryRun(1, 100, 10_000, 100), { count: 2 })
  t.equal(queue?.deliveryRun(3, 100, 10_000, 100), null)
  t.match(queue?.deliveryRun(4, 100, 10_000, 100), { count: 2, attempt: 0 })
  t.match(queue?.deliveryRun(6, 100, 10_000, 100), { count: 2, attempt: 1, deliveryCount: 1 })
})

t.test('a run crosses segments', async (t) => {
  const queue = shardWith(3_000).machine.queue(1)
  t.match(queue?.deliveryRun(1, 5_000, 1_000_000, 5_000), { count: 3_000, lengthBytes: 15_000 })
})

t.test('sections of one entry do not mix', async (t) => {
  const shard = new ShardFixture()
  shard.create(1)
  const { encodeEntryBatch, encodePublishSection } = await import('../../src/index.ts')
  const sections = [shard.section(2), shard.section(2, { routingKey: 'other' })]
  shard.applyData(encodeEntryBatch(1, sections.map(encodePublishSection)))
  t.match(shard.machine.queue(1)?.deliveryRun(1, 10, 1_000, 10), { count: 2, lengthBytes: 10 })
})
