// Publishing: what is applied once, refused, or remembered (architecture, A9).
import { reservedProducer } from '@holdfast/record'
import t from 'tap'
import {
  encodePublishSection,
  readEntryBatch,
  readSectionAlone,
  readSectionHeader,
  ShardMachine,
  withoutRecords
} from '../src/index.ts'
import { producer, ShardFixture } from './shard-fixture.ts'

t.test('offsets are consecutive, also over entries and queues', async (t) => {
  const shard = new ShardFixture()
  shard.create(1, 2)
  t.same(shard.publish(3, { queues: [1, 2] }), { type: 'accepted', missing: [] })
  t.same(shard.effects, [
    { type: 'published', queue: 1, first: 1, last: 3 },
    { type: 'published', queue: 2, first: 1, last: 3 }
  ])
  shard.publish(2, { queues: [2] })
  t.same(shard.effects, [{ type: 'published', queue: 2, first: 4, last: 5 }])
  t.same(shard.offsets(2), [1, 2, 3, 4, 5])
  t.equal(shard.machine.liveInEntry(3), 6, 'a fan-out counts once for each queue')
  const position = readEntryBatch(shard.log.get(4) ?? new Uint8Array()).positions[0] ?? 0
  t.same(readSectionHeader(shard.log.get(4) ?? new Uint8Array(), position), {
    exchange: 'events',
    routingKey: 'a.b',
    isDeadLetter: false
  })
  shard.publish(1, { isDeadLetter: true })
  const letter = shard.log.get(shard.index) ?? new Uint8Array()
  const [start = 0] = readEntryBatch(letter).positions
  t.equal(readSectionHeader(letter, start).isDeadLetter, true)
})

t.test('a gateway is answered once for each number', async (t) => {
  const shard = new ShardFixture()
  shard.create(1)
  const section = shard.section(1)
  t.same(shard.send({ ...section, first: false }), { type: 'gap', expected: 0 })
  t.same(shard.send(section), { type: 'accepted', missing: [] })
  t.same(shard.send(section), { type: 'repeated', missing: [] })
  t.same(shard.send({ ...section, number: 3, first: false }), { type: 'gap', expected: 2 })
  t.equal(shard.machine.gatewayExpected(1, 1), 2)
  t.equal(shard.machine.gatewayExpected(1, 2), null)
  t.same(shard.offsets(1), [1])
})

t.test('a shard that lost the end of its log goes on where its gateway is', async (t) => {
  const shard = new ShardFixture()
  shard.create(1)
  shard.publish(1)
  const section = shard.section(1, { number: 10 })
  t.same(shard.send({ ...section, first: false }), { type: 'gap', expected: 2 })
  t.same(shard.send({ ...section, first: true }), { type: 'accepted', missing: [] })
  t.same(shard.send({ ...section, number: 9, first: true }), { type: 'repeated', missing: [] })
  t.equal(shard.machine.gatewayExpected(1, 1), 11)
})

t.test('a newer epoch of a gateway replaces the older, which is fenced', async (t) => {
  const shard = new ShardFixture()
  shard.create(1)
  shard.publish(1)
  const section = shard.section(1, { gateway: { replica: 1, epoch: 2 }, number: 40 })
  t.same(shard.send({ ...section, first: false }), { type: 'gap', expected: 0 })
  t.equal(shard.send({ ...section, first: true })?.type, 'accepted')
  t.match(shard.publish(1), { code: 'PRODUCER_FENCED', details: { gatewayEpoch: 2 } })
  t.equal(shard.machine.gatewayExpected(1, 2), 41)
})

t.test('a repeat of a refused number is refused again, not confirmed', async (t) => {
  const shard = new ShardFixture()
  shard.create(1)
  const section = shard.section(1, { producer: producer(5) })
  t.match(shard.send(section), { type: 'refused', code: 'PRODUCER_EXPIRED' })
  t.match(shard.send(section), { type: 'refused', code: 'PRODUCER_EXPIRED' })
  const partial = shard.section(1, { queues: [1, 77] })
  t.same(shard.send(partial), { type: 'accepted', missing: [77] })
  t.same(shard.send(partial), { type: 'repeated', missing: [77] })
})

