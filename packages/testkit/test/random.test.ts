// The generator is reproducible, splits into independent streams, and keeps its ranges.
import t from 'tap'
import { Random } from '../src/random.ts'

t.test('one seed, one stream', async (t) => {
  const [left, right, other] = [new Random(42), new Random(42), new Random(43)]
  const draw = (random: Random): number[] => Array.from({ length: 20 }, () => random.next())
  const first = draw(left)
  t.same(first, draw(right))
  t.notSame(first, draw(other))
  t.notSame(new Random(1).next(), new Random(1 + 2 ** 32).next(), 'the high half counts')
})

t.test('a split stream does not depend on what was drawn before', async (t) => {
  const left = new Random(7)
  const right = new Random(7)
  right.next()
  t.equal(left.split('disk').next(), right.split('disk').next())
  t.not(left.split('disk').next(), left.split('network').next())
  t.not(new Random(7).split('disk').next(), new Random(8).split('disk').next())
})

t.test('ranges are kept and covered', async (t) => {
  const random = new Random(3)
  const counts = new Array<number>(6).fill(0)
  for (let round = 0; round < 60_000; round += 1) {
    const value = random.integer(10, 15)
    counts[value - 10] = (counts[value - 10] ?? 0) + 1
    const fraction = random.fraction()
    if (fraction < 0 || fraction >= 1) t.fail(`fraction ${fraction}`)
  }
  for (const count of counts) t.ok(count > 9_000 && count < 11_000, `${count} of 60,000`)
  t.throws(() => random.pick([]), RangeError)
})

t.test('shuffle permutes, bytes fill every length', async (t) => {
  const random = new Random(5)
  const items = Array.from({ length: 100 }, (_, at) => at)
  const shuffled = random.shuffle(items)
  t.notSame(shuffled, items)
  t.same(
    shuffled.toSorted((left, right) => left - right),
    items
  )
  for (let size = 0; size < 12; size += 1) t.equal(random.bytes(size).length, size)
  t.notSame(random.bytes(16), random.bytes(16))
})

t.test('draws below an end, and from lists that may be empty', async (t) => {
  const random = new Random(5)
  for (let round = 0; round < 1_000; round += 1) {
    const drawn = random.below(3)
    if (drawn < 0 || drawn > 2 || !Number.isInteger(drawn)) t.fail(`drew ${drawn}`)
  }
  t.equal(random.pickAny([]), undefined)
  t.equal(random.pickAny(['one']), 'one')
  t.throws(() => random.pick([]), RangeError)
})
