// Reads from the store: each answer reaches who asked for it, and nobody whose group is gone.
import t from 'tap'
import { coreWith } from '../part-core.ts'

t.test('answers are told apart by their ids', async (t) => {
  const { reads, outputs } = coreWith()
  const seen: string[] = []
  reads.entries(3, { first: 1, last: 2 }, 100, (results) => seen.push(`entries ${results.length}`))
  reads.retained(3, 1, 10, (entries) => seen.push(`retained ${entries.length}`))
  reads.blobs(4, [7], (results) => seen.push(`blobs ${results.length}`))
  const ids = outputs.map((output) => ('id' in output ? output.id : 0))
  t.match(outputs, [{ type: 'read-entries' }, { type: 'read-retained' }, { type: 'read-blobs' }])
  reads.done(ids[2] ?? 0, [{ type: 'absent' }])
  reads.retainedDone(ids[1] ?? 0, [])
  reads.done(ids[0] ?? 0, [{ type: 'absent' }, { type: 'absent' }])
  reads.done(ids[0] ?? 0, [])
  t.same(seen, ['blobs 1', 'retained 0', 'entries 2'])
})

t.test('what a store retains of a group that was left answers nobody', async (t) => {
  const { reads, outputs } = coreWith()
  const seen: number[] = []
  for (const group of [3, 4]) reads.retained(group, 1, 10, () => seen.push(group))
  reads.forget(3)
  for (const output of outputs) if ('id' in output) reads.retainedDone(output.id, [])
  t.same(seen, [4])
})
