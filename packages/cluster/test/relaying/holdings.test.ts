// What a client holds and has settled, as the next leader is told.
import t from 'tap'
import { limits } from '../../src/limits.ts'
import { Holdings } from '../../src/relaying/holdings.ts'

t.test('what is settled is claimed until it is answered', async (t) => {
  const holdings = new Holdings()
  t.ok(holdings.isEmpty)
  holdings.add({ firstOffset: 3, count: 4, attempt: 0 })
  holdings.add({ firstOffset: 1, count: 2, attempt: 1 })
  t.same(holdings.claims(), [1, 2, 1, 3, 6, 0])
  const ranges = [3, 5, 0]
  holdings.remove(ranges)
  holdings.settling(9, { outcome: 'accepted', ranges })
  t.same(holdings.claims(), [1, 2, 1, 3, 6, 0])
  holdings.settled(9)
  t.same(holdings.claims(), [1, 2, 1, 6, 6, 0])
  holdings.settling(10, { outcome: 'released', ranges: [6, 6, 0] })
  holdings.remove([1, 6, 0])
  t.notOk(holdings.isEmpty, 'an answer is missing')
  t.same([...holdings.takeSettling().keys()], [10])
  t.ok(holdings.isEmpty)
})

t.test('what was given back is waited for, what was accepted is not', async (t) => {
  const holdings = new Holdings()
  const done: string[] = []
  holdings.settling(1, { outcome: 'accepted', ranges: [1, 1, 0] })
  holdings.whenSettled('released', () => done.push('at once'))
  holdings.settling(2, { outcome: 'released', ranges: [2, 2, 0] })
  holdings.whenSettled('released', () => done.push('after 2'))
  t.same(done, ['at once'])
  const told = [...holdings.takeSettling().values()]
  t.same(done, ['at once'], 'it is told again')
  for (const [i, settlement] of told.entries()) holdings.settling(3 + i, settlement)
  holdings.settled(3)
  t.same(done, ['at once'])
  holdings.settled(4)
  t.same(done, ['at once', 'after 2'])
  holdings.settling(5, { outcome: 'released', ranges: [2, 2, 0] })
  holdings.whenSettled('released', () => done.push('given up'))
  holdings.clear()
  t.same(done.at(-1), 'given up')
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

t.test(
  'work waits for the settlements that it is about, or until nobody knows of them',
  async (t) => {
    const holdings = new Holdings()
    const done: string[] = []
    const wait = (name: string, which: Parameters<Holdings['whenSettled']>[0]): void =>
      holdings.whenSettled(which, () => done.push(name))
    wait('at once', 'all')
    holdings.settling(1, { outcome: 'accepted', ranges: [1, 1, 0] })
    holdings.settling(2, { outcome: 'released', ranges: [2, 2, 0] })
    wait('all', 'all')
    wait('released', 'released')
    wait('rejected', 'rejected')
    t.same(done, ['at once', 'rejected'])
    holdings.settled(2)
    t.same(done.splice(2), ['released'])
    holdings.settled(1)
    t.same(done.splice(2), ['all'])
    holdings.settling(3, { outcome: 'accepted', ranges: [3, 3, 0] })
    wait('the consumer is gone', 'all')
    holdings.clear()
    t.same(done.splice(2), ['the consumer is gone'])
  }
)
