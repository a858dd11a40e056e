// From a directory to a store: take the directory, check LevelDB's files, open LevelDB, recover,
// verify. A blank directory becomes a store with its first checkpoint. Whatever does not fit is a
// coded error, the directory is released again, and nothing that was damaged has been changed.
import { endianness } from 'node:os'
import type { Recovered } from '@holdfast/cluster'
import { HoldfastError } from '@holdfast/errors'
import { ClassicLevel } from 'classic-level'
import { Unreadable } from './byte-reader.ts'
import { CheckpointBuilder } from './checkpoint.ts'
import { type Checksum, zlibChecksum } from './checksum.ts'
import { checkCondemned } from './condemned-note.ts'
import { DataDirectory, damaged, syncDirectory, unusable } from './data-directory.ts'
import { recordKey } from './keys.ts'
import { LevelStore } from './level-store.ts'
import { type StoreTuning, storageLimits } from './limits.ts'
import { NodeState } from './node-state.ts'
import { checkBeforeOpen, checkEveryTable } from './preopen-check.ts'
import { recoverGroups, verifyAll } from './recovered-groups.ts'
import { type Database, RecordSource, type RecoveredState, recoverState } from './recovery.ts'
import { headerChecksum } from './section.ts'
import { StartNote } from './start-note.ts'
import { TailWitness } from './tail-witness.ts'
import { WalDirectory } from './wal-directory.ts'
import { witnessOf } from './witness-schedule.ts'

export type LogLevel = 'info' | 'warn' | 'error'
export type Log = (
  level: LogLevel,
  message: string,
  fields: Readonly<Record<string, string | number>>
) => void

export interface StoreOptions {
  readonly directory: string
  /** CRC-32; by default zlib's. */
  readonly checksum?: Checksum
  /** LevelDB's write buffer, 2 to 4 MiB; nodes with different ones do not stall in step. */
  readonly writeBufferSizeBytes?: number
  readonly log?: Log
  /** Refuses a directory that belongs to another cluster. */
  readonly expectedClusterId?: string
  /** A blank directory goes on where another one was lost: its id, and its last commit record. */
  readonly successor?: { readonly storeId: string; readonly lastRecord: number }
  /** For tests: in place of LevelDB, whose files are not looked at then. */
  readonly database?: (path: string) => Database
  /** For tests. */
  readonly tuning?: Partial<StoreTuning>
}

const defaultTuning: StoreTuning = {
  checkpointIntervalBytes: storageLimits.checkpointIntervalBytes,
  checkpointIntervalRecords: storageLimits.checkpointIntervalRecords,
  deleteChunkBytes: storageLimits.deleteChunkBytes,
  reclaimQuietBytes: storageLimits.reclaimQuietBytes,
  reclaimIntervalMs: storageLimits.reclaimIntervalMs,
  witnessIntervalMs: storageLimits.witnessIntervalMs,
  startedAfterMs: storageLimits.startedAfterMs,
  checkpointOnClose: true
}

/** Starts in a row that came to nothing after which the tables are read. */
const startsBeforeCheck = 2

const defaultWriteBufferBytes = 4 * 1024 * 1024

/**
 * Opens the store in a directory, or makes one there.
 * @throws DATA_DIRECTORY_IN_USE, DATA_DIRECTORY_NEWER, DATA_DIRECTORY_OLDER,
 * DATA_DIRECTORY_FOREIGN, DATA_DIRECTORY_UNUSABLE, DATA_DAMAGED
 */
export async function openStore(options: StoreOptions): Promise<LevelStore> {
  if (endianness() !== 'LE') throw unusable(options.directory, 'this machine is big-endian')
  const directory = await DataDirectory.take(options.directory, options.successor?.storeId)
  try {
    return await openTaken(directory, options)
  } catch (error) {
    await directory.release()
    if (error instanceof Unreadable || isCorruption(error))
      throw damaged(directory.path, messageOf(error), error)
    throw error instanceof HoldfastError ? error : unusable(directory.path, error)
  }
}

