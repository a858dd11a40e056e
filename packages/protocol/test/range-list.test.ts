// Ranges against a plain set of numbers.
import { DeliveryRangeList, mergeRanges, RangeList } from '@holdfast/protocol'
import t from 'tap'
import { between, makeRandom } from './generator.ts'

t.test('ranges hold exactly what was added, as few pairs as possible', async (t) => {
  const seed = 77
  const random = makeRandom(seed)
  for (let round = 0; round < 500; round++) {
    const list = new RangeList()
    const naive = new Set<number>()
    for (let i = between(random, 0, 20); i > 0; i--) {
      const first = between(random, 1, 60)
      const last = first + between(random, 0, 5)
      list.add(first, last)
      for (let n = first; n <= last; n++) naive.add(n)
    }
    const isSorted = random() < 0.5
    const flat = isSorted ? list.take() : mergeRanges(list.take())
    const sorted = [...naive].sort((a, b) => a - b)
    const expected: number[] = []
    for (const n of sorted) {
      if (expected.at(-1) === n - 1) expected[expected.length - 1] = n
      else expected.push(n, n)
    }
    t.strictSame(flat, expected, `seed ${seed} round ${round}`)
    t.ok(list.isEmpty)
  }
})

t.test('ranges of deliveries keep attempts apart', async (t) => {
  const list = new DeliveryRangeList()
  for (const [offset, attempt] of [
    [5, 0],
    [1, 0],
    [2, 0],
    [3, 1],
    [4, 1],
    [6, 0],
    [7, 0]
  ] as const) {
    list.add(offset, attempt)
  }
  t.strictSame(list.take(), [1, 2, 0, 3, 4, 1, 5, 7, 0])
  t.ok(list.isEmpty)
  list.add(1, 0)
  list.add(2, 0)
  t.strictSame(list.take(), [1, 2, 0])
})
