// What may leave a node, by what is on its disk.
import type { StoredGroup } from '@holdfast/cluster/contract'
import type { HardState, Message } from '@holdfast/raft'
import t from 'tap'
import { contradiction, floorOf, remainsOf, untruth } from '../../src/checkers/disk-truth.ts'

function disk(hardState: Partial<HardState>, lastIndex: number = 0): StoredGroup {
  const blank = { meta: null, blobs: new Map(), entries: new Map(), keepFrom: 0, staged: null }
  return { hardState: { term: 0, vote: null, commit: 0, ...hardState }, lastIndex, ...blank }
}

const grant: Message = {
  type: 'vote-response',
  from: 1,
  to: 2,
  term: 3,
  pre: false,
  granted: true
}
const ask: Message = {
  type: 'vote-request',
  from: 1,
  to: 2,
  term: 3,
  pre: false,
  transfer: false,
  last: { index: 0, term: 0 },
  commit: 0
}
const accept: Message = {
  type: 'append-response',
  from: 1,
  to: 2,
  term: 3,
  session: 1,
  accepted: true,
  index: 5,
  hint: { index: 0, term: 0 }
}

t.test('what is durable may be spoken of', async (t) => {
  t.equal(untruth(disk({ term: 3, vote: 2 }), grant), null)
  t.equal(untruth(disk({ term: 4 }), grant), null, 'a later term was written after it')
  t.equal(untruth(disk({ term: 3, vote: 1 }), ask), null)
  t.equal(untruth(disk({ term: 3 }, 5), accept), null)
  t.equal(untruth(disk({ term: 4 }, 2), accept), null, 'a later leader has replaced it')
  const meta = { id: { index: 7, term: 2 }, manifest: new Uint8Array(0) }
  const configuration = { voters: [1], outgoing: [], learners: [] }
  const stored = { ...disk({ term: 3 }), meta: { ...meta, configuration } }
  t.equal(untruth(stored, accept), null, 'a snapshot stands for the log')
})

t.test('what binds nobody may always be said', async (t) => {
  t.equal(untruth(undefined, { ...grant, granted: false }), null)
  t.equal(untruth(undefined, { ...grant, pre: true }), null)
  t.equal(untruth(undefined, { ...ask, pre: true }), null)
  t.equal(untruth(undefined, { ...accept, accepted: false }), null)
})

t.test('what a crash would take back is found', async (t) => {
  t.match(untruth(undefined, grant), /the vote/, 'nothing is on disk')
  t.match(untruth(disk({ term: 2, vote: 2 }), grant), /the vote/, 'the term is not')
  t.match(untruth(disk({ term: 3 }), grant), /the vote/, 'the vote is not')
  t.match(untruth(disk({ term: 3, vote: 4 }), grant), /the vote/, 'another vote is')
  t.match(untruth(disk({ term: 2 }), ask), /term or vote/, 'the candidacy is not')
  t.match(untruth(disk({ term: 2 }, 5), accept), /the term/, 'the term of the leader is not')
  t.match(untruth(disk({ term: 3 }, 4), accept), /ends at 4/, 'the last entry is not')
})

t.test('a record that forgets a promise, or promises too much, is found', async (t) => {
  const before = { term: 3, vote: 2, commit: 0 }
  const entry = { index: 4, term: 4, type: 'command', data: new Uint8Array(0) } as const
  const entries = new Map([[4, { ...entry, isFreed: false }]])
  t.equal(contradiction(undefined, disk({ term: 3 }), 0), null)
  t.equal(contradiction(before, disk({ term: 3, vote: 2 }), 0), null)
  t.equal(contradiction(before, disk({ term: 4 }), 0), null)
  t.equal(contradiction(before, disk({ term: 2 }), 0), 'term 3 becomes 2')
  t.match(contradiction(before, disk({ term: 3 }), 0), /vote for 2 in term 3 becomes null/)
  t.match(contradiction(before, disk({ term: 4, commit: 5 }, 4), 0), /5 is committed/)
  t.equal(contradiction(before, { ...disk({ term: 4 }, 4), entries }, 0), null)
  const early = { ...disk({ term: 3, vote: 2 }, 4), entries }
  t.match(contradiction(before, early, 0), /before its term/)
})

t.test('more may be committed than is there, of a replica that began anew', async (t) => {
  const whole = disk({ term: 3, vote: 2, commit: 4 }, 4)
  const left = disk({ term: 3, vote: 2, commit: 7 }, 0)
  t.equal(floorOf(undefined, null), 0)
  t.equal(floorOf(whole, null), 0)
  t.equal(floorOf(whole, left.hardState), 7, 'it leaves')
  t.equal(floorOf(left, null), 7, 'it has left')
  t.equal(contradiction(whole.hardState, left, floorOf(whole, left.hardState)), null)
  t.match(contradiction(whole.hardState, left, floorOf(whole, null)), /7 is committed/)
  const less = disk({ term: 3, vote: 2, commit: 3 }, 3)
  t.match(contradiction(left.hardState, less, floorOf(left, null)), /7 was committed, now 3 is/)
  const caughtUp = disk({ term: 3, vote: 2, commit: 8 }, 9)
  t.equal(contradiction(left.hardState, caughtUp, floorOf(left, null)), null)
  const last = { index: 0, term: null }
  t.same(remainsOf(left), { term: 3, vote: 2, last, floor: 7, replacedBy: null })
})
