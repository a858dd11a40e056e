// One synced write at a time, in order; what nobody waits for waits for company.
import t from 'tap'
import { GroupCommit } from '../../src/consensus/group-commit.ts'
import type { Core } from '../../src/core.ts'
import { Counters } from '../../src/counters.ts'
import type { CommitRecord } from '../../src/log-store.ts'
import type { Output } from '../../src/output.ts'

function make(): { commit: GroupCommit; records: () => CommitRecord[] } {
  const outputs: Output[] = []
  const core = { outputs, counters: new Counters() } as unknown as Core
  const records = (): CommitRecord[] =>
    outputs.flatMap((output) => (output.type === 'write' ? [output.record] : []))
  return { commit: new GroupCommit(core, 10), records }
}

function entry(index: number, sizeBytes: number = 8) {
  return { index, term: 1, type: 'command', data: new Uint8Array(sizeBytes) } as const
}

const nothing = { hardState: null, truncateFrom: null, entries: [] }

t.test(
  'what several groups need goes into one record; the next fills while it syncs',
  async (t) => {
    const { commit, records } = make()
    t.equal(commit.addGroup(1, { ...nothing, entries: [entry(1)] }, true), 11)
    t.equal(commit.addGroup(2, { ...nothing, entries: [entry(1)] }, true), 11)
    commit.flush()
    t.same(
      records()[0]?.groups.map(({ group }) => group),
      [1, 2]
    )
    t.equal(commit.addGroup(1, { ...nothing, entries: [entry(2)] }, true), 12)
    commit.flush()
    t.equal(records().length, 1, 'one is in flight')
    const done: number[] = []
    commit.whenDurable(11, () => done.push(11))
    commit.whenDurable(12, () => done.push(12))
    commit.written(11)
    t.same(done, [11])
    commit.whenDurable(11, () => done.push(-11))
    t.same(done, [11, -11], 'at once where it is durable')
    commit.flush()
    commit.written(12)
    t.same(done, [11, -11, 12])
    t.throws(() => commit.written(12))
  }
)

t.test('a commit index alone is not written until something is needed', async (t) => {
  const { commit, records } = make()
  commit.addGroup(1, { ...nothing, hardState: { term: 1, vote: null, commit: 5 } }, false)
  t.equal(commit.barrier, null)
  commit.flush()
  t.equal(records().length, 0)
  commit.addGroup(2, { ...nothing, entries: [entry(1)] }, true)
  t.equal(commit.barrier, 11)
  commit.flush()
  t.equal(records()[0]?.groups.length, 2)
})

t.test('a truncation in the same record takes drafted entries away', async (t) => {
  const { commit, records } = make()
  commit.addGroup(1, { ...nothing, entries: [entry(1), entry(2), entry(3)] }, true)
  commit.addGroup(1, { ...nothing, truncateFrom: 2, entries: [entry(2)] }, true)
  commit.flush()
  const [write] = records()[0]?.groups ?? []
  t.same(
    write?.entries.map(({ index }) => index),
    [1, 2]
  )
  t.equal(write?.truncateFrom, 2)
})

t.test('a removed group has a record of its own, and what follows comes behind it', async (t) => {
  const { commit, records } = make()
  commit.addGroup(1, { ...nothing, entries: [entry(1)] }, true)
  commit.addRemovedGroup(1)
  commit.addGroup(1, { ...nothing, entries: [entry(1)] }, true)
  for (const id of [11, 12, 13]) {
    commit.flush()
    commit.written(id)
  }
  t.same(
    records().map(({ removedGroups }) => removedGroups),
    [[], [1], []]
  )
})

t.test('a record has a bound, which one larger entry may exceed', async (t) => {
  const { commit } = make()
  t.equal(commit.addGroup(1, { ...nothing, entries: [entry(1, 5_000_000)] }, true), 11)
  t.equal(commit.addGroup(1, { ...nothing, entries: [entry(2)] }, true), 12)
})
