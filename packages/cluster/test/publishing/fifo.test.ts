// A queue that is cheap at its head holds what an array would, whatever is pushed and taken.
import { Random } from '@holdfast/testkit'
import t from 'tap'
import { Fifo } from '../../src/publishing/fifo.ts'

t.test('it gives in order what was pushed, whatever went in between', async (t) => {
  const random = new Random(7)
  const fifo = new Fifo<number>()
  const model: number[] = []
  let next = 0
  for (let step = 0; step < 2000; step++) {
    const isGrowing = step % 500 < 250
    if (random.chance(isGrowing ? 0.7 : 0.3)) {
      for (let count = random.integer(1, 100); count > 0; count--) {
        fifo.push(next)
        model.push(next++)
      }
    } else {
      const count = random.integer(0, Math.min(100, model.length))
      if (fifo.take(count).join() !== model.splice(0, count).join()) t.fail(`step ${step}`)
    }
    if (fifo.length !== model.length || fifo.at(0) !== model[0]) t.fail(`step ${step}`)
    if (fifo.at(model.length) !== undefined) t.fail(`step ${step}`)
    if (step % 50 === 0 && [...fifo].join() !== model.join()) t.fail(`step ${step}`)
  }
  t.ok(next > 10_000)
})
