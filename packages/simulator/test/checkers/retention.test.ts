// Entries of live messages stay on the disk; what was not there before is another matter.
import type { StoredGroup } from '@holdfast/cluster/contract'
import t from 'tap'
import {
  freedWhileLive,
  keptThoughDead,
  notCommitted,
  notRetained
} from '../../src/checkers/retention.ts'

function disk(...indexes: readonly number[]): StoredGroup {
  const data = new Uint8Array(0)
  const stored = indexes.map((index) => {
    return [index, { index, term: 1, type: 'command', data, isFreed: false }] as const
  })
  const hardState = { term: 1, vote: null, commit: 0 }
  const blank = { meta: null, blobs: new Map(), lastIndex: 9, keepFrom: 0, staged: null }
  return { hardState, entries: new Map(stored), ...blank }
}

const live = [
  { first: 2, last: 3 },
  { first: 7, last: 7 }
]
const before = new Set([1, 2, 3, 4, 7])

t.test('what is settled may go', async (t) => {
  t.same(freedWhileLive(live, before, disk(2, 3, 7)), [])
})

t.test('what is live may not', async (t) => {
  t.same(freedWhileLive(live, before, disk(3)), [2, 7])
  t.same(freedWhileLive(live, before, undefined), [2, 3, 7])
})

t.test('what was lost before is not freed now', async (t) => {
  t.same(freedWhileLive(live, new Set([2, 3]), disk(2, 3)), [])
})

t.test('an installed snapshot brings the entries of live messages along', async (t) => {
  t.same(notRetained(live, [{ first: 1, last: 7 }]), [])
  t.same(notRetained(live, [{ first: 2, last: 2 }]), [3, 7])
})

t.test('what an installed snapshot retains is what was committed', async (t) => {
  t.same(
    notCommitted(live, disk(2, 3, 7), () => 1),
    []
  )
  t.same(
    notCommitted(live, disk(2, 3, 7), (index) => (index === 3 ? 2 : 1)),
    [3]
  )
  t.same(
    notCommitted(live, disk(2), (index) => (index === 2 ? null : 2)),
    [],
    'nobody knows'
  )
})

t.test('what a snapshot leaves behind is live, or kept for those that lag', async (t) => {
  t.same(keptThoughDead(live, 8, { ...disk(2, 3, 7, 9), keepFrom: 99 }), [])
  const full = disk(2, 3, 4, 5, 7, 9)
  t.same(keptThoughDead(live, 8, { ...full, keepFrom: 5 }), [4])
  t.same(keptThoughDead(live, 8, { ...full, keepFrom: 6 }), [4, 5])
  t.same(keptThoughDead(live, 4, { ...full, keepFrom: 6 }), [4])
})
