// A dead letter under the identity that its target knows it by.
import {
  type DeadLetter,
  type DeadLettersView,
  encodeCommandSection,
  encodeEntryBatch,
  encodePublishSection,
  type QueueView,
  ShardMachine
} from '@holdfast/broker'
import { encodeRecord } from '@holdfast/record'
import t from 'tap'
import { batchOf, blockNumbers, type DeadLetterSource } from '../../src/dead-lettering/batch.ts'

const gateway = { replica: 1, epoch: 1 }
const way = { gateway, first: true, exchange: '', queues: [1] }
const blob = encodeRecord(null, new Uint8Array(1))
const own = { ...way, number: 1, producer: null, routingKey: 'here', count: 1, blob }
const data = new Uint8Array(Buffer.concat(encodePublishSection(own)))

/** A queue of which these letters have not gone, and all above. */
function sourceOf(id: number, waiting: readonly number[], from: number): DeadLetterSource {
  const next = (number: number) => {
    return { number: waiting.find((other) => other >= number) ?? Math.max(from, number) }
  }
  const dead = { next } as DeadLettersView
  const queue = { id, name: 'work', vhost: '/', dead } as QueueView
  const settings = { exchange: '', routingKey: null }
  return { group: 1, queue, settings, dropping: new Set() }
}

function letter(number: number): DeadLetter {
  const position = data.length - blob.length
  const place = { entry: 1, position, section: 0, sizeBytes: blob.length }
  return { number, ...place, reason: 'rejected', timeMs: 1 }
}

t.test('each queue is another producer; what it repeats nothing of is told', async (t) => {
  const source = sourceOf(1, [5], 100)
  const batch = batchOf(source, letter(100), data)
  t.match(batch, { firstSequence: 100, lowestUnconfirmed: 5, routingKey: 'here', first: true })
  t.match(batchOf(sourceOf(1, [5], 100), letter(5), data), { lowestUnconfirmed: 5 })
  const { producer } = batch.deadLetter ?? {}
  t.same(batchOf(source, letter(101), data).deadLetter?.producer, producer)
  t.notSame(batchOf(sourceOf(2, [], 100), letter(100), data).deadLetter?.producer, producer)
})

t.test('queues whose ids are alike in 32 bits are different producers', (t) => {
  const seen = new Set<string>()
  const ids = [0, 1, 2, 3, 1000, 2 ** 20].map((high) => 28_672 + high * 2 ** 32)
  for (const id of ids) {
    for (let block = 0; block < 50; block++) {
      const number = 1_750_000_000_000 * 1024 + block * blockNumbers
      const { producer } = batchOf(sourceOf(id, [], number), letter(number), data).deadLetter ?? {}
      seen.add(Buffer.from(producer?.id ?? []).toString('hex'))
    }
  }
  t.equal(seen.size, ids.length * 50)
  t.end()
})

t.test('a target knows them all, however long one waits while others go elsewhere', async (t) => {
  const machine = new ShardMachine()
  let index = 0
  const apply = (sections: readonly Uint8Array[]) => {
    return machine.apply({ index: ++index, term: 1 }, encodeEntryBatch(1, sections)).replies
  }
  const created = { type: 'create-queue', cursor: 1, queue: 1, vhost: '/', name: 'dead' } as const
  apply([encodeCommandSection({ type: 'topology', upTo: 1, changes: [created] })])
  let number = 0
  const section = (at: number): Uint8Array => {
    const batch = batchOf(sourceOf(1, [1], at), letter(at), data)
    const identity = batch.deadLetter?.producer ?? { id: new Uint8Array(16), epoch: 0 }
    const producer = { ...identity, ...batch }
    const sent = { ...way, routingKey: 'dead', number: ++number, producer, count: 1 }
    return new Uint8Array(Buffer.concat(encodePublishSection({ ...sent, blob: batch.blob })))
  }
  const types = new Set<string>()
  for (let first = 2; first < 100_000; first += 1_000) {
    const sections = Array.from({ length: 500 }, (_, at) => section(first + 2 * at))
    for (const { type } of apply(sections)) types.add(type)
  }
  t.same([...types], ['accepted'])
  t.same(
    apply([2, 40_000, 98_000].map(section)).map(({ type }) => type),
    ['repeated', 'repeated', 'repeated']
  )
})
