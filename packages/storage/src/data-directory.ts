// The directory of one node: who uses it (directory-lock.ts), which format and store it is, whether
// it is suspect, and what may lie in it:
//
//   format.json   format version and store id; read before anything is written
//   node.lock     the process that uses it
//   witness       how far the log reached (tail-witness.ts)
//   member.json   who this is and whom it knew, a second time (member-note.ts)
//   ballast       room that is given up before the disk is full (reserve.ts)
//   failed        how writes failed last (failure-note.ts)
//   condemned     why all of it counts as damaged (condemned-note.ts)
//   suspect       left when a read failed: the next open verifies everything (rule S2)
//   log/          LevelDB
//   damaged-*     what was set aside where the directory itself cannot be renamed
import { randomBytes } from 'node:crypto'
import {
  mkdir,
  open,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  unlink
} from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { HoldfastError } from '@holdfast/errors'
import { zlibChecksum } from './checksum.ts'
import { DirectoryLock, findOwner } from './directory-lock.ts'

/**
 * Of the directory and of all that it keeps: entries and snapshots too. Only this one is opened.
 * 1 has no witness; 2 has entries, snapshots and rows without users and without what AMQP needs.
 */
export const directoryFormat = 3
export const formatName = 'format.json'
const lockName = 'node.lock'
export const suspectName = 'suspect'
const witnessName = 'witness'
/** A second set of LevelDB's files, to look into a log that is damaged. */
export const salvageName = 'salvage'
/** What a recovery makes, until it takes the place of what is damaged. */
export const recoveredName = 'recovered'
export const noteName = 'member.json'
/** Room that is given up before the disk is full (reserve.ts). */
export const ballastName = 'ballast'
export const startsName = 'starts'
/** Why all of it counts as damaged (condemned-note.ts). */
export const condemnedName = 'condemned'
const logName = 'log'
const formatBytesMax = 4096

interface Format {
  readonly format: number
  readonly storeId: string
  /** False until the log has its first checkpoint: whatever lies there before is void. */
  readonly isBorn: boolean
}

export function unusable(directory: string, error: unknown): HoldfastError {
  const reason = error instanceof Error ? error.message : String(error)
  return new HoldfastError('DATA_DIRECTORY_UNUSABLE', { directory, reason }, { cause: error })
}

export function damaged(directory: string, reason: string, cause?: unknown): HoldfastError {
  return new HoldfastError('DATA_DAMAGED', { directory, reason }, { cause })
}