t.test('a producer is known by its sequences, through whatever gateway', async (t) => {
  const shard = new ShardFixture()
  shard.create(1)
  shard.publish(5, { producer: producer(1) })
  const other = { gateway: { replica: 9, epoch: 1 }, number: 1, first: true }
  t.equal(shard.publish(5, { ...other, producer: producer(1) })?.type, 'repeated')
  t.same(shard.effects, [])
  // Half of it was applied before.
  const reply = shard.publish(6, { ...other, number: 2, producer: producer(3) })
  t.same(reply, { type: 'accepted', missing: [] })
  t.same(shard.effects, [{ type: 'published', queue: 1, first: 6, last: 8 }])
  // A gap that is filled later.
  shard.publish(1, { ...other, number: 3, producer: producer(12) })
  shard.publish(5, { ...other, number: 4, producer: producer(8) })
  t.same(shard.effects, [{ type: 'published', queue: 1, first: 10, last: 12 }])
  // What lies below the lowest unconfirmed was confirmed.
  shard.publish(1, { ...other, number: 5, producer: producer(20, { lowestUnconfirmed: 20 }) })
  t.equal(shard.publish(1, { ...other, number: 6, producer: producer(19) })?.type, 'repeated')
})

t.test('what was applied is done, also where its records are not sent again', async (t) => {
  const shard = new ShardFixture()
  shard.create(1)
  shard.publish(5, { producer: producer(1) })
  const emptied = (firstSequence: number, count: number) => {
    const known = shard.section(count, { producer: producer(firstSequence) })
    return withoutRecords(readSectionAlone(Buffer.concat(encodePublishSection(known))))
  }
  t.same(shard.send(emptied(1, 5)), { type: 'repeated', missing: [] })
  t.match(shard.send(emptied(1, 6)), { type: 'refused', code: 'FRAME_INVALID' }, 'one is new')
  t.match(shard.send(emptied(6, 1)), { type: 'refused', code: 'FRAME_INVALID' })
  t.equal(shard.publish(1, { producer: producer(6) })?.type, 'accepted', 'nothing was taken')
  t.same(shard.offsets(1), [1, 2, 3, 4, 5, 6])
})

t.test('epochs of a producer: newer ones start over, older ones are fenced', async (t) => {
  const shard = new ShardFixture()
  shard.create(1)
  shard.publish(1, { producer: producer(1, { epoch: 3 }) })
  const fenced = shard.publish(1, { producer: producer(2, { epoch: 2 }) })
  t.match(fenced, { type: 'refused', code: 'PRODUCER_FENCED' })
  const unknown = shard.publish(1, { producer: producer(2, { epoch: 4 }) })
  t.match(unknown, { type: 'refused', code: 'PRODUCER_EXPIRED' })
  const renewed = shard.publish(1, { producer: producer(1, { epoch: 4 }) })
  t.equal(renewed?.type, 'accepted')
})

t.test('producers expire by log time, and a full table takes no newcomers', async (t) => {
  const limits = { producersMax: 2, producerExpiryMs: 100 }
  const shard = new ShardFixture({ group: 3, limits })
  shard.create(1)
  const named = (id: number, sequence: number, first = sequence === 1) => ({
    producer: producer(sequence, { id: new Uint8Array(16).fill(id), first })
  })
  shard.publish(1, named(1, 1))
  shard.timeMs += 60
  shard.publish(1, named(2, 1))
  const details = { group: 3, limit: 2 }
  t.same(shard.publish(1, named(3, 1)), { type: 'refused', code: 'PRODUCERS_FULL', details })
  shard.timeMs += 40
  t.match(shard.publish(1, named(1, 2)), { type: 'refused', code: 'PRODUCER_EXPIRED' })
  t.equal(shard.publish(1, named(2, 2))?.type, 'accepted')
  t.equal(shard.publish(1, named(3, 1))?.type, 'accepted')
  t.match(shard.publish(1, named(1, 3, true)), { code: 'PRODUCERS_FULL' })
})

t.test('a replica from a snapshot forgets the same producers as the others', async (t) => {
  const shard = new ShardFixture({ limits: { producerExpiryMs: 100 } })
  shard.create(1)
  const named = (id: number, sequence: number) => ({
    producer: producer(sequence, { id: new Uint8Array(16).fill(id) })
  })
  for (const id of [8, 4, 2, 6]) {
    shard.publish(1, named(id, 1))
    shard.timeMs += 30
  }
  const { manifest, newBlobs } = shard.machine.snapshot()
  const blobs = new Map(newBlobs.map(({ id, bytes }) => [id, bytes]))
  const replica = new ShardFixture()
  replica.machine = ShardMachine.restore(manifest, blobs, { limits: { producerExpiryMs: 100 } })
  replica.index = shard.index
  replica.timeMs = shard.timeMs + 10
  shard.timeMs = replica.timeMs
  const sections = [8, 4, 2, 6].map((id) => shard.section(1, named(id, 2)))
  for (const each of [shard, replica]) {
    t.match(
      sections.map((section) => each.send(section)),
      [
        { type: 'refused', code: 'PRODUCER_EXPIRED' },
        { type: 'refused', code: 'PRODUCER_EXPIRED' },
        { type: 'accepted' },
        { type: 'accepted' }
      ]
    )
  }
  t.equal(replica.machine.hash(), shard.machine.hash())
})

