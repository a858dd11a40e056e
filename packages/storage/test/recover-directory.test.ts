// Recovery of damaged directories: what is intact is kept, what is not is named exactly, and what
// was damaged is still there.
import { cp, readdir, readFile, rm, stat, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { commitRecord, configuration, entryAt, snapshotAt } from '@holdfast/cluster/contract'
import t from 'tap'
import {
  type LevelStore,
  openStore,
  type RecoveryReport,
  recoverDirectory,
  salvage
} from '../src/index.ts'
import { deleteRecord, identity, makeMember, peers, type Scene } from './member-scene.ts'
import { filesOf, tuning } from './store-files.ts'

/** Opens what was recovered, compares every entry, and writes on. */
async function check(t: Tap, { directory, storeId }: Scene, last: number): Promise<LevelStore> {
  const store = await openStore({ directory, tuning })
  const { recovered } = store
  t.same(recovered.identity, identity)
  t.equal(Buffer.from(recovered.peers ?? []).toString(), peers.toString())
  t.equal(recovered.storeId, storeId)
  t.ok(recovered.lastRecord > 1000, 'no id of a record comes twice')
  const group = recovered.groups.find((found) => found.group === 1)
  t.equal(group?.lastIndex, last)
  for (let index = 1; index <= last; index += 1) {
    const [result] = await store.readEntries(1, { first: index, last: index }, 1)
    if (result?.type !== 'entry') t.fail(`entry ${index} is ${result?.type}`)
    else t.same(result.entry, entryAt(index, 1, result.entry.data.length))
  }
  const entries = [entryAt(last + 1, 9, 10)]
  const write = { group: 1, hardState: { term: 9, vote: null, commit: last }, truncateFrom: null }
  await store.write(commitRecord(recovered.lastRecord + 1, { groups: [{ ...write, entries }] }))
  return store
}

async function isDamaged(directory: string): Promise<boolean> {
  const outcome = await openStore({ directory, tuning }).catch((error) => error)
  if (outcome.code === undefined) await outcome.close()
  return outcome.code === 'DATA_DAMAGED'
}

async function recovered(t: Tap, directory: string): Promise<RecoveryReport> {
  t.ok(await isDamaged(directory), 'it is damaged')
  const report = await recoverDirectory(directory)
  t.ok((await readdir(report.aside)).includes('log'), 'what was damaged is kept')
  return report
}

type Tap = typeof t

t.test('whom a directory knew is known, though its log has lost it', async (t) => {
  const directory = join(t.testdir(), 'data')
  const store = await openStore({ directory, tuning })
  await store.write(commitRecord(1, { identity, peers: Buffer.from('nobody yet') }))
  await store.write(commitRecord(2, { peers }))
  await store.close()
  await deleteRecord(directory, 2)
  const found = await salvage(directory)
  t.teardown(() => found.store.close())
  t.same(found.identity, identity)
  t.equal(Buffer.from(found.peers ?? []).toString(), peers.toString())
})

t.test('behind a hole, a group that has none in it goes on; the other is cut', async (t) => {
  const scene = await makeMember(t.testdir(), 60, 200)
  // Record 46 holds entry 44 of group 1: behind the first checkpoint and the identity.
  await deleteRecord(scene.directory, 46)
  const report = await recovered(t as Tap, scene.directory)
  t.same(report.losses, [
    {
      group: 1,
      isWhole: false,
      lastIndex: 43,
      lost: { first: 44, last: 60 },
      commit: 59,
      damaged: [],
      damagedMessages: null
    }
  ])
  t.same(report.kept, [0, 1])
  const store = await check(t as Tap, scene, 43)
  const [metadata, shard] = store.recovered.groups
  t.equal(metadata?.lastIndex, 6)
  t.same(shard?.hardState, { term: 2, vote: 1, commit: 42 }, 'a vote may have been in the hole')
  await store.close()
})

t.test('what a replica promised when it left its group stands behind a hole', async (t) => {
  const scene = await makeMember(t.testdir(), 60, 200)
  const promise = { term: 4, vote: 7, commit: 90 }
  const left = await openStore({ directory: scene.directory, tuning })
  const id = left.recovered.lastRecord + 1
  const write = { group: 1, truncateFrom: null, entries: [] }
  const later = { ...write, group: 2, hardState: { term: 1, vote: null, commit: 0 } }
  await left.write(commitRecord(id, { groups: [later] }))
  const groups = [{ ...write, hardState: promise }]
  await left.write(commitRecord(id + 1, { removedGroups: [1], groups }))
  await left.close()
  await deleteRecord(scene.directory, 46)
  await recovered(t as Tap, scene.directory)
  const store = await openStore({ directory: scene.directory, tuning })
  const found = store.recovered.groups.find(({ group }) => group === 1)
  t.equal(found?.lastIndex, 0)
  t.same(found?.hardState, { term: 5, vote: 1, commit: 90 })
  await store.close()
})

t.test('a flipped bit in the write-ahead log costs what it hid, and says what', async (t) => {
  const scene = await makeMember(t.testdir(), 100, 300)
  const [path = ''] = await filesOf(scene.directory, '.log')
  const bytes = await readFile(path)
  const at = Math.floor(bytes.length / 2)
  bytes[at] = (bytes[at] ?? 0) ^ 4
  await writeFile(path, bytes)
  const report = await recovered(t as Tap, scene.directory)
  const [loss] = report.losses.filter(({ group }) => group === 1)
  const last = loss?.lastIndex ?? 0
  t.ok(last > 0 && last < 100)
  t.same(loss?.lost, { first: last + 1, last: 100 })
  await (await check(t as Tap, scene, last)).close()
})

t.test('a lost tail is named by the witness', async (t) => {
  const parent = t.testdir()
  const scene = await makeMember(parent, 30, 100)
  const { directory } = scene
  await cp(join(directory, 'log'), join(parent, 'old'), { recursive: true })
  const store = await openStore({ directory })
  for (let index = 31; index <= 40; index += 1) {
    const hardState = { term: 1, vote: 5, commit: index - 1 }
    const write = { group: 1, hardState, truncateFrom: null, entries: [entryAt(index, 1)] }
    await store.write(commitRecord(1 + index, { groups: [write] }))
  }
  await store.close()
  await rm(join(directory, 'log'), { recursive: true })
  await cp(join(parent, 'old'), join(directory, 'log'), { recursive: true })
  const report = await recovered(t as Tap, directory)
  t.same(report.losses, [
    {
      group: 1,
      isWhole: false,
      lastIndex: 30,
      lost: { first: 31, last: 40 },
      commit: 39,
      damaged: [],
      damagedMessages: null
    }
  ])
  await (await check(t as Tap, scene, 30)).close()
})

const breakages: readonly {
  readonly name: string
  readonly harm: (log: string) => Promise<void>
}[] = [
  { name: 'CURRENT', harm: (log) => unlink(join(log, 'CURRENT')) },
  {
    name: 'the manifest',
    harm: async (log) => {
      const name = (await readdir(log)).find((n) => n.startsWith('MANIFEST')) ?? ''
      await writeFile(join(log, name), '')
    }
  }
]
for (const { name, harm } of breakages) {
  t.test(`without ${name} everything is found again`, async (t) => {
    const scene = await makeMember(t.testdir(), 60, 20_000)
    await harm(join(scene.directory, 'log'))
    const report = await recovered(t as Tap, scene.directory)
    t.same(report.losses, [])
    await (await check(t as Tap, scene, 60)).close()
  })
}

t.test('a damaged body behind a snapshot is named, and the rest of the log kept', async (t) => {
  const scene = await makeMember(t.testdir(), 60, 20_000)
  const first = await openStore({ directory: scene.directory })
  const newBlobs = [{ id: 3, bytes: Buffer.from('a blob') }]
  const freed = [{ first: 1, last: 2 }]
  const snapshot = snapshotAt(50, 1, { newBlobs, blobs: [3], freed, keepFrom: 1 })
  await first.write(commitRecord(62, { snapshots: [snapshot] }))
  await first.close()
  const tables = await filesOf(scene.directory, '.ldb')
  const [path = ''] = tables
  const bytes = await readFile(path)
  // Within a body; and a log directory without CURRENT, so that the node does not start.
  bytes[50_000] = (bytes[50_000] ?? 0) ^ 1
  await writeFile(path, bytes)
  await unlink(join(scene.directory, 'log', 'CURRENT'))
  const report = await recovered(t as Tap, scene.directory)
  t.equal(report.losses.length, 1)
  const [loss] = report.losses
  t.match(loss, { group: 1, isWhole: false, lastIndex: 60, lost: null })
  t.equal(loss?.damaged.length, 1)
  const [damaged = 0] = loss?.damaged ?? []
  const store = await openStore({ directory: scene.directory })
  const [group] = store.recovered.groups.filter((found) => found.group === 1)
  t.same(group?.snapshot?.meta.id, { index: 50, term: 1 })
  t.same(group?.snapshot?.meta.configuration, configuration)
  t.equal(Buffer.from(group?.snapshot?.blobs[0]?.bytes ?? []).toString(), 'a blob')
  for (let index = 3; index <= 60; index += 1) {
    const [result] = await store.readEntries(1, { first: index, last: index }, 1)
    t.equal(result?.type, index === damaged ? 'absent' : 'entry', `entry ${index}`)
  }
  await store.close()
})

t.test('what says nothing of itself is refused, and left as it is', async (t) => {
  const directory = join(t.testdir(), 'data')
  const store = await openStore({ directory })
  await store.close()
  await unlink(join(directory, 'log', 'CURRENT'))
  await t.rejects(recoverDirectory(directory), { code: 'DATA_UNRECOVERABLE' })
  const member = await makeMember(join(t.testdirName, 'other'), 10, 10)
  for (const name of await readdir(join(member.directory, 'log'))) {
    if (!/\.(?:log|ldb)$/.test(name)) continue
    const path = join(member.directory, 'log', name)
    await writeFile(path, new Uint8Array((await stat(path)).size))
  }
  const error = await recoverDirectory(member.directory).catch((thrown) => thrown)
  t.equal(error.code, 'DATA_UNRECOVERABLE')
  t.match(error.details.reason, /no checkpoint/)
  t.notOk((await readdir(member.directory)).includes('salvage'))
})
