// Live messages by entry, against a plain map.

import { chooseSeed, Random } from '@holdfast/testkit'
import t from 'tap'
import { LiveEntries } from '../src/live-entries.ts'

t.test('agrees with a map, over pages and snapshots', async (t) => {
  const random = new Random(chooseSeed())
  t.comment(`seed ${random.seed}`)
  const live = new LiveEntries()
  const expected = new Map<number, number>()
  const kept = new Set<number>()
  let index = 0
  for (let round = 0; round < 5_000; round++) {
    const step = random.chance(0.01) ? 2_000 : 1 + random.below(2)
    for (let skipped = 0; skipped < step; skipped++) kept.add(++index)
    if (random.chance(0.7)) {
      const messages = 1 + random.below(9)
      live.add(index, messages)
      expected.set(index, (expected.get(index) ?? 0) + messages)
    }
    for (const [entry, messages] of expected) {
      if (!random.chance(0.3)) break
      live.remove(entry, messages)
      expected.delete(entry)
    }
    if (random.chance(0.02)) {
      for (const { first, last } of live.takeFreed(index)) {
        for (let entry = first; entry <= last; entry++) {
          if (!kept.delete(entry)) t.fail('freed twice', { entry })
        }
      }
      const entries = [...expected.keys()].sort((a, b) => a - b)
      t.same(
        [...kept].sort((a, b) => a - b),
        entries
      )
      const ranges = live.ranges().flatMap(({ first, last }) => {
        return Array.from({ length: last - first + 1 }, (_, at) => first + at)
      })
      t.same(ranges, entries)
    }
  }
  for (const [entry, messages] of expected) t.equal(live.count(entry), messages)
})

t.test('more settlements than messages are a defect', async (t) => {
  const live = new LiveEntries()
  live.add(5, 2)
  t.throws(() => live.remove(5, 3), { name: 'AssertionError' })
  t.throws(() => live.remove(5_000, 1), { name: 'AssertionError' })
})
