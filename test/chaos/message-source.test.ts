// Messages follow from seed, publisher and sequence alone; sizes have the shares that are promised.
import t from 'tap'
import {
  bodyBytesMax,
  hashBody,
  MessageSource,
  messageIdOf,
  parseMessageId
} from './message-source.ts'

t.test('the same message again, whatever was made before', async (t) => {
  const [left, right] = [new MessageSource(5, 'small'), new MessageSource(5, 'small')]
  right.body(3, 999)
  for (let sequence = 1; sequence <= 500; sequence += 1) {
    t.equal(hashBody(left.body(1, sequence)), hashBody(right.body(1, sequence)))
    t.equal(left.queue(1, sequence, 10), right.queue(1, sequence, 10))
  }
  t.not(
    hashBody(new MessageSource(6, 2_000).body(1, 1)),
    hashBody(new MessageSource(5, 2_000).body(1, 1)),
    'another seed, another body'
  )
})

t.test('bodies differ from each other', async (t) => {
  const source = new MessageSource(1, 100)
  const hashes = new Set<number>()
  for (let sequence = 1; sequence <= 2_000; sequence += 1) {
    hashes.add(hashBody(source.body(1, sequence)))
    hashes.add(hashBody(source.body(2, sequence)))
  }
  t.equal(hashes.size, 4_000)
})

t.test('mixed sizes: from 0 B to 16 MiB, mostly 1 KiB', async (t) => {
  const source = new MessageSource(1, 'mixed')
  const sizes = Array.from({ length: 100_000 }, (_, at) => source.size(1, at + 1))
  const share = (has: (size: number) => boolean): number => sizes.filter(has).length / sizes.length
  t.ok(share((size) => size === 0) > 0.01)
  t.ok(share((size) => size > 900 && size < 1_200) > 0.6)
  t.ok(share((size) => size > 1_048_576) > 0)
  t.ok(share((size) => size === bodyBytesMax) > 0)
  t.equal(
    share((size) => size > bodyBytesMax),
    0
  )
  const sequence = sizes.indexOf(bodyBytesMax) + 1
  t.equal(source.body(1, sequence).length, bodyBytesMax)
})

t.test('queues are used evenly', async (t) => {
  const source = new MessageSource(1, 'small')
  const counts = new Array<number>(10).fill(0)
  for (let sequence = 1; sequence <= 10_000; sequence += 1) {
    const queue = source.queue(1, sequence, 10)
    counts[queue] = (counts[queue] ?? 0) + 1
  }
  for (const count of counts) t.ok(count > 850 && count < 1_150, `${count} of 10,000`)
})

t.test('ids', async (t) => {
  t.same(parseMessageId(messageIdOf(3, 77)), [3, 77])
  for (const id of [undefined, '', '1', '1-', 'a-1', '1-2-3', '-1-2', '12345678901-1']) {
    t.equal(parseMessageId(id), null)
  }
})