/** A full disk or a missing permission is no damage: only what LevelDB calls corruption is. */
function isCorruption(error: unknown): boolean {
  return (error as { readonly code?: unknown } | null)?.code === 'LEVEL_CORRUPTION'
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

async function openTaken(directory: DataDirectory, options: StoreOptions): Promise<LevelStore> {
  await checkCondemned(directory.path)
  const writeBufferSize = options.writeBufferSizeBytes ?? defaultWriteBufferBytes
  const note = new StartNote(directory.path)
  if (directory.isBorn && options.database === undefined) {
    await checkFiles(directory, options.log)
    await checkAfterStarts(note, directory, options.log)
  }
  const database =
    options.database?.(directory.logPath) ?? createDatabase(directory, writeBufferSize)
  await openDatabase(database, directory)
  const wal = new WalDirectory(directory.logPath, writeBufferSize)
  try {
    await wal.start()
    return await recover({ directory, database, wal, note }, options)
  } catch (error) {
    await wal.close()
    await database.close()
    throw error
  }
}

function createDatabase(directory: DataDirectory, writeBufferSize: number): Database {
  return new ClassicLevel<Uint8Array, Uint8Array>(directory.logPath, {
    keyEncoding: 'view',
    valueEncoding: 'view',
    createIfMissing: !directory.isBorn,
    compression: false,
    cacheSize: 1024 * 1024,
    writeBufferSize,
    maxFileSize: 8 * 1024 * 1024
  })
}

async function checkFiles({ path, logPath }: DataDirectory, log: Log | undefined): Promise<void> {
  const takenBack = await checkBeforeOpen(logPath)
  if (takenBack === null) return
  const fields = { directory: path, reason: takenBack }
  log?.('info', 'the last edit of the manifest was never synced, and was taken back', fields)
}

/**
 * The process ended soon after its start, twice: if a table is damaged, it always will, since each
 * start compacts that again. Who stops this long read, for taking so long, is not kept by it from
 * starting the next time.
 */
async function checkAfterStarts(
  note: StartNote,
  { path, logPath }: DataDirectory,
  log: Log | undefined
): Promise<void> {
  const starts = await note.count()
  if (starts < startsBeforeCheck) return note.set(starts + 1)
  const message = 'the process ended soon after its start, repeatedly; reading all tables'
  log?.('warn', message, { directory: path, starts })
  await note.set(1)
  try {
    await checkEveryTable(logPath)
  } catch (error) {
    await note.set(startsBeforeCheck)
    throw error
  }
}

async function openDatabase(database: Database, directory: DataDirectory): Promise<void> {
  try {
    await database.open()
  } catch (error) {
    const cause = (error as Error).cause
    const code = (cause as { readonly code?: unknown } | undefined)?.code
    const reason = cause instanceof Error ? cause.message : String(error)
    if (code === 'LEVEL_LOCKED') {
      throw new HoldfastError('DATA_DIRECTORY_IN_USE', { directory: directory.path, pid: 0 })
    }
    if (code === 'LEVEL_CORRUPTION') throw damaged(directory.path, reason, error)
    throw unusable(directory.path, cause ?? error)
  }
}

interface Opened {
  readonly directory: DataDirectory
  readonly database: Database
  readonly wal: WalDirectory
  readonly note: StartNote
}

async function recover(opened: Opened, options: StoreOptions): Promise<LevelStore> {
  const { directory, database } = opened
  const checksum = options.checksum ?? zlibChecksum
  const storeId = Buffer.from(directory.storeId, 'hex')
  const source = new RecordSource(database, storeId, checksum)
  const found = await recoverState(database, source)
  if (found === null && directory.isBorn) throw new Unreadable('the log is empty')
  const recovered =
    found ?? (await begin(opened, { storeId, checksum }, options.successor?.lastRecord ?? 0))
  const { state } = recovered
  checkCluster(state, directory, options.expectedClusterId)
  const groups = await recoverGroups(state, source)
  if (directory.isSuspect) await verifySuspect(state, source, directory, options.log)
  const summary: Recovered = {
    storeId: directory.storeId,
    identity: state.identity,
    peers: state.peers,
    groups,
    lastRecord: state.recordId
  }
  const tuning = { ...defaultTuning, ...options.tuning }
  const witness = await openWitness(directory, source, recovered)
  const parts = { ...opened, ...recovered, witness, recovered: summary, checksum, tuning }
  return new LevelStore(parts)
}

/**
 * The witness of the log, which must have seen no more than there is (rule S7). A blank directory
 * gets it here: from then on it must be there.
 * @throws Unreadable if the tail of the log is lost
 */
async function openWitness(
  directory: DataDirectory,
  source: RecordSource,
  { state, lastSequence }: RecoveredState
): Promise<TailWitness> {
  const { isBorn, witnessPath } = directory
  const storeId = Buffer.from(directory.storeId, 'hex')
  const witness = await TailWitness.open(witnessPath, storeId, source.checksum, !isBorn)
  try {
    if (isBorn) {
      await checkTail(witness, source, lastSequence)
    } else {
      const { value } = await source.get(lastSequence)
      await witness.write(witnessOf(state, lastSequence, headerChecksum(value)))
      await directory.setBorn()
    }
    return witness
  } catch (error) {
    await witness.close()
    throw error
  }
}

async function checkTail(
  witness: TailWitness,
  source: RecordSource,
  lastSequence: number
): Promise<void> {
  const { found } = witness
  if (found === null) throw new Unreadable('the witness of the log cannot be read')
  if (found.sequence > lastSequence) {
    throw new Unreadable(`the log ends at record ${lastSequence}, and had ${found.sequence}`)
  }
  // What was deleted since is not there any more.
  const record = await source.find(found.sequence)
  if (record === null || headerChecksum(record.value) === found.recordChecksum) return
  throw new Unreadable(`record ${found.sequence} is not the one that was written`)
}

/** The first checkpoint of a blank store. */
async function begin(
  { directory, database, wal }: Opened,
  { storeId, checksum }: { readonly storeId: Uint8Array; readonly checksum: Checksum },
  lastRecord: number
): Promise<RecoveredState> {
  const state = new NodeState()
  state.recordId = lastRecord
  const place = { nextSequence: 1, previous: 0 }
  const [record] = new CheckpointBuilder(state, storeId, checksum, place).build()
  if (record === undefined) throw new Unreadable('a checkpoint has a record')
  const batch = database.batch().put(recordKey(record.sequence), record.value)
  await batch.write({ sync: true })
  await wal.afterWrite([record.value.length], 0)
  await syncDirectory(directory.path)
  const { sequence } = record
  return {
    state,
    lastSequence: sequence,
    checkpoint: sequence,
    replayedBytes: 0,
    checkpointBytes: record.value.length
  }
}

function checkCluster(
  state: NodeState,
  directory: DataDirectory,
  expected: string | undefined
): void {
  const found = state.identity?.clusterId
  if (expected === undefined || found === undefined || found === expected) return
  throw new HoldfastError('DATA_DIRECTORY_FOREIGN', { directory: directory.path, found, expected })
}

/**
 * Rule S2: after a read that failed, everything is read once. The mark stays while anything is
 * broken.
 */
async function verifySuspect(
  state: NodeState,
  source: RecordSource,
  directory: DataDirectory,
  log: Log | undefined
): Promise<void> {
  const broken = await verifyAll(state, source)
  const fields = { directory: directory.path, broken: broken.length, first: broken[0] ?? '' }
  if (broken.length === 0) {
    await directory.clearSuspect()
    log?.('info', 'a suspect data directory was verified and is sound', fields)
  } else {
    log?.('error', 'parts of the data directory are damaged', fields)
  }
}
