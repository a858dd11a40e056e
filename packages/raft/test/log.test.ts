// The log in memory, against a naive one: an array of everything.

import { Random } from '@holdfast/testkit'
import t from 'tap'
import { blankState, type Entry } from '../src/index.ts'
import { RaftLog } from '../src/log.ts'
import { command, stateOf, voters } from './single-replica.ts'

const configuration = voters(1)

function metaAt(log: RaftLog, index: number) {
  const id = { index, term: log.termAt(index) ?? 0 }
  return { id, configuration, manifest: new Uint8Array(0) }
}

t.test('a blank log knows index 0 and nothing else', async (t) => {
  const log = new RaftLog(blankState())
  t.same([log.firstIndex, log.lastIndex, log.bodiesFirst], [1, 0, 1])
  t.same(log.lastId, { index: 0, term: 0 })
  t.equal(log.termAt(0), 0)
  t.equal(log.termAt(1), null)
  t.equal(log.entry(1), null)
})

for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
  t.test(`agrees with a naive log, seed ${seed}`, async (t) => {
    const random = new Random(seed)
    const log = new RaftLog(blankState())
    const naive: Entry[] = []
    let forgotten = 0
    let term = 1
    for (let step = 0; step < 4000; step++) {
      const choice = random.fraction()
      if (choice < 0.7) {
        if (random.chance(0.1)) term++
        const entry = command(naive.length + 1, term, 'x'.repeat(random.below(9)))
        log.append(entry)
        naive.push(entry)
      } else if (choice < 0.8) {
        const from = Math.max(forgotten, log.snapshotIndex) + 1 + random.below(5)
        if (from <= naive.length) {
          log.truncateFrom(from)
          naive.length = from - 1
          // A new leader, whose term is later than all before.
          term++
        }
      } else if (choice < 0.9) {
        forgotten = Math.max(forgotten, Math.min(naive.length, forgotten + random.below(8)))
        log.forget(forgotten)
      } else if (choice < 0.95 && forgotten > log.snapshotIndex) {
        log.setSnapshot(metaAt(log, forgotten))
      } else {
        log.compact(Math.max(1, log.snapshotIndex + 1 - random.below(6)))
      }
      const first = log.firstIndex
      const index = first + random.below(naive.length - first + 3)
      const expected = naive[index - 1]
      if (log.termAt(index) !== (expected?.term ?? null)) t.fail(`term of ${index}, step ${step}`)
      const body = index > forgotten ? (expected ?? null) : null
      if (log.entry(index) !== body) t.fail(`body of ${index}, step ${step}`)
      const bytes = naive.slice(forgotten).reduce((sum, entry) => sum + entry.data.byteLength, 0)
      if (log.bodiesBytes !== bytes) t.fail(`bytes in step ${step}`)
      const hint = 1 + random.below(term)
      let at = Math.min(index, naive.length)
      while (at >= first && (naive[at - 1]?.term ?? 0) > hint) at--
      if (log.lastIndexOfTerm(index, hint) !== at)
        t.fail(`term ${hint} from ${index}, step ${step}`)
    }
    t.same(log.lastId.index, naive.length)
    t.same(log.tail(log.bodiesFirst), naive.slice(log.bodiesFirst - 1))
  })
}

t.test('a slice has at least one entry, and then no more bytes than allowed', async (t) => {
  const log = new RaftLog(blankState())
  for (let index = 1; index <= 6; index++) log.append(command(index, 1, 'xxxx'))
  const lengths = [0, 4, 7, 8, 100].map((bytes) => log.slice(2, bytes).length)
  t.same(lengths, [1, 1, 1, 2, 5])
  t.equal(log.slice(2, 8)[0]?.index, 2)
})

t.test('compaction keeps the term before the first index, for the entry after it', async (t) => {
  const log = new RaftLog(stateOf([1, 1, 2, 2], configuration))
  log.setSnapshot(metaAt(log, 4))
  log.compact(3)
  t.equal(log.termAt(2), 1)
  t.equal(log.termAt(1), null)
  log.compact(5)
  t.same([log.firstIndex, log.lastIndex, log.termAt(4)], [5, 4, 2])
  log.append(command(5, 2))
  t.equal(log.termAt(5), 2)
})

t.test('entries kept behind the snapshot are known after a restart', async (t) => {
  const meta = { id: { index: 4, term: 2 }, configuration, manifest: new Uint8Array(0) }
  const base = { ...blankState(), snapshot: meta, applied: 4, lastIndex: 5 }
  const log = new RaftLog({
    ...base,
    firstIndex: 3,
    terms: [{ firstIndex: 3, term: 2 }],
    entries: [command(5, 2)]
  })
  t.same(
    [3, 4, 5].map((index) => log.termAt(index)),
    [2, 2, 2]
  )
  t.equal(log.termAt(2), null, 'its term is not on disk any more')
  t.equal(log.bodiesFirst, 5)
})

t.test('what contradicts itself is refused', async (t) => {
  const log = new RaftLog(stateOf([1, 1], configuration))
  t.throws(() => log.append(command(4, 1)), /without gaps/)
  t.throws(() => log.append(command(3, 0)), /terms never fall/)
  t.throws(() => log.compact(2), /only what a snapshot covers/)
  t.throws(() => log.setSnapshot({ ...metaAt(log, 2), id: { index: 2, term: 9 } }), /this log/)
  const meta = metaAt(log, 2)
  log.setSnapshot(meta)
  t.throws(() => log.truncateFrom(2), /never truncated/)
  t.throws(() => new RaftLog({ ...blankState(), firstIndex: 2 }), /missing/)
  t.throws(() => new RaftLog({ ...blankState(), lastIndex: 2 }), /terms|bodies/)
  const gap = { ...stateOf([1, 1], configuration), entries: [command(2, 1), command(2, 1)] }
  t.throws(() => new RaftLog(gap), /no gaps/)
})
