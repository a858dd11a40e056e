// One synced write at a time, in order; what nobody waits for waits for company.
import { Random } from '@holdfast/testkit'
import t from 'tap'
import { GroupCommit } from '../../src/consensus/group-commit.ts'
import type { Core } from '../../src/core.ts'
import { Counters } from '../../src/counters.ts'
import { defaultTuning, limits } from '../../src/limits.ts'
import type { CommitRecord } from '../../src/log-store.ts'
import type { Output } from '../../src/output.ts'

function make(
  options: { startedMs?: number; processEpoch?: number } = {},
  lastRecord: number = 10
): { commit: GroupCommit; records: () => CommitRecord[] } {
  const outputs: Output[] = []
  const known = { startedMs: 0, processEpoch: 0, ...options }
  const parts = { options: known, counters: new Counters(), clock: { nowMs: 0 } }
  const core = { ...parts, outputs, tuning: defaultTuning } as unknown as Core
  const records = (): CommitRecord[] =>
    outputs.flatMap((output) => (output.type === 'write' ? [output.record] : []))
  return { commit: new GroupCommit(core, lastRecord), records }
}

function entry(index: number, sizeBytes: number = 8) {
  return { index, term: 1, type: 'command', data: new Uint8Array(sizeBytes) } as const
}

const nothing = { hardState: null, commitFloor: 0, truncateFrom: null, entries: [] }

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

t.test('the first record of a process is above all that any former one has had', async (t) => {
  t.equal(make().commit.addStart(), 11)
  t.equal(make({ startedMs: 50 }).commit.addStart(), 50_001, 'of an earlier copy of the directory')
  t.equal(make({ startedMs: 50 }, 70_000).commit.addStart(), 70_001, 'with a clock that is behind')
  const chance = { startedMs: 50, processEpoch: 12_345 }
  t.equal(make(chance, 70_000).commit.addStart(), 70_346)
  const { commit, records } = make(chance)
  const id = commit.addStart()
  t.equal(commit.addGroup(1, { ...nothing, entries: [entry(1)] }, true), id, 'whatever it holds')
  commit.flush()
  t.equal(records()[0]?.id, id)
  t.equal(commit.addGroup(1, { ...nothing, entries: [entry(2)] }, true), id + 1)
})

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

t.test('all that was drafted is durable with the newest of several drafts', async (t) => {
  const { commit } = make()
  commit.addGroup(1, { ...nothing, entries: [entry(1)] }, true)
  commit.flush()
  t.equal(commit.barrier, 11)
  t.equal(commit.addGroup(1, { ...nothing, entries: [entry(2, 3_000_000)] }, true), 12)
  t.equal(commit.addGroup(2, { ...nothing, entries: [entry(1, 3_000_000)] }, true), 13)
  for (const id of [11, 12, 13]) {
    t.equal(commit.barrier, 13, `while record ${id} is written`)
    commit.written(id)
    commit.flush()
  }
  t.equal(commit.barrier, null)
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
  const promise = { term: 3, vote: 2, commit: 9 }
  commit.addRemovedGroup(1, promise)
  commit.addGroup(1, { ...nothing, entries: [entry(1)] }, true)
  for (const id of [11, 12, 13]) {
    commit.flush()
    commit.written(id)
  }
  t.same(
    records().map(({ removedGroups }) => removedGroups),
    [[], [1], []]
  )
  const write = { group: 1, hardState: promise, truncateFrom: null, entries: [] }
  t.same(records()[1]?.groups, [write], 'but what its replica promised')
})

/** Sizes of what a record holds. */
function sizesOf(record: CommitRecord): readonly number[] {
  const { groups, blobs, snapshots, stages, repairs } = record
  const entries = [groups, stages, repairs].flat().flatMap((write) => write.entries)
  const fresh = snapshots.flatMap((write) => write.newBlobs)
  const parts = [...[blobs, stages].flat().flatMap((write) => write.blobs), ...fresh]
  return [...entries.map(({ data }) => data.length), ...parts.map(({ bytes }) => bytes.length)]
}

function bytesOf(record: CommitRecord): number {
  return sizesOf(record).reduce((sum, size) => sum + size, 0)
}

