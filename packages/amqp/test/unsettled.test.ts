// Delivery tags: counted from 1, taken once, ranges of what was taken (AMQP 0-9-1 basic.ack).
import t from 'tap'
import { settlementsOf, UnsettledDeliveries } from '../src/unsettled.ts'
import { codeOf } from './generator.ts'

function filled(): UnsettledDeliveries {
  const unsettled = new UnsettledDeliveries()
  for (let offset = 11; offset <= 15; offset++) unsettled.add(1, offset, 0)
  return unsettled
}

const tagsOf = (deliveries: readonly { tag: number }[]): number[] =>
  deliveries.map(({ tag }) => tag)

t.test('one tag, all up to one, or all', async (t) => {
  const unsettled = filled()
  t.same(tagsOf(unsettled.take(2, false)), [2])
  t.same(tagsOf(unsettled.take(3, true)), [1, 3])
  t.equal(unsettled.nextTag(), 6, 'a delivery that needs no ack counts as well')
  t.equal(unsettled.add(1, 20, 0), 7)
  t.same(tagsOf(unsettled.take(0, true)), [4, 5, 7])
  t.same(unsettled.take(0, true), [])
})

t.test('a tag that is not there is refused, single or multiple', async (t) => {
  const unsettled = filled()
  unsettled.take(3, false)
  for (const multiple of [false, true]) {
    t.equal(
      codeOf(() => unsettled.take(3, multiple)),
      406
    )
    t.equal(
      codeOf(() => unsettled.take(6, multiple)),
      406
    )
  }
  t.equal(
    codeOf(() => unsettled.take(0, false)),
    406
  )
  t.equal(unsettled.size, 4)
})

t.test('what is put back is where it was', async (t) => {
  const unsettled = filled()
  const taken = [...unsettled.take(4, false), ...unsettled.take(2, true)]
  unsettled.restore(taken)
  t.same(tagsOf(unsettled.take(4, true)), [1, 2, 3, 4])
})

t.test('settlements are ranges by consumer and attempt', async (t) => {
  const unsettled = new UnsettledDeliveries()
  unsettled.add(1, 5, 0)
  unsettled.add(2, 5, 0)
  unsettled.add(1, 6, 0)
  unsettled.add(1, 7, 1)
  unsettled.add(1, 9, 1)
  t.same(settlementsOf(unsettled.takeAll(), 'released'), [
    { consumer: 1, outcome: 'released', ranges: [5, 6, 0, 7, 7, 1, 9, 9, 1] },
    { consumer: 2, outcome: 'released', ranges: [5, 5, 0] }
  ])
})
