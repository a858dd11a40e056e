// A damaged directory, looked into without changing it (storage rule S8): LevelDB opens a second
// set of its files, in which tables are links and the rest are copies, and repairs that one if it
// must. What comes out is believed only as far as its checksums go. The salvage serves what is
// intact to other replicas, says what is not, and keeps the directory locked while it is open.
import { resolve } from 'node:path'
import type { NodeIdentity } from '@holdfast/cluster'
import { HoldfastError } from '@holdfast/errors'
import { zlibChecksum } from './checksum.ts'
import { DataDirectory } from './data-directory.ts'
import { readMemberNote } from './member-note.ts'
import { type Database, RecordSource } from './recovery.ts'
import { openCopy, removeCopy } from './salvage-copy.ts'
import { type SalvagedState, salvageState } from './salvage-replay.ts'
import { SalvageStore } from './salvage-store.ts'
import { type SalvagedGroup, salvageGroups } from './salvaged-groups.ts'
import { TailWitness, type Witnessed } from './tail-witness.ts'

export interface Salvage {
  /** Who the directory was; null if it never was anybody, or if nothing says who. */
  readonly identity: NodeIdentity | null
  readonly peers: Uint8Array | null
  /** Null: the log cannot be read at all. */
  readonly groups: readonly SalvagedGroup[] | null
  /** Reads what is intact; refuses writes. */
  readonly store: SalvageStore
  /** No commit record of the directory had a higher id. */
  readonly lastRecordMax: number
}

/** Ids of commit records that may have been lost without a trace, beside those that are counted. */
const recordsSlack = 1_000_000

/**
 * Opens what is left of a directory.
 * @throws DATA_DIRECTORY_IN_USE, DATA_DIRECTORY_NEWER, DATA_DIRECTORY_OLDER,
 * DATA_DIRECTORY_UNUSABLE
 */
export async function salvage(path: string): Promise<Salvage> {
  let directory: DataDirectory
  try {
    directory = await DataDirectory.take(path)
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== 'DATA_DAMAGED') throw error
    return await withoutFormat(resolve(path))
  }
  return await salvageTaken(directory)
}

/** Not even the format can be read, hence nothing of the log: whose records would they be? */
async function withoutFormat(path: string): Promise<Salvage> {
  const note = await readMemberNote(path)
  const [identity, peers] = [note?.identity ?? null, note?.peers ?? null]
  const directory = { path, storeId: '0'.repeat(32), release: () => Promise.resolve() }
  const store = new SalvageStore({ directory, database: null, state: null, identity, peers })
  return { identity, peers, groups: null, store, lastRecordMax: recordsSlack }
}

async function salvageTaken(directory: DataDirectory): Promise<Salvage> {
  let database: Database | null = null
  try {
    const note = await readMemberNote(directory.path)
    database = await openCopy(directory)
    const source =
      database === null ? null : new RecordSource(database, storeIdOf(directory), zlibChecksum)
    const witnessed = await readWitness(directory)
    const found = await readLog(database, source)
    const groups =
      found === null || source === null
        ? null
        : await salvageGroups(found, source, witnessed?.groups ?? [])
    const identity = found?.state.identity ?? note?.identity ?? null
    // What the log says last of them may be what it has lost.
    const peers = note?.peers ?? found?.state.peers ?? null
    const lastRecordMax =
      (found?.lastRecord ?? 0) + Math.max(0, witnessed?.sequence ?? 0) + recordsSlack
    const state = found?.state ?? null
    const store = new SalvageStore({ directory, database, state, identity, peers })
    return { identity, peers, groups, store, lastRecordMax }
  } catch (error) {
    await database?.close()
    await removeCopy(directory.path)
    await directory.release()
    throw error
  }
}

function storeIdOf(directory: DataDirectory): Uint8Array {
  return Buffer.from(directory.storeId, 'hex')
}

async function readLog(
  database: Database | null,
  source: RecordSource | null
): Promise<SalvagedState | null> {
  return database === null || source === null ? null : await salvageState(database, source)
}

async function readWitness(directory: DataDirectory): Promise<Witnessed | null> {
  try {
    const { witnessPath } = directory
    const witness = await TailWitness.open(witnessPath, storeIdOf(directory), zlibChecksum, false)
    const { found } = witness
    await witness.close()
    return found
  } catch {
    return null
  }
}
