// The set of applied sequences against a plain set.

import { chooseSeed, Random } from '@holdfast/testkit'
import t from 'tap'
import { SequenceSet } from '../../src/queue/sequence-set.ts'

t.test('agrees with a plain set', async (t) => {
  const random = new Random(chooseSeed())
  t.comment(`seed ${random.seed}`)
  for (let round = 0; round < 50; round++) {
    const set = new SequenceSet()
    const applied = new Set<number>()
    let lowest = 1
    for (let step = 0; step < 200; step++) {
      const first = Math.max(1, lowest - 5) + random.below(80)
      const last = first + random.below(12)
      const missing: number[] = []
      for (let sequence = first; sequence <= last; sequence++) {
        if (sequence >= lowest && !applied.has(sequence)) missing.push(sequence)
      }
      const runs = set.missing(first, last)
      const told: number[] = []
      for (let at = 0; at < runs.length; at += 2) {
        for (let sequence = runs[at] ?? 0; sequence <= (runs[at + 1] ?? 0); sequence++) {
          told.push(sequence)
        }
      }
      if (`${told}` !== `${missing}`) t.fail('other gaps', { told, missing, first, last })
      if (random.chance(0.7)) {
        set.add(first, last)
        for (let sequence = first; sequence <= last; sequence++) applied.add(sequence)
      }
      if (random.chance(0.2)) {
        lowest += random.below(10)
        set.raise(lowest)
      }
      const sorted = set.runs
      for (let at = 2; at < sorted.length; at += 2) {
        if ((sorted[at] ?? 0) <= (sorted[at - 1] ?? 0) + 1)
          t.fail('runs touch', { runs: [...sorted] })
      }
    }
    t.equal(set.lowest, lowest)
  }
})

t.test('consecutive batches take one run', async (t) => {
  const set = new SequenceSet()
  for (let first = 1; first < 10_000; first += 10) set.add(first, first + 9)
  t.same(set.runs, [1, 10_000])
  set.raise(20_000)
  t.same(set.runs, [])
  set.raise(5)
  t.equal(set.lowest, 20_000)
})
