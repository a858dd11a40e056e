// Damage of every kind, done by hand to a directory: it is found, or it does no harm; wrong data never.
import { cp, readdir, readFile, stat, truncate, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { HoldfastError } from '@holdfast/errors'
import { ClassicLevel } from 'classic-level'
import { commitRecord, describeResults, entryAt } from '@holdfast/cluster/contract'
import t from 'tap'
import { type LevelStore, openStore } from '../src/index.ts'
import { recordKey } from '../src/keys.ts'
import { SeededRandom } from './seeded-random.ts'

const tuning = { checkpointOnClose: false }
const entriesCount = 120

/** A closed store of 120 entries; with small buffers most of them are in tables. */
async function makeStore(directory: string, sizeBytes: number): Promise<void> {
  const store = await openStore({ directory, tuning, writeBufferSizeBytes: 128 * 1024 })
  for (let index = 1; index <= entriesCount; index += 1) {
    const entries = [entryAt(index, 1, sizeBytes)]
    const write = { group: 1, hardState: null, truncateFrom: null, entries }
    await store.write(commitRecord(index, { groups: [write] }))
  }
  await store.close()
}

async function filesOf(directory: string, extension: string): Promise<readonly string[]> {
  const log = join(directory, 'log')
  const names = (await readdir(log)).filter((name) => name.endsWith(extension)).sort()
  return names.map((name) => join(log, name))
}

async function openOutcome(directory: string): Promise<LevelStore | string> {
  try {
    return await openStore({ directory, tuning })
  } catch (error) {
    return error instanceof HoldfastError ? error.code : String(error)
  }
}

/** Reads everything; null if each entry is right or honestly called damaged. */
async function findLie(store: LevelStore): Promise<string | null> {
  const last = store.recovered.groups[0]?.lastIndex ?? 0
  if (last !== entriesCount) return `the log ends at ${last}`
  for (let index = 1; index <= last; index += 1) {
    const [result] = await store.readEntries(1, { first: index, last: index }, 1)
    if (result?.type === 'damaged') continue
    if (result?.type !== 'entry') return `entry ${index} is ${result?.type}`
    const expected = entryAt(index, 1, result.entry.data.length)
    if (Buffer.compare(result.entry.data, expected.data) !== 0) return `entry ${index} is wrong`
  }
  return null
}

t.test('300 bit flips in the write-ahead log are all found or harmless', async (t) => {
  const directory = join(t.testdir(), 'data')
  await makeStore(directory, 300)
  const [path = ''] = await filesOf(directory, '.log')
  const random = new SeededRandom(7)
  let found = 0
  for (let flip = 0; flip < 300; flip += 1) {
    const copy = join(t.testdirName, `copy-${flip}`)
    await cp(directory, copy, { recursive: true })
    const target = path.replace(directory, copy)
    const bytes = await readFile(target)
    const at = random.integer(0, bytes.length - 1)
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.integer(0, 7))
    await writeFile(target, bytes)
    const store = await openOutcome(copy)
    if (typeof store === 'string') {
      if (store !== 'DATA_DAMAGED') t.fail(`flip at ${at}: ${store}`)
      found += 1
      continue
    }
    const lie = await findLie(store)
    if (lie !== null) t.fail(`flip at ${at}: ${lie}`)
    await store.close()
  }
  t.equal(found, 300)
})

t.test('bit rot in tables is called damage, and leaves a mark that makes the next open look', async (t) => {
  const directory = join(t.testdir(), 'data')
  await makeStore(directory, 20_000)
  const first = await openStore({ directory })
  const snapshot = {
    group: 1,
    meta: {
      id: { index: entriesCount, term: 1 },
      configuration: { voters: [1], outgoing: [], learners: [] },
      manifest: new Uint8Array(0)
    },
    newBlobs: [],
    blobs: [],
    freed: [],
    keepFrom: 1
  }
  await first.write(commitRecord(entriesCount + 1, { snapshots: [snapshot] }))
  await first.close()
  const random = new SeededRandom(11)
  let damaged = 0
  for (let flip = 0; flip < 40; flip += 1) {
    const copy = join(t.testdirName, `copy-${flip}`)
    await cp(directory, copy, { recursive: true })
    const tables = await filesOf(copy, '.ldb')
    const target = tables[random.integer(0, tables.length - 1)] ?? ''
    const bytes = await readFile(target)
    const at = random.integer(0, bytes.length - 1)
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.integer(0, 7))
    await writeFile(target, bytes)
    const store = await openOutcome(copy)
    if (typeof store === 'string') {
      t.equal(store, 'DATA_DAMAGED')
      continue
    }
    const lie = await findLie(store)
    if (lie !== null) t.fail(`flip at ${at} of ${target}: ${lie}`)
    const isMarked = (await readdir(copy)).includes('suspect')
    if (isMarked) damaged += 1
    await store.close()
    if (!isMarked || damaged > 3) continue
    const messages: string[] = []
    const log = (_: unknown, message: string): void => void messages.push(message)
    const again = await openStore({ directory: copy, tuning, log })
    t.same(messages, ['parts of the data directory are damaged'])
    t.ok((await readdir(copy)).includes('suspect'), 'the mark stays while anything is broken')
    await again.close()
  }
  t.ok(damaged > 10, `${damaged} of 40 flips were met`)
})

