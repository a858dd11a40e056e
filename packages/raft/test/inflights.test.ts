// The window of append requests in flight.
import t from 'tap'
import { Inflights } from '../src/inflights.ts'

t.test('is full at the bound of requests', async (t) => {
  const inflights = new Inflights(2, 100)
  inflights.add(1, 1)
  t.notOk(inflights.isFull)
  inflights.add(2, 1)
  t.ok(inflights.isFull)
  inflights.freeTo(1)
  t.notOk(inflights.isFull)
  t.equal(inflights.count, 1)
})

t.test('is full at the bound of bytes, which one larger request may exceed', async (t) => {
  const inflights = new Inflights(10, 100)
  inflights.add(1, 60)
  t.equal(inflights.roomBytes, 40)
  inflights.add(2, 500)
  t.ok(inflights.isFull)
  t.equal(inflights.roomBytes, 0)
  inflights.freeTo(2)
  t.equal(inflights.roomBytes, 100)
})

t.test('an answer frees all requests up to its index, an old one nothing', async (t) => {
  const inflights = new Inflights(10, 100)
  for (const index of [3, 6, 9]) inflights.add(index, 10)
  inflights.freeTo(2)
  t.equal(inflights.count, 3)
  inflights.freeTo(7)
  t.equal(inflights.count, 1)
  t.equal(inflights.roomBytes, 90)
  inflights.clear()
  t.equal(inflights.count, 0)
  t.equal(inflights.roomBytes, 100)
})
