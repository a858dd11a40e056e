// What a client holds and has settled, as the next leader is told.
import t from 'tap'
import { limits } from '../../src/limits.ts'
import { Holdings } from '../../src/relaying/holdings.ts'

const settled = (): void => undefined

t.test('what is settled is claimed until it is answered', async (t) => {
  const holdings = new Holdings()
  t.ok(holdings.isEmpty)
  holdings.add({ firstOffset: 3, count: 4, attempt: 0 })
  holdings.add({ firstOffset: 1, count: 2, attempt: 1 })
  t.same(holdings.claims(), [1, 2, 1, 3, 6, 0])
  const ranges = [3, 5, 0]
  holdings.remove(ranges)
  holdings.settling(9, { outcome: 'accepted', ranges, settled })
  t.same(holdings.claims(), [1, 2, 1, 3, 6, 0])
  holdings.settled(9)
  t.same(holdings.claims(), [1, 2, 1, 6, 6, 0])
  holdings.settling(10, { outcome: 'released', ranges: [6, 6, 0], settled })
  holdings.remove([1, 6, 0])
  t.notOk(holdings.isEmpty, 'an answer is missing')
  t.same([...holdings.takeSettling().keys()], [10])
  t.ok(holdings.isEmpty)
})

t.test('a client holds as much as one consumer may', async (t) => {
  const holdings = new Holdings()
  holdings.add({ firstOffset: 1, count: limits.prefetchMax - 1, attempt: 0 })
  t.notOk(holdings.isFull)
  holdings.add({ firstOffset: limits.prefetchMax, count: 1, attempt: 0 })
  t.ok(holdings.isFull)
  holdings.clear()
  t.ok(holdings.isEmpty)
})

t.test('who waits for an answer gets one, or is told that none is known to come', async (t) => {
  const holdings = new Holdings()
  const done: string[] = []
  const settle = (sequence: number, name: string): void =>
    holdings.settling(sequence, {
      outcome: 'released',
      ranges: [sequence, sequence, 0],
      settled: () => done.push(name)
    })
  settle(1, 'answered')
  holdings.settled(1)
  holdings.settled(1)
  t.same(done.splice(0), ['answered'])
  settle(2, 'without a leader')
  holdings.stopWaiting()
  t.same(done.splice(0), ['without a leader'])
  t.same([...holdings.takeSettling().keys()], [2], 'it is told again all the same')
})
