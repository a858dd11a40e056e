// What is durable, and what a late report must not make durable.
import t from 'tap'
import { UnstableLog } from '../src/unstable-log.ts'

t.test('a write makes durable what it held', async (t) => {
  const unstable = new UnstableLog(3, 1)
  t.same(unstable.take(5, 2, 0), { number: 1, truncateFrom: null, firstIndex: 4 })
  t.same(unstable.take(7, 2, 0), { number: 2, truncateFrom: null, firstIndex: 6 })
  unstable.persisted(1)
  t.same([unstable.durableIndex, unstable.durableTerm], [5, 2])
  unstable.persisted(2)
  t.equal(unstable.durableIndex, 7)
})

t.test('a report includes all writes before it, and may come twice', async (t) => {
  const unstable = new UnstableLog(0, 0)
  for (const last of [1, 2, 3]) unstable.take(last, 1, 0)
  unstable.persisted(2)
  t.equal(unstable.durableIndex, 2)
  unstable.persisted(1)
  unstable.persisted(2)
  t.equal(unstable.durableIndex, 2)
  t.throws(() => unstable.persisted(4), /handed out/)
})

t.test('a truncation in between takes what the write would have counted for', async (t) => {
  const unstable = new UnstableLog(2, 1)
  unstable.take(6, 1, 0)
  unstable.truncated(4)
  t.same(unstable.take(5, 2, 0), { number: 2, truncateFrom: 4, firstIndex: 4 })
  unstable.persisted(1)
  t.equal(unstable.durableIndex, 3, 'entries 4 to 6 of the first write are dead')
  unstable.persisted(2)
  t.equal(unstable.durableIndex, 5)
})

t.test('what was never handed out needs no truncation on disk', async (t) => {
  const unstable = new UnstableLog(2, 1)
  unstable.truncated(4)
  t.notOk(unstable.hasTruncation)
  unstable.truncated(2)
  t.ok(unstable.hasTruncation)
  t.equal(unstable.durableIndex, 1)
})

t.test('an installed snapshot voids the writes under way', async (t) => {
  const unstable = new UnstableLog(2, 1)
  unstable.take(9, 1, 0)
  unstable.reset(6)
  unstable.persisted(1)
  t.equal(unstable.durableIndex, 6)
  t.same(unstable.take(7, 3, null), { number: 2, truncateFrom: null, firstIndex: 7 })
})

t.test('the oldest write that holds something is known', async (t) => {
  const unstable = new UnstableLog(0, 0)
  unstable.take(0, 1, null)
  t.equal(unstable.oldestTick, null)
  unstable.take(1, 1, 5)
  unstable.take(2, 1, 8)
  t.equal(unstable.oldestTick, 5)
  unstable.persisted(2)
  t.equal(unstable.oldestTick, 8)
})