t.test('a suspect mark on a sound directory goes after a full look', async (t) => {
  const directory = join(t.testdir(), 'data')
  await makeStore(directory, 100)
  await writeFile(join(directory, 'suspect'), 'once')
  const store = await openStore({ directory })
  t.notOk((await readdir(directory)).includes('suspect'))
  await store.close()
})

const breakages: readonly {
  readonly name: string
  readonly reason: RegExp
  readonly sizeBytes: number
  readonly harm: (directory: string) => Promise<void>
}[] = [
  {
    name: 'a missing write-ahead log',
    reason: /no write-ahead log/,
    sizeBytes: 100,
    harm: async (directory) => {
      for (const path of await filesOf(directory, '.log')) await unlink(path)
    }
  },
  {
    name: 'a truncated table',
    reason: /has \d+ bytes, the manifest says/,
    sizeBytes: 20_000,
    harm: async (directory) => {
      const [path = ''] = await filesOf(directory, '.ldb')
      await truncate(path, (await stat(path)).size - 100)
    }
  },
  {
    name: 'a missing table',
    reason: /table .* is missing/,
    sizeBytes: 20_000,
    harm: async (directory) => {
      const [path = ''] = await filesOf(directory, '.ldb')
      await unlink(path)
    }
  },
  {
    name: 'a CURRENT that is gone',
    reason: /CURRENT/,
    sizeBytes: 100,
    harm: (directory) => unlink(join(directory, 'log', 'CURRENT'))
  },
  {
    name: 'a CURRENT that is empty',
    reason: /CURRENT/,
    sizeBytes: 100,
    harm: (directory) => writeFile(join(directory, 'log', 'CURRENT'), '')
  },
  {
    name: 'a manifest with a flipped bit',
    reason: /MANIFEST-\d+: /,
    sizeBytes: 20_000,
    harm: async (directory) => {
      const log = join(directory, 'log')
      const name = (await readdir(log)).find((n) => n.startsWith('MANIFEST')) ?? ''
      const bytes = await readFile(join(log, name))
      bytes[20] = (bytes[20] ?? 0) ^ 4
      await writeFile(join(log, name), bytes)
    }
  },
  {
    name: 'a log that is gone altogether',
    reason: /log directory is missing/,
    sizeBytes: 100,
    harm: async (directory) => {
      const log = join(directory, 'log')
      for (const name of await readdir(log)) await unlink(join(log, name))
      await import('node:fs/promises').then((fs) => fs.rmdir(log))
    }
  },
  {
    name: 'a format file that is gone',
    reason: /format file is missing/,
    sizeBytes: 100,
    harm: (directory) => unlink(join(directory, 'format.json'))
  },
  {
    name: 'a format file with another store id',
    reason: /checksum of the format file/,
    sizeBytes: 100,
    harm: async (directory) => {
      const path = join(directory, 'format.json')
      const text = await readFile(path, 'utf8')
      await writeFile(path, text.replace(/"storeId": "./, '"storeId": "x'))
    }
  }
]

for (const { name, reason, sizeBytes, harm } of breakages) {
  t.test(`${name} is damage, and opening it changes nothing`, async (t) => {
    const directory = join(t.testdir(), 'data')
    await makeStore(directory, sizeBytes)
    await harm(directory)
    const before = await readdir(directory)
    const error = await openStore({ directory }).catch((thrown) => thrown)
    t.equal(error.code, 'DATA_DAMAGED')
    t.match(error.details.reason, reason)
    t.same(await readdir(directory), before)
  })
}

/** Changes rows behind the back of the store. */
async function tamper(
  directory: string,
  change: (database: ClassicLevel<Uint8Array, Uint8Array>) => Promise<void>
): Promise<void> {
  const database = new ClassicLevel<Uint8Array, Uint8Array>(join(directory, 'log'), {
    keyEncoding: 'view',
    valueEncoding: 'view',
    compression: false
  })
  await database.open()
  await change(database)
  await database.close()
}

t.test('a record that is missing above the checkpoint is a hole, and the store refuses', async (t) => {
  const directory = join(t.testdir(), 'data')
  await makeStore(directory, 100)
  await tamper(directory, (database) => database.del(recordKey(50)))
  const error = await openStore({ directory }).catch((thrown) => thrown)
  t.equal(error.code, 'DATA_DAMAGED')
  t.match(error.details.reason, /record 50 is missing/)
})

t.test('a record under the wrong key is refused', async (t) => {
  const directory = join(t.testdir(), 'data')
  await makeStore(directory, 100)
  await tamper(directory, async (database) => {
    const value = await database.get(recordKey(51))
    if (value !== undefined) await database.put(recordKey(50), value)
  })
  t.equal(await openOutcome(directory), 'DATA_DAMAGED')
})

t.test('deleted rows that come back mean nothing', async (t) => {
  const directory = join(t.testdir(), 'data')
  const options = { checkpointIntervalRecords: 3, deleteChunkBytes: 1 }
  let store = await openStore({ directory, tuning: options })
  for (let id = 1; id <= 30; id += 1) {
    const entries = [entryAt(id, 1, 100)]
    const write = { group: 1, hardState: { term: id, vote: null, commit: 0 }, truncateFrom: null }
    await store.write(commitRecord(id, { groups: [{ ...write, entries }] }))
  }
  await store.close()
  const ghosts: [number, Uint8Array][] = []
  await tamper(directory, async (database) => {
    for (let sequence = 1; sequence < 40; sequence += 1) {
      const value = await database.get(recordKey(sequence))
      if (value !== undefined) ghosts.push([sequence, value])
    }
  })
  store = await openStore({ directory, tuning: options })
  const meta = {
    id: { index: 30, term: 1 },
    configuration: { voters: [1], outgoing: [], learners: [] },
    manifest: new Uint8Array(0)
  }
  const freed = [{ first: 1, last: 29 }]
  const snapshot = { group: 1, meta, newBlobs: [], blobs: [], freed, keepFrom: 31 }
  await store.write(commitRecord(31, { snapshots: [snapshot] }))
  for (let id = 32; id <= 45; id += 1) await store.write(commitRecord(id, {}))
  await store.close()
  let revived = 0
  await tamper(directory, async (database) => {
    for (const [sequence, value] of ghosts) {
      if ((await database.get(recordKey(sequence))) !== undefined) continue
      await database.put(recordKey(sequence), value)
      revived += 1
    }
  })
  t.ok(revived > 20, `${revived} rows revived`)
  store = await openStore({ directory, tuning: options })
  t.equal(store.recovered.lastRecord, 45)
  t.equal(store.recovered.groups[0]?.hardState.term, 30)
  const results = await store.readEntries(1, { first: 1, last: 30 }, 1_000_000)
  t.equal(describeResults(results), `${'absent, '.repeat(29)}30@1`)
  await store.close()
})

t.test('a torn tail is what a power cut leaves: the store opens without the last write', async (t) => {
  const directory = join(t.testdir(), 'data')
  await makeStore(directory, 300)
  const [path = ''] = await filesOf(directory, '.log')
  const { size } = await stat(path)
  for (const cut of [1, 6, 100, 300]) {
    const copy = join(t.testdirName, `copy-${cut}`)
    await cp(directory, copy, { recursive: true })
    await truncate(path.replace(directory, copy), size - cut)
    const store = await openStore({ directory: copy })
    t.equal(store.recovered.lastRecord, entriesCount - 1, `${cut} bytes less`)
    await store.close()
  }
})

t.test('a file that is not blank where a sector never reached the disk is torn, too', async (t) => {
  const directory = join(t.testdir(), 'data')
  await makeStore(directory, 3000)
  const [path = ''] = await filesOf(directory, '.log')
  const bytes = await readFile(path)
  const sector = Math.floor((bytes.length - 1500) / 512) * 512
  bytes.fill(0, sector, sector + 512)
  await writeFile(path, bytes)
  const store = await openStore({ directory })
  t.equal(store.recovered.lastRecord, entriesCount - 1)
  await store.close()
})

t.test('one old entry is kept while everything else is freed: the disk gets its room back', async (t) => {
  const directory = join(t.testdir(), 'data')
  const options = { reclaimIntervalMs: 20, checkpointIntervalBytes: 1024 * 1024 }
  const store = await openStore({ directory, tuning: options, writeBufferSizeBytes: 1024 * 1024 })
  const count = 300
  for (let id = 1; id <= count; id += 1) {
    const write = { group: 1, hardState: null, truncateFrom: null, entries: [entryAt(id, 1, 100_000)] }
    await store.write(commitRecord(id, { groups: [write] }))
  }
  t.ok((await sizeOnDisk(directory)) > 25_000_000)
  const meta = {
    id: { index: count, term: 1 },
    configuration: { voters: [1], outgoing: [], learners: [] },
    manifest: new Uint8Array(0)
  }
  const freed = [
    { first: 1, last: 9 },
    { first: 11, last: count }
  ]
  const snapshot = { group: 1, meta, newBlobs: [], blobs: [], freed, keepFrom: count + 1 }
  await store.write(commitRecord(count + 1, { snapshots: [snapshot] }))
  for (let waited = 0; waited < 200 && (await sizeOnDisk(directory)) > 5_000_000; waited += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  t.ok((await sizeOnDisk(directory)) < 5_000_000, `${await sizeOnDisk(directory)} bytes left`)
  t.ok(store.sizeBytes() < 1_000_000)
  const results = await store.readEntries(1, { first: 9, last: 11 }, 1_000_000)
  t.equal(describeResults(results), 'absent, 10@1, absent')
  await store.close()
})

async function sizeOnDisk(directory: string): Promise<number> {
  let size = 0
  for (const name of await readdir(join(directory, 'log'))) {
    const found = await stat(join(directory, 'log', name)).catch(() => null)
    size += found?.size ?? 0
  }
  return size
}
