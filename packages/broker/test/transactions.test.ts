// A transaction happens as a whole and once, or not at all.
import { chooseSeed, Random } from '@holdfast/testkit'
import t from 'tap'
import {
  encodeEntryBatch,
  encodePublishSection,
  encodeTransactionSection,
  publishSectionBytes,
  readEntryBatch,
  readForwarded,
  readSectionHeader,
  type SectionReply,
  type SettleCommand,
  type ShardCommand,
  type TransactionSection,
  transactionSectionBytes,
  validateSection,
  withoutRecords
} from '../src/index.ts'
import { blobOf, consumer, ShardFixture } from './shard-fixture.ts'

type Parts = Pick<TransactionSection, 'publishes' | 'settlements'>

const joined = (pieces: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(pieces))

const publishTo = (queues: number[], count = 1): Parts['publishes'][number] => ({
  exchange: 'x',
  routingKey: 'k',
  queues,
  count,
  blob: blobOf(count)
})

const producerOf = () => {
  const id = new Uint8Array(16)
  return { id, epoch: 1, firstSequence: 1, lowestUnconfirmed: 1, first: true }
}

function settling(
  queue: number,
  ranges: number[],
  outcome: SettleCommand['outcome'] = 'accepted'
): SettleCommand {
  return { type: 'settle', queue, consumer, outcome, ranges }
}

/** The section of a transaction with this number of gateway 1. */
function sectionOf(number: number, parts: Partial<Parts>): Uint8Array {
  const gateway = { replica: 1, epoch: 1 }
  const whole = { publishes: [], settlements: [], ...parts }
  return joined(encodeTransactionSection({ gateway, number, first: number === 1, ...whole }))
}

function commit(shard: ShardFixture, number: number, parts: Partial<Parts>): SectionReply {
  const [reply] = shard.applyData(encodeEntryBatch(shard.timeMs, [sectionOf(number, parts)]))
  if (reply === undefined) throw new Error('a section has a reply')
  return reply
}

function setUp(): ShardFixture {
  const shard = new ShardFixture()
  shard.create(1, 2)
  shard.publish(4, { queues: [1] })
  return shard
}

t.test('how large a section is can be told before it is encoded', async (t) => {
  for (const name of ['', 'k', 'ключ', '🔑'.repeat(63)]) {
    for (const queues of [[1], [1, 2, 3]]) {
      const publish = { ...publishTo(queues, 2), exchange: name, routingKey: `${name}k` }
      const settlement = { ...settling(1, [1, 1, 0]), consumer: { session: '0a', tag: name } }
      const parts = { publishes: [publish, publish], settlements: [settlement, settling(1, [])] }
      t.equal(transactionSectionBytes(parts), sectionOf(1, parts).length)
      for (const producer of [null, producerOf()]) {
        const gateway = { replica: 1, epoch: 1 }
        const section = { gateway, number: 1, first: true, ...publish, producer }
        t.equal(publishSectionBytes(section), joined(encodePublishSection(section)).length)
      }
    }
  }
})

t.test('publishes and settlements happen together', async (t) => {
  const shard = setUp()
  const parts = {
    publishes: [publishTo([2], 2), publishTo([1, 2])],
    settlements: [settling(1, [1, 2, 0]), settling(1, [3, 3, 0], 'released')]
  }
  t.same(commit(shard, 2, parts), { type: 'accepted', missing: [] })
  t.same(shard.offsets(1), [3, 4, 5])
  t.same(shard.offsets(2), [1, 2, 3])
  t.match(shard.machine.queue(1)?.row(3), { attempt: 1, deliveryCount: 1 })
  t.same(
    shard.effects.map(({ type }) => type),
    ['published', 'published', 'published', 'settled', 'settled', 'returned']
  )
  const { section = 0 } = shard.machine.queue(2)?.row(3) ?? {}
  const data = shard.log.get(shard.index) ?? new Uint8Array()
  const origin = { exchange: 'x', routingKey: 'k', isDeadLetter: false }
  t.same(readSectionHeader(data, section), origin)
})

t.test('one that comes again is done already, and only once', async (t) => {
  const shard = setUp()
  const parts = { publishes: [publishTo([2])], settlements: [settling(1, [1, 1, 0])] }
  commit(shard, 2, parts)
  t.same(commit(shard, 2, parts), { type: 'repeated', missing: [] })
  t.same(shard.offsets(2), [1])
  t.equal(shard.machine.gatewayExpected(1, 1), 3)
})

const refusals: readonly [string, Partial<Parts>, string][] = [
  ['a delivery that went back', { settlements: [settling(1, [1, 1, 1])] }, 'DELIVERY_STALE'],
  ['one that is settled', { settlements: [settling(1, [4, 5, 0])] }, 'DELIVERY_STALE'],
  ['one of a queue that is gone', { settlements: [settling(9, [1, 1, 0])] }, 'DELIVERY_STALE'],
  ['a queue that is gone', { publishes: [publishTo([2]), publishTo([9])] }, 'QUEUE_NOT_FOUND'],
  [
    'records that are none',
    { publishes: [{ ...publishTo([2]), blob: new Uint8Array(8).fill(0xc1) }] },
    'FRAME_INVALID'
  ]
]

