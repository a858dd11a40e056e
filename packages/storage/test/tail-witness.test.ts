// The witness of the log: a log that has lost its tail is found, and one that has not is not.
import { cp, readFile, rm, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { commitRecord, entryAt } from '@holdfast/cluster/contract'
import { eventually } from '@holdfast/testkit'
import t from 'tap'
import { type LevelStore, openStore } from '../src/index.ts'
import { tuning } from './store-files.ts'

const slotBytes = 4096

async function write(store: LevelStore, count: number): Promise<void> {
  const first = store.recovered.lastRecord + 1
  const last = store.recovered.groups[0]?.lastIndex ?? 0
  for (let at = 0; at < count; at += 1) {
    const entries = [entryAt(last + 1 + at, 1, 100)]
    const group = { group: 1, hardState: null, truncateFrom: null, entries }
    await store.write(commitRecord(first + at, { groups: [group] }))
  }
}

async function reasonOf(directory: string): Promise<string> {
  const outcome = await openStore({ directory }).catch((error) => error)
  if (outcome.code !== undefined) return `${outcome.code}: ${outcome.details.reason}`
  await outcome.close()
  return 'open'
}

/** A store of ten entries, and a copy of it beside; then a store of twenty. */
async function makeTwo(parent: string): Promise<{ directory: string; backup: string }> {
  const directory = join(parent, 'data')
  const backup = join(parent, 'backup')
  for (const place of [backup, '']) {
    const store = await openStore({ directory })
    await write(store, 10)
    await store.close()
    if (place !== '') await cp(directory, place, { recursive: true })
  }
  return { directory, backup }
}

t.test('the log of an old backup under a witness that saw more is damage', async (t) => {
  const { directory, backup } = await makeTwo(t.testdir())
  await rm(join(directory, 'log'), { recursive: true })
  await cp(join(backup, 'log'), join(directory, 'log'), { recursive: true })
  t.match(await reasonOf(directory), /^DATA_DAMAGED: the log ends at record 13, and had 25$/)
})

t.test('a backup that was taken whole is what it was', async (t) => {
  const { backup } = await makeTwo(t.testdir())
  t.equal(await reasonOf(backup), 'open')
})

t.test('a log that went another way since the witness is damage', async (t) => {
  const { directory, backup } = await makeTwo(t.testdir())
  const other = await openStore({ directory: backup })
  // One record less a close than the other way.
  await write(other, 9)
  await other.write(commitRecord(other.recovered.lastRecord + 10, {}))
  await other.write(commitRecord(other.recovered.lastRecord + 11, {}))
  await other.close()
  await cp(join(directory, 'witness'), join(backup, 'witness'))
  t.match(await reasonOf(backup), /DATA_DAMAGED: record 25 is not the one that was written/)
})

t.test('a torn slot does no harm; without any the directory is damaged', async (t) => {
  const { directory } = await makeTwo(t.testdir())
  const path = join(directory, 'witness')
  const whole = await readFile(path)
  t.equal(whole.length, 2 * slotBytes)
  for (const slot of [0, 1]) {
    for (const at of [0, 9, 30, 40, 43]) {
      const bytes = Buffer.from(whole)
      const place = slot * slotBytes + at
      bytes[place] = (bytes[place] ?? 0) ^ 1
      await writeFile(path, bytes)
      t.equal(await reasonOf(directory), 'open', `slot ${slot}, byte ${at}`)
    }
  }
  await writeFile(path, Buffer.alloc(2 * slotBytes))
  t.match(await reasonOf(directory), /DATA_DAMAGED: the witness of the log cannot be read/)
  await unlink(path)
  t.match(await reasonOf(directory), /DATA_DAMAGED: the witness of the log is missing/)
})

t.test('a vote is witnessed before its write resolves', async (t) => {
  const directory = join(t.testdir(), 'data')
  const options = { directory, tuning: { ...tuning, witnessIntervalMs: 1_000_000_000 } }
  const store = await openStore(options)
  const path = join(directory, 'witness')
  const vote = (id: number, term: number, voted: number | null) => {
    const hardState = { term, vote: voted, commit: 0 }
    const group = { group: 3, hardState, truncateFrom: null, entries: [] }
    return store.write(commitRecord(id, { groups: [group] }))
  }
  const before = await readFile(path)
  await vote(1, 5, null)
  t.same(await readFile(path), before, 'a term alone can wait')
  await vote(2, 5, 2)
  const after = await readFile(path)
  t.notSame(after, before)
  await vote(3, 5, 2)
  t.same(await readFile(path), after, 'the same vote again is no other')
  await store.close()
})

t.test('without a vote the witness follows by itself', async (t) => {
  const directory = join(t.testdir(), 'data')
  const store = await openStore({ directory, tuning: { ...tuning, witnessIntervalMs: 5 } })
  const path = join(directory, 'witness')
  const before = await readFile(path)
  await write(store, 3)
  await eventually('the witness follows', async () => !(await readFile(path)).equals(before))
  await store.close()
})

t.test('a directory that was born has a witness', async (t) => {
  const { directory } = await makeTwo(t.testdir())
  await unlink(join(directory, 'witness'))
  t.match(await reasonOf(directory), /the witness of the log is missing/)
})