t.test('nodes, which bring dead letters, and clients leave each other room', async (t) => {
  const limits = { producersMax: 2, producerExpiryMs: 100 }
  const shard = new ShardFixture({ limits })
  shard.create(1)
  const named = (id: Uint8Array) => shard.publish(1, { producer: producer(1, { id }) })?.type
  const nodeOf = (at: number): Uint8Array =>
    Uint8Array.of(...reservedProducer, ...Array(8).fill(at))
  const clientOf = (at: number): Uint8Array => new Uint8Array(16).fill(at)
  t.same([1, 2, 3].map(nodeOf).map(named), ['accepted', 'accepted', 'refused'])
  t.same([1, 2, 3].map(clientOf).map(named), ['accepted', 'accepted', 'refused'])
  const { manifest, newBlobs } = shard.machine.snapshot()
  const blobs = new Map(newBlobs.map(({ id, bytes }) => [id, bytes]))
  shard.machine = ShardMachine.restore(manifest, blobs, { limits })
  t.same([3, 2].map(nodeOf).map(named), ['refused', 'repeated'], 'also from a snapshot')
  shard.timeMs += 100
  t.same([3, 4, 5].map(nodeOf).map(named), ['accepted', 'accepted', 'refused'])
})

t.test('a publish that reached no queue can reach one of another id', async (t) => {
  const shard = new ShardFixture()
  shard.create(1)
  const lost = shard.publish(4, { queues: [2], producer: producer(1) })
  t.same(lost, { type: 'accepted', missing: [2] })
  const again = shard.publish(4, { queues: [1], producer: producer(1) })
  t.same(again, { type: 'accepted', missing: [] })
  t.same(shard.offsets(1), [1, 2, 3, 4])
})

t.test('a publish that reached one of its queues is not repeated for the others', async (t) => {
  const shard = new ShardFixture()
  shard.create(1)
  const retry = { queues: [1, 2], producer: producer(1) }
  t.same(shard.publish(4, retry), { type: 'accepted', missing: [2] })
  t.same(shard.publish(4, retry), { type: 'repeated', missing: [] })
  t.same(shard.effects, [], 'once only')
})

t.test('bounds of one producer are refusals', async (t) => {
  const shard = new ShardFixture({ limits: { sequenceRunsMax: 3 } })
  shard.create(1)
  shard.publish(1, { producer: producer(1) })
  for (const sequence of [3, 5]) shard.publish(1, { producer: producer(sequence) })
  t.match(shard.publish(1, { producer: producer(7) }), { type: 'refused', code: 'LIMIT_REACHED' })
  const confirmed = producer(9, { lowestUnconfirmed: 9 })
  t.equal(shard.publish(1, { producer: confirmed })?.type, 'accepted')
})

t.test('gateway outcomes and rows are bounded', async (t) => {
  const limits = { gatewayOutcomesMax: 2, gatewaysMax: 2, gatewayExpiryMs: 1_000 }
  const shard = new ShardFixture({ limits })
  shard.create(1)
  const sections = [1, 2, 3].map(() => shard.section(1, { queues: [9] }))
  for (const section of sections) shard.send(section)
  const replies = sections.map((section) => shard.send(section))
  t.same(
    replies.map((reply) => reply?.type === 'repeated' && reply.missing),
    [[], [9], [9]]
  )
  for (const replica of [2, 3]) {
    shard.timeMs++
    shard.publish(1, { gateway: { replica, epoch: 1 }, number: 1, first: true })
  }
  t.equal(shard.machine.gatewayExpected(1, 1), null, 'the one silent longest made room')
  t.equal(shard.machine.gatewayExpected(3, 1), 2)
  shard.timeMs += 1_000
  shard.command({ type: 'tick' })
  t.equal(shard.machine.gatewayExpected(3, 1), null)
})
