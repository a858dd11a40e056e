// The heap of offsets gives back the lowest first, or the highest, against a sorted list.
import { Random } from '@holdfast/testkit'
import t from 'tap'
import { OffsetHeap } from '../../src/delivering/offset-heap.ts'

t.test('the lowest offset comes first, whatever went in between', async (t) => {
  const random = new Random(5)
  const heap = new OffsetHeap()
  const model: number[] = []
  for (let step = 0; step < 5000; step += 1) {
    if (random.chance(0.55)) {
      const offset = random.integer(1, 500)
      heap.push(offset)
      model.push(offset)
      model.sort((a, b) => a - b)
    } else if (random.chance(0.9)) {
      if (heap.pop() !== model.shift()) t.fail(`step ${step}`)
    } else if (heap.popHighest() !== model.pop()) t.fail(`step ${step}`)
    if (heap.size !== model.length || heap.peek() !== model[0]) t.fail(`step ${step}`)
  }
  heap.clear()
  t.equal(heap.pop(), undefined)
})
