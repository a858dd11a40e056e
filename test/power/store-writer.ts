// A process that keeps one store: verifies all that it finds, says so, and writes records until it
// dies, each said to be acknowledged once it is. Argument: the directory. Started by store-cuts.ts.
import { mkdirSync, writeSync } from 'node:fs'
import { commitRecord, entryAt } from '@holdfast/cluster/contract'
import { HoldfastError } from '@holdfast/errors'
import { openStore } from '@holdfast/storage'

const entryBytesMax = 30_000
/** A snapshot comes every so many records, and frees what is far below it. */
const snapshotEvery = 10

const configuration = { voters: [1], outgoing: [], learners: [] }

const say = (line: string): void => void writeSync(1, `${line}\n`)

/** Size of the entry that record `id` holds: mostly small, and at times more than a WAL block. */
const sizeOf = (id: number): number => (id * 977) % (id % 7 === 0 ? entryBytesMax * 4 : 3_000)

async function open(directory: string): ReturnType<typeof openStore> {
  const tuning = { checkpointIntervalRecords: 7, deleteChunkBytes: 20_000 }
  try {
    return await openStore({ directory, tuning, writeBufferSizeBytes: 256 * 1024 })
  } catch (error) {
    say(`refused ${HoldfastError.from(error).message}`)
    process.exit(0)
  }
}

const directory = process.argv[2] ?? ''
// As an operator does, who syncs nothing.
mkdirSync(directory, { recursive: true })
const store = await open(directory)
let id = store.recovered.lastRecord
const [group] = store.recovered.groups
const isRight = ({ index, data }: { index: number; data: Uint8Array }): boolean =>
  Buffer.compare(data, entryAt(index, index, sizeOf(index)).data) === 0
const isWhole =
  (group?.lastIndex ?? 0) === id &&
  (group?.hardState.vote ?? 0) === id &&
  (group?.entries ?? []).every(isRight) &&
  (group?.entries ?? []).length === id - (group?.snapshot?.meta.id.index ?? 0)
say(`${isWhole ? 'opened' : 'wrong'} ${id}`)

for (;;) {
  id += 1
  const entries = [entryAt(id, id, sizeOf(id))]
  const hardState = { term: id, vote: id, commit: id }
  const snapshots = []
  if (id % snapshotEvery === 0) {
    const below = id - snapshotEvery / 2
    const freed = [{ first: Math.max(1, below - snapshotEvery), last: below - 1 }]
    const blobs = { newBlobs: [{ id, bytes: new Uint8Array(100) }], blobs: [id] }
    const meta = { id: { index: below, term: below }, configuration, manifest: new Uint8Array(3) }
    snapshots.push({ group: 1, meta, ...blobs, freed, keepFrom: below })
  }
  const groups = [{ group: 1, hardState, truncateFrom: null, entries }]
  await store.write(commitRecord(id, { groups, snapshots }))
  say(String(id))
}