/** Makes names in a directory durable. */
export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Whole or not at all, and durable when it resolves. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.new`
  const handle = await open(temporary, 'w')
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(temporary, path)
  await syncDirectory(dirname(path))
}

function formatChecksum(format: Format): number {
  return zlibChecksum(Buffer.from(`${format.format} ${format.storeId} ${format.isBorn}`))
}

function isOurs(name: string): boolean {
  return (
    name === formatName ||
    name === `${formatName}.new` ||
    name === `${suspectName}.new` ||
    name === suspectName ||
    name === condemnedName ||
    name === `${condemnedName}.new` ||
    name === witnessName ||
    name === startsName ||
    name === noteName ||
    name === ballastName ||
    name === `${noteName}.new` ||
    name === salvageName ||
    name === recoveredName ||
    name === logName ||
    name === 'lost+found' ||
    name.startsWith(lockName) ||
    name.startsWith('damaged-')
  )
}

/** Null if there is no format file. Writes nothing. */
async function readFormat(directory: string): Promise<Format | null> {
  let text: string
  try {
    text = (await readFile(join(directory, formatName))).subarray(0, formatBytesMax).toString()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw unusable(directory, error)
  }
  let parsed: Partial<Format> & { readonly checksum?: unknown }
  try {
    parsed = JSON.parse(text) as typeof parsed
  } catch (error) {
    throw damaged(directory, 'the format file is not readable', error)
  }
  const { format, storeId, isBorn } = parsed ?? {}
  // Before the checksum, which a later format may compute in another way. A bit that flipped in the
  // number may look like that; a node that waits for its operator is better than one that sets
  // aside what a newer version wrote.
  if (typeof format === 'number' && format > directoryFormat) {
    const details = { directory, format, supported: directoryFormat }
    throw new HoldfastError('DATA_DIRECTORY_NEWER', details)
  }
  if (typeof format !== 'number' || typeof storeId !== 'string' || typeof isBorn !== 'boolean') {
    throw damaged(directory, 'the format file lacks a field')
  }
  if (parsed.checksum !== formatChecksum({ format, storeId, isBorn })) {
    throw damaged(directory, 'the checksum of the format file is wrong')
  }
  // After the checksum: a flipped bit in the number is damage, not an older format.
  if (format < directoryFormat) {
    const details = { directory, format, supported: directoryFormat }
    throw new HoldfastError('DATA_DIRECTORY_OLDER', details)
  }
  return { format, storeId, isBorn }
}

export class DataDirectory {
  readonly path: string
  readonly #lock: DirectoryLock
  #format: Format
  #isSuspect: boolean
  #marking: Promise<void> | null = null

  private constructor(path: string, lock: DirectoryLock, format: Format, isSuspect: boolean) {
    this.path = path
    this.#lock = lock
    this.#format = format
    this.#isSuspect = isSuspect
  }

  /**
   * Takes a directory into use, creating it if it is not there: with `storeId`, or a new one.
   * @throws DATA_DIRECTORY_NEWER, DATA_DIRECTORY_OLDER, DATA_DIRECTORY_IN_USE,
   * DATA_DIRECTORY_UNUSABLE, DATA_DAMAGED
   */
  static async take(directory: string, storeId?: string): Promise<DataDirectory> {
    const named = resolve(directory)
    await prepare(named)
    // The one true name, so that this process cannot take it twice through a link.
    const path = await realpath(named)
    const lock = await DirectoryLock.take(path, join(path, lockName))
    try {
      const found = await readFormat(path)
      const format = found ?? (await createFormat(path, storeId ?? randomBytes(16).toString('hex')))
      if (!format.isBorn) {
        await rm(join(path, logName), { recursive: true, force: true })
        await rm(join(path, witnessName), { force: true })
      }
      const names = await readdir(path)
      return new DataDirectory(path, lock, format, names.includes(suspectName))
    } catch (error) {
      await lock.release()
      throw error instanceof HoldfastError ? error : unusable(path, error)
    }
  }

  get logPath(): string {
    return join(this.path, logName)
  }

  get witnessPath(): string {
    return join(this.path, witnessName)
  }

  get storeId(): string {
    return this.#format.storeId
  }

  get isBorn(): boolean {
    return this.#format.isBorn
  }

  get isSuspect(): boolean {
    return this.#isSuspect
  }

  /**
   * The log holds its first checkpoint, and the witness has seen it: from here on an empty log is a
   * loss, and so is a witness that is missing. The name of the directory becomes durable first,
   * since whoever made it may have left that open: a power cut would take the name, and with it
   * everything that was synced below.
   */
  async setBorn(): Promise<void> {
    await syncDirectory(dirname(this.path))
    this.#format = { ...this.#format, isBorn: true }
    await writeFormat(this.path, this.#format)
  }

  /**
   * At most one mark; that it cannot be written does not hide the damage, which is reported anyway.
   */
  async markSuspect(reason: string): Promise<void> {
    if (this.#isSuspect) return this.#marking ?? undefined
    this.#isSuspect = true
    const path = join(this.path, suspectName)
    this.#marking = replaceFile(path, `${reason}\n`).catch(() => undefined)
    await this.#marking
    this.#marking = null
  }

  async clearSuspect(): Promise<void> {
    this.#isSuspect = false
    await unlink(join(this.path, suspectName))
    await syncDirectory(this.path)
  }

  async release(): Promise<void> {
    await this.#marking
    await this.#lock.release()
  }
}

/** Everything that can be refused is refused here, before the first byte is written. */
async function prepare(path: string): Promise<void> {
  try {
    const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null
      throw error
    })
    if (found === null) {
      await mkdir(path, { recursive: true })
      await syncDirectory(dirname(path))
    } else if (!found.isDirectory()) {
      throw new Error('it is not a directory')
    }
    const names = await readdir(path)
    const format = await readFormat(path)
    const owner = await findOwner(join(path, lockName))
    if (owner !== null) {
      throw new HoldfastError('DATA_DIRECTORY_IN_USE', { directory: path, pid: owner })
    }
    const foreign = names.find((name) => !isOurs(name))
    if (format === null && foreign !== undefined) {
      throw new Error(`it holds '${foreign}', which is not of Holdfast`)
    }
    if (format === null && (names.includes(logName) || names.includes(suspectName))) {
      throw damaged(path, 'the format file is missing')
    }
  } catch (error) {
    throw error instanceof HoldfastError ? error : unusable(path, error)
  }
}

async function writeFormat(path: string, format: Format): Promise<void> {
  const text = JSON.stringify({ ...format, checksum: formatChecksum(format) }, null, 2)
  await replaceFile(join(path, formatName), `${text}\n`)
}

async function createFormat(path: string, storeId: string): Promise<Format> {
  const format = { format: directoryFormat, storeId, isBorn: false }
  await writeFormat(path, format)
  return format
}
