// What the next life of a replica must find, where it left its group and came back before its disk
// knew of that.
import type { StoredGroup } from '@holdfast/cluster/contract'
import t from 'tap'
import { Lives } from '../../src/checkers/lives.ts'
import type { ObservedRaft } from '../../src/refinement/observed-raft.ts'
import type { Remains } from '../../src/refinement/restart-guard.ts'

const of = { group: 2, replica: 7 }
const last = { index: 162, term: 2 }
const written: Remains = { term: 4, vote: 7, last, floor: 0, replacedBy: null }
const blank: Remains = { ...written, last: { index: 0, term: 0 } }
const promised: Remains = {
  term: 5,
  vote: null,
  last: { index: 0, term: null },
  floor: 168,
  replacedBy: null
}
const hardState = { term: 5, vote: null, commit: 168 }

/** Begins a life that wrote this; returns what it had to find. */
function begin(lives: Lives, epoch: number, remains: Remains): Remains | null {
  let found: Remains | null = null
  lives.begin(of, epoch, (required) => {
    found = required
    return { remains, hardState } as unknown as ObservedRaft
  })
  return found
}

t.test('another process finds what the one before had written', async (t) => {
  const lives = new Lives()
  t.equal(begin(lives, 1, written), null)
  t.same(begin(lives, 2, written), written)
})

t.test('who left and is back finds its promises, whatever its disk knows', async (t) => {
  const lives = new Lives()
  begin(lives, 1, written)
  t.same(begin(lives, 1, blank), promised)
  const stored = { hardState } as StoredGroup
  t.ok(lives.leaves(of, stored))
  t.ok(lives.get(of), 'it goes on')
  t.same(begin(lives, 2, blank), blank)
})

t.test('who is back finds its old log again if its process ends before it left', async (t) => {
  const lives = new Lives()
  begin(lives, 1, written)
  begin(lives, 1, blank)
  t.same(begin(lives, 2, written), written)
})

t.test('who left for good finds its promises when it is back', async (t) => {
  const lives = new Lives()
  begin(lives, 1, written)
  t.ok(lives.leaves(of, { hardState } as StoredGroup))
  t.equal(lives.get(of), undefined)
  t.same(begin(lives, 1, blank), promised)
})
