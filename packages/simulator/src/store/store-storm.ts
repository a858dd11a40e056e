// The real store on a LevelDB that has bad days, by seed: whatever happens, what it acknowledged is
// there, or it says that it is damaged; it never tells anything else. Files that it keeps beside
// the log are real ones.
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { CommitRecord } from '@holdfast/cluster'
import { MemoryDisk, MemoryStore } from '@holdfast/cluster/contract'
import { HoldfastError } from '@holdfast/errors'
import { type LevelStore, openStore, type StoreTuning } from '@holdfast/storage'
import { makeTemporaryDirectory, Random, removeDirectory } from '@holdfast/testkit'
import { describeContents, describeRecovered } from './compare-stores.ts'
import { RecordGenerator } from './record-generator.ts'
import { type Database, SimDisk, simLevel } from './sim-level.ts'

/** In memory, where there is such a place: what is synced there costs nothing. */
const place = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
const quiet = 1_000_000_000
const roundsMax = 4
const blobsMax = 60

class Broken extends Error {}

function check(isTrue: boolean, what: string): void {
  if (!isTrue) throw new Broken(what)
}

class Scene {
  readonly random: Random
  readonly level: SimDisk
  readonly disk: MemoryDisk = new MemoryDisk()
  readonly generator: RecordGenerator
  /** Whether a read said that something is damaged. */
  hasDamage = false
  readonly #directory: string

  constructor(random: Random, directory: string) {
    this.random = random
    this.level = new SimDisk(random)
    this.generator = new RecordGenerator(random, this.disk)
    this.#directory = directory
  }

