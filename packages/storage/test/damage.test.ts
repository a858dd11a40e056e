// Damage of every kind, done by hand to a directory: it is found, or it does no harm; wrong data
// never.
import { cp, readdir, readFile, stat, truncate, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { commitRecord, entryAt } from '@holdfast/cluster/contract'
import { HoldfastError } from '@holdfast/errors'
import { Random } from '@holdfast/testkit'
import t from 'tap'
import { type LevelStore, openStore } from '../src/index.ts'
import { entriesCount, filesOf, makeStore, tuning } from './store-files.ts'

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
  const random = new Random(7)
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

t.test(
  'bit rot in tables is called damage, and leaves a mark that makes the next open look',
  async (t) => {
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
    const random = new Random(11)
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
  }
)

t.test('a damaged entry that is repaired is read again, and the mark goes', async (t) => {
  const directory = join(t.testdir(), 'data')
  await makeStore(directory, 20_000)
  const first = await openStore({ directory })
  const configuration = { voters: [1], outgoing: [], learners: [] }
  const meta = { id: { index: 120, term: 1 }, configuration, manifest: new Uint8Array(0) }
  const snapshot = { group: 1, meta, newBlobs: [], blobs: [], freed: [], keepFrom: 1 }
  await first.write(commitRecord(121, { snapshots: [snapshot] }))
  await first.close()
  const [path = ''] = await filesOf(directory, '.ldb')
  const bytes = await readFile(path)
  // Within the body of the first entry.
  bytes[10_000] = (bytes[10_000] ?? 0) ^ 1
  await writeFile(path, bytes)
  const store = await openStore({ directory, tuning })
  const range = { first: 1, last: 1 }
  t.same(await store.readEntries(1, range, 1), [{ type: 'damaged' }])
  const entry = entryAt(1, 1, 20_000)
  await store.write(commitRecord(122, { repairs: [{ group: 1, entries: [entry] }] }))
  t.equal(await findLie(store), null)
  t.match(await store.readEntries(1, range, 1), [{ type: 'entry' }])
  await store.close()
  const messages: string[] = []
  const log = (_: unknown, message: string): void => void messages.push(message)
  const again = await openStore({ directory, log })
  t.same(messages, ['a suspect data directory was verified and is sound'])
  t.match(await again.readEntries(1, range, 1), [{ type: 'entry' }])
  t.equal(await findLie(again), null)
  await again.close()
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
