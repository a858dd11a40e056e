// The store on LevelDB against the reference in memory: random records, crashes, closes and
// reopens. Repeat one run with SEED=<n>.
import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { MemoryDisk, MemoryStore } from '@holdfast/cluster/contract'
import { describeContents, describeRecovered, RecordGenerator } from '@holdfast/simulator'
import { Random } from '@holdfast/testkit'
import t from 'tap'
import { openStore, type StoreTuning } from '../src/index.ts'

const tunings: readonly Partial<StoreTuning>[] = [
  { checkpointIntervalRecords: 1, deleteChunkBytes: 1 },
  { checkpointIntervalRecords: 5, deleteChunkBytes: 2000 },
  {
    checkpointIntervalBytes: 20_000,
    deleteChunkBytes: 100,
    reclaimQuietBytes: 1,
    reclaimIntervalMs: 5
  },
  {}
]

async function runSeed(t: Tap, seed: number, directory: string, steps: number): Promise<void> {
  const random = new Random(seed)
  const disk = new MemoryDisk()
  const generator = new RecordGenerator(random, disk)
  const makeTuning = (): Partial<StoreTuning> => ({
    ...tunings[random.integer(0, tunings.length - 1)],
    checkpointOnClose: random.chance(0.3)
  })
  let place = directory
  let store = await openStore({ directory: place, tuning: makeTuning() })
  let model = new MemoryStore(disk)
  for (let step = 0; step < steps; step += 1) {
    const record = generator.next()
    await store.write(record)
    await model.write(record)
    if (!random.chance(0.08)) continue
    const groups = [0, 1, 2, 3].map((group) => ({
      group,
      last: (disk.groups.get(group)?.lastIndex ?? 0) + 2
    }))
    const wanted = await describeContents(model, groups, 60)
    const message = `seed ${seed}, step ${step}`
    t.same(await describeContents(store, groups, 60), wanted, `contents, ${message}`)
    if (!random.chance(0.5)) continue
    await store.close()
    if (random.chance(0.3)) {
      const copy = `${directory}-${step}`
      await cp(place, copy, { recursive: true })
      await rm(place, { recursive: true })
      place = copy
    }
    store = await openStore({ directory: place, tuning: makeTuning() })
    model = new MemoryStore(disk)
    t.same(describeRecovered(store.recovered), describeRecovered(model.recovered), message)
  }
  await store.close()
}

type Tap = typeof t

// biome-ignore lint/style/noProcessEnv: a seed that failed is given here.
const given = process.env['SEED']
const seeds = given === undefined ? [1, 2, 3, 4, 5, 6, 7, 8] : [Number(given)]
for (const seed of seeds) {
  t.test(`seed ${seed}: the store does what the reference does`, async (t) => {
    await runSeed(t as Tap, seed, join(t.testdir(), 'data'), 150)
  })
}
