// How far ahead of the deliveries a mark is asked for, and when again.
import t from 'tap'
import type { Consumer } from '../../src/delivering/consumer.ts'
import { DispatchMark } from '../../src/delivering/dispatch-mark.ts'
import { limits, times } from '../../src/limits.ts'

const consumer = { prefetch: 100 } as Consumer

t.test('nobody wants a mark without consumers', async (t) => {
  t.equal(new DispatchMark(limits.markBlockMin).wanted(0, 1, [], 0), null)
})

t.test('a mark is twice the prefetch ahead, and asked for at half of that', async (t) => {
  const mark = new DispatchMark(limits.markBlockMin)
  t.equal(mark.wanted(0, 1, [consumer, consumer], 0), 401)
  t.equal(mark.wanted(0, 1, [consumer, consumer], times.markRetryMs - 1), null, 'it is asked for')
  t.equal(mark.wanted(0, 1, [consumer, consumer], times.markRetryMs), 401, 'it was lost')
  t.equal(mark.wanted(401, 200, [consumer, consumer], 0), null)
  t.equal(mark.wanted(401, 202, [consumer, consumer], 0), 602)
})

t.test('blocks have bounds', async (t) => {
  t.equal(
    new DispatchMark(limits.markBlockMin).wanted(0, 1, [{ prefetch: 1 } as Consumer], 0),
    1 + limits.markBlockMin
  )
  const many = [{ prefetch: limits.prefetchMax } as Consumer]
  t.equal(new DispatchMark(limits.markBlockMin).wanted(0, 1, many, 0), 1 + limits.markBlockMax)
})
