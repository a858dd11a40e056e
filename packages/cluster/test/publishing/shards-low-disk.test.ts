// A leader whose disk is nearly full: it refuses what would fill it, for good and under its number,
// and takes what makes room.
import { encodeTransactionSection, readSectionAlone } from '@holdfast/broker'
import t from 'tap'
import { join } from '../../src/peers/byte-writer.ts'
import { blob, epoch, group, leadShard, numbersOf } from './shard-leader.ts'

/** Whether every machine refuses the records of a section, whatever queues it names. */
function isUnreadable(bytes: Uint8Array = new Uint8Array(0)): boolean {
  const { blobStart, blobEnd } = readSectionAlone(bytes)
  return blobEnd > blobStart && bytes.subarray(blobStart, blobEnd).every((byte) => byte === 0xc1)
}

t.test('a full disk refuses for good, and takes the number all the same', async (t) => {
  const leader = leadShard()
  leader.shard.isDiskLow = true
  leader.forward([1])
  const [proposed] = leader.offered
  t.same(numbersOf(leader), [1])
  t.ok(isUnreadable(proposed?.bytes), 'no queue takes it')
  proposed?.decide({ type: 'refused', code: 'RECORD_INVALID', details: {} })
  t.match(leader.told(), [{ type: 'refused', number: 1, code: 'DISK_LOW' }])
  leader.forward([1])
  leader.offered[1]?.decide({ type: 'repeated', missing: [] })
  const outcome = [{ type: 'accepted', first: 1, last: 1 }]
  t.same(leader.told(), outcome, 'what was taken before the disk was full stays taken')
})

t.test('on a full disk a transaction is taken that publishes nothing', async (t) => {
  const gateway = { replica: 2_097_153, epoch }
  const consumer = { session: '0a', tag: 'c' }
  const settle = {
    type: 'settle',
    queue: 7,
    consumer,
    outcome: 'accepted',
    ranges: [1, 1, 0]
  } as const
  const publish = { exchange: '', routingKey: 'q', queues: [7], count: 1, blob }
  const transactionOf = (number: number, publishes: readonly (typeof publish)[]) => {
    const place = { gateway, number, first: number === 1 }
    const bytes = join(encodeTransactionSection({ ...place, publishes, settlements: [settle] }))
    return { number, bytes }
  }
  const leader = leadShard()
  leader.shard.isDiskLow = true
  const sections = [transactionOf(1, []), transactionOf(2, [publish])]
  leader.core.shards.forward(2, { type: 'forward', group, epoch, sections })
  t.same(leader.offered[0]?.bytes, sections[0]?.bytes, 'its messages may leave')
  t.ok(isUnreadable(leader.offered[1]?.bytes), 'refused')
})

t.test('a refusal by a leader before, whose disk was full, is told as what it was', async (t) => {
  const leader = leadShard()
  leader.forward([1])
  // What the machine remembers of the number that was taken.
  leader.offered[0]?.decide({ type: 'refused', code: 'FRAME_INVALID', details: {} })
  t.match(leader.told(), [{ type: 'refused', number: 1, code: 'DISK_LOW' }])
})

t.test('another refusal is told as it is, also when the disk is full', async (t) => {
  const leader = leadShard()
  leader.shard.isDiskLow = true
  leader.forward([1])
  leader.offered[0]?.decide({ type: 'refused', code: 'PRODUCER_FENCED', details: {} })
  t.match(leader.told(), [{ type: 'refused', number: 1, code: 'PRODUCER_FENCED' }])
})