/** Writes all that was drafted. */
function drain(commit: GroupCommit, records: () => CommitRecord[]): readonly CommitRecord[] {
  for (let count = -1; count < records().length; ) {
    count = records().length
    commit.flush()
    const last = records().at(-1)
    if (commit.isWriting && last !== undefined) commit.written(last.id)
  }
  return records()
}

t.test('a record has a bound, which one larger entry may exceed', async (t) => {
  const { commit } = make()
  t.equal(commit.addGroup(1, { ...nothing, entries: [entry(1, 5_000_000)] }, true), 11)
  t.equal(commit.addGroup(1, { ...nothing, entries: [entry(2)] }, true), 12)
})

t.test('entries that one record cannot hold go into several, none before its term', async (t) => {
  const { commit, records } = make()
  const entries = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((index) => entry(index, 1_000_000))
  const hardState = { term: 1, vote: 3, commit: 7 }
  const id = commit.addGroup(1, { ...nothing, hardState, entries }, true)
  const written = drain(commit, records)
  t.equal(written.at(-1)?.id, id)
  t.same(
    written.map((record) => record.groups[0]?.entries.map(({ index }) => index)),
    [[1, 2, 3, 4], [5, 6, 7, 8], [9]]
  )
  t.same(
    written.map((record) => record.groups[0]?.hardState),
    [{ ...hardState, commit: 4 }, hardState, hardState],
    'what is committed is there with it'
  )
})

t.test('no part of a write lets the commit index fall below the floor', async (t) => {
  const { commit, records } = make()
  const entries = [1, 2, 3, 4, 5, 6].map((index) => entry(index, 1_000_000))
  const hardState = { term: 1, vote: null, commit: 6 }
  commit.addGroup(1, { ...nothing, commitFloor: 5, hardState, entries }, true)
  t.same(
    drain(commit, records).map((record) => record.groups[0]?.hardState?.commit),
    [5, 6],
    'a crash between them would forget it'
  )
})

t.test('a snapshot whose blobs one record cannot hold follows them', async (t) => {
  const { commit, records } = make()
  const newBlobs = [1, 2, 3, 4, 5].map((id) => ({ id, bytes: new Uint8Array(1_048_576) }))
  const configuration = { voters: [1], outgoing: [], learners: [] }
  const meta = { id: { index: 1, term: 1 }, configuration, manifest: new Uint8Array(9) }
  const blobs = newBlobs.map((blob) => blob.id)
  commit.addSnapshot({ group: 4, meta, newBlobs, blobs, freed: [], keepFrom: 1 })
  const written = drain(commit, records)
  t.same(
    written.flatMap((record) => record.blobs.flatMap((write) => write.blobs.map(({ id }) => id))),
    blobs
  )
  t.same(written.at(-1)?.snapshots[0]?.blobs, blobs)
  t.ok(written.every((record) => bytesOf(record) <= limits.recordBytesMax))
})

t.test('whatever comes, a record holds 4 MiB, or one larger thing', async (t) => {
  const random = new Random(5)
  const { commit, records } = make()
  let index = 0
  const size = (): number => random.integer(0, random.chance(0.02) ? 9_000_000 : 700_000)
  for (let step = 0; step < 400; step++) {
    const group = random.integer(1, 3)
    const count = random.integer(0, 12)
    const entries = Array.from({ length: count }, () => entry(++index, size()))
    const id = { index: 1, term: 1 }
    const blobs = entries.map((item) => ({ id: item.index, bytes: item.data }))
    if (random.chance(0.7)) commit.addGroup(group, { ...nothing, entries }, true)
    else if (random.chance(0.5)) commit.addStage({ group, source: 1, snapshot: id, blobs, entries })
    else commit.addRepair({ group, entries: entries.slice(0, 1) })
  }
  for (const record of drain(commit, records)) {
    const isAlone = sizesOf(record).filter((size) => size > 0).length === 1
    if (bytesOf(record) > limits.recordBytesMax && !isAlone) t.fail(`${bytesOf(record)} bytes`)
  }
  t.ok(records().length > 100)
})