for (const [what, wrong, code] of refusals) {
  t.test(`nothing of a transaction with ${what} happens, also when it is repeated`, async (t) => {
    const shard = setUp()
    const settlements = [settling(1, [1, 2, 0]), ...(wrong.settlements ?? [])]
    const publishes = [publishTo([2]), ...(wrong.publishes ?? [])]
    const before = shard.machine.queue(1)?.liveCount
    for (let times = 0; times < 2; times++) {
      t.match(commit(shard, 2, { publishes, settlements }), { type: 'refused', code })
      t.same(shard.effects, [])
      t.equal(shard.machine.queue(1)?.liveCount, before)
      t.same(shard.offsets(2), [])
    }
    t.equal(commit(shard, 3, { publishes: [publishTo([2])] }).type, 'accepted')
  })
}

t.test('a queue that closes takes nothing of it', async (t) => {
  const shard = setUp()
  const conditions = { ifUnused: false, ifEmpty: false, held: [] }
  const close: ShardCommand = { type: 'delete-queue-if', queue: 2, ...conditions }
  shard.command(close)
  const reply = commit(shard, 2, {
    publishes: [publishTo([2])],
    settlements: [settling(1, [1, 1, 0])]
  })
  t.match(reply, { type: 'refused', code: 'QUEUE_NOT_FOUND' })
  t.same(shard.offsets(1), [1, 2, 3, 4])
})

t.test('numbers are shared with publishes, and gaps told', async (t) => {
  const shard = setUp()
  t.same(commit(shard, 5, {}), { type: 'gap', expected: 2 })
  t.same(commit(shard, 2, {}), { type: 'accepted', missing: [] }, 'an empty one is a number')
  t.equal(shard.publish(1, { number: 3 })?.type, 'accepted')
  const blank = new ShardFixture()
  t.same(commit(blank, 2, {}), { type: 'gap', expected: 0 })
})

t.test('a leader reads what it puts beside others', async (t) => {
  const section = sectionOf(1, {
    publishes: [publishTo([1, 2]), publishTo([2, 3])],
    settlements: [settling(1, [1, 1, 0])]
  })
  const header = readForwarded(section)
  t.same(header.queues, [1, 2, 3])
  t.ok('settlements' in header)
  t.doesNotThrow(() => validateSection(section))
  const publish = joined(encodePublishSection({ ...withoutRecords({ ...header, ...none }) }))
  t.equal(readForwarded(publish).number, 1, 'its number can be taken by a refusal')
  t.throws(() => readForwarded(joined([section, Uint8Array.of(0)])), { code: 'FRAME_INVALID' })
})

const none = { producer: null, count: 1 } as const

t.test('no part has another number, a producer, or another command', async (t) => {
  const gateway = { replica: 1, epoch: 1 }
  const parts = {
    number: joined(
      encodePublishSection({ gateway, number: 8, first: false, ...none, ...publishTo([1]) })
    ),
    empty: new Uint8Array(5)
  }
  for (const [what, part] of Object.entries(parts)) {
    const section = Buffer.from(joined([sectionOf(2, {}), part]))
    section.writeUInt32BE(section.length - 4, 0)
    section.writeUInt32BE(1, 30)
    t.throws(() => readForwarded(section), { code: 'FRAME_INVALID' }, what)
  }
})

t.test('whatever a section is cut to or flipped in, it is refused in words', async (t) => {
  const section = sectionOf(1, {
    publishes: [publishTo([1], 2)],
    settlements: [settling(1, [1, 1, 0])]
  })
  const random = new Random(chooseSeed())
  const isRefused = (bytes: Uint8Array): boolean => {
    try {
      validateSection(bytes)
      return false
    } catch (error) {
      t.match(error, { code: /^[A-Z_]+$/ })
      return true
    }
  }
  for (let length = 0; length < section.length; length++) {
    const cut = Buffer.from(section.subarray(0, length))
    if (length >= 4) cut.writeUInt32BE(length - 4, 0)
    t.ok(isRefused(cut), `cut to ${length}`)
  }
  for (let round = 0; round < 2_000; round++) {
    const bytes = section.slice()
    bytes[4 + random.below(bytes.length - 4)] = random.below(256)
    if (isRefused(bytes)) continue
    const shard = new ShardFixture()
    const [reply] = shard.applyData(encodeEntryBatch(1, [bytes]))
    t.not(reply?.type === 'refused' && reply.code, 'FRAME_INVALID', 'what passes is not malformed')
  }
  const batch = readEntryBatch(encodeEntryBatch(1, [section]))
  t.equal(batch.positions.length, 1)
})