  open(witnessIntervalMs: number = quiet): Promise<LevelStore> {
    const tuning: Partial<StoreTuning> = {
      checkpointIntervalRecords: this.random.integer(1, 20),
      deleteChunkBytes: this.random.integer(1, 4000),
      reclaimIntervalMs: quiet,
      witnessIntervalMs,
      checkpointOnClose: this.random.chance(0.3)
    }
    const database = (path: string): Database => simLevel(this.level, path)
    return openStore({ directory: this.#directory, tuning, database })
  }

  /** Opens what may be damaged: a store; or null, for which it says that it is. */
  async openDamaged(): Promise<LevelStore | null> {
    try {
      return await this.open()
    } catch (error) {
      if (error instanceof HoldfastError && error.code === 'DATA_DAMAGED') return null
      throw error
    }
  }

  /** Writes `count` records to store and model. */
  async write(store: LevelStore, count: number): Promise<void> {
    for (let at = 0; at < count; at += 1) {
      const record = this.generator.next()
      await store.write(record)
      this.disk.apply(record)
    }
  }

  get isMarked(): boolean {
    return existsSync(join(this.#directory, 'suspect'))
  }

  groups(): readonly { readonly group: number; readonly last: number }[] {
    return [0, 1, 2, 3].map((group) => {
      return { group, last: (this.disk.groups.get(group)?.lastIndex ?? 0) + 2 }
    })
  }

  compareRecovered({ recovered }: LevelStore): void {
    const model = describeRecovered(this.disk.recover())
    const isRecovered = isDeepStrictEqual(describeRecovered(recovered), model)
    check(isRecovered, 'what was acknowledged is not what is recovered')
  }

  /** A store that was opened just now has what the model has. */
  async compare(store: LevelStore): Promise<void> {
    this.compareRecovered(store)
    const model = new MemoryStore(this.disk)
    const wanted = await describeContents(model, this.groups(), blobsMax)
    const found = await describeContents(store, this.groups(), blobsMax)
    check(isDeepStrictEqual(found, wanted), 'what was acknowledged is not what is read')
  }
}

async function isRefused(store: LevelStore, record: CommitRecord): Promise<boolean> {
  const code = await store.write(record).then(
    () => null,
    (error: unknown) => (error instanceof HoldfastError ? error.code : String(error))
  )
  return code === 'WRITE_FAILED'
}

/** Crashes and failed writes: everything acknowledged is there, ghosts or not. */
async function crashes(scene: Scene): Promise<void> {
  const { random, level, generator, disk } = scene
  let store = await scene.open()
  for (let round = 0; round < roundsMax; round += 1) {
    await scene.write(store, random.integer(0, 15))
    const record = random.chance(0.6) ? generator.next() : null
    if (record !== null) {
      level.isFailing = true
      check(await isRefused(store, record), 'a failed write is not told')
      check(await isRefused(store, record), 'a store goes on after a failed write')
    }
    await store.close()
    level.crash()
    store = await scene.open()
    // The write that failed is there, or it is not.
    if (record !== null && store.recovered.lastRecord === record.id) disk.apply(record)
    await scene.compare(store)
  }
  await store.close()
}

/** Each entry is what was written, or said to be damaged. */
async function checkEntries(scene: Scene, store: LevelStore): Promise<void> {
  for (const { group, last } of scene.groups()) {
    for (let index = 1; index <= last; index += 1) {
      const [found] = await store.readEntries(group, { first: index, last: index }, 1)
      const [wanted] = scene.disk.readEntries(group, { first: index, last: index }, 1)
      if (found?.type === 'damaged' && wanted?.type === 'entry') {
        scene.hasDamage = true
        continue
      }
      const isSame =
        found?.type === 'entry' && wanted?.type === 'entry'
          ? found.entry.term === wanted.entry.term &&
            Buffer.compare(found.entry.data, wanted.entry.data) === 0
          : found?.type === wanted?.type
      check(isSame, `entry ${index} of group ${group}: ${found?.type}, not ${wanted?.type}`)
    }
  }
}

/** Rot and failing reads: damage is said, and nothing wrong is told. */
async function rots(scene: Scene): Promise<void> {
  const { random, level } = scene
  const store = await scene.open()
  await scene.write(store, 20)
  await store.close()
  level.crash()
  for (let flips = random.integer(1, 3); flips > 0; flips -= 1) level.rot()
  const opened = await scene.openDamaged()
  if (opened === null) return
  scene.compareRecovered(opened)
  level.readFailureChance = 0.05
  await checkEntries(scene, opened)
  // A failed read is looked into at the next open (storage rule S2).
  check(scene.isMarked === scene.hasDamage, 'a directory is marked where a read found damage')
  level.readFailureChance = 0
  await opened.close()
}

/** A disk that lied: batches are gone that were acknowledged and witnessed. */
async function lies(scene: Scene): Promise<void> {
  const { random, level } = scene
  const store = await scene.open(1)
  await scene.write(store, 20)
  const vote = { term: 10_000, vote: 3, commit: 0 }
  const write = { group: 9, hardState: vote, truncateFrom: null, entries: [] }
  const record = { ...scene.generator.next(), groups: [write], removedGroups: [], installs: [] }
  const votes = { ...record, snapshots: [], stages: [], repairs: [], blobs: [] }
  await store.write(votes)
  scene.disk.apply(votes)
  await store.close()
  const { length } = level.batches
  const isTail = random.chance(0.5)
  const first = isTail ? length - random.integer(1, 5) : random.integer(1, length - 6)
  const lost = level.lose(first, isTail ? length : random.integer(1, 4))
  check(lost > 0, 'a lie loses something')
  const opened = await scene.openDamaged()
  if (opened === null) return
  // Below the checkpoint a record may have held nothing that counts, or what reads as damaged.
  check(!isTail, 'a lost tail is not found')
  scene.compareRecovered(opened)
  await checkEntries(scene, opened)
  await opened.close()
}

/** The first thing that the store did wrong in this seed; null: nothing. */
export async function runStoreStorm(seed: number): Promise<string | null> {
  const directory = makeTemporaryDirectory('store', place)
  const random = new Random(seed).split('store')
  const run = random.pick([crashes, crashes, rots, lies])
  try {
    await run(new Scene(random, directory))
    return null
  } catch (error) {
    return error instanceof Broken ? error.message : String(error)
  } finally {
    removeDirectory(directory)
  }
}
