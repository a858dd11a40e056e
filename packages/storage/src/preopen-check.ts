// Storage rule S5: LevelDB's files are checked before LevelDB sees them, because it opens over
// damage in a write-ahead log, and over a log that is missing, without a word. Nothing is changed,
// but for an edit of the manifest that was never synced (`takeBackEdit`).
import { open, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Unreadable } from './byte-reader.ts'
import { scanLog } from './leveldb-log.ts'
import { type Manifest, ManifestReader } from './leveldb-manifest.ts'
import { checkTable } from './leveldb-table.ts'

/**
 * Throws Unreadable with the reason if the database in `directory` is damaged. Resolves with what
 * was wrong with the last edit of the manifest, if that was taken back, otherwise with null.
 */
export async function checkBeforeOpen(directory: string): Promise<string | null> {
  const current = await readCurrent(directory)
  const { name, whole, before, names, isTorn } = current
  const error = isTorn
    ? new Unreadable(`the last edit of ${name} is not whole`)
    : await findWrong(directory, whole.manifest, names)
  // Edits are synced one by one: behind one that was not, none begins.
  const left = isTorn ? whole : before
  if (error === null) {
    await checkLogs(directory, whole.manifest, names)
    return null
  }
  if (left === null || !(await isComplete(directory, left.manifest, names))) throw error
  await takeBackEdit(join(directory, name), left.endBytes)
  await checkLogs(directory, left.manifest, names)
  return error.message
}

/**
 * LevelDB appends an edit to the manifest, and only then makes the names of the tables durable that
 * the edit speaks of, and the edit itself (db/version_set.cc, LogAndApply; util/env_posix.cc,
 * SyncDirIfManifest). A power cut between the two may keep the edit and lose a table's name, or
 * leave blank sectors in the edit, which LevelDB takes for damage. What the edit replaces is
 * deleted after all that: if it is still there, whole, the edit was not synced and nothing is lost
 * by doing without it.
 */
async function takeBackEdit(path: string, endBytes: number): Promise<void> {
  const file = await open(path, 'r+')
  try {
    await file.truncate(endBytes)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Whether everything is there that a state of the database needs. */
async function isComplete(
  directory: string,
  manifest: Manifest,
  names: readonly string[]
): Promise<boolean> {
  if (!names.includes(fileName(manifest.logNumber, 'log'))) return false
  return (await findWrong(directory, manifest, names)) === null
}

/**
 * Reads every table to its last byte, which takes as long as reading all there is. Throws
 * Unreadable with the reason if one is damaged.
 */
export async function checkEveryTable(directory: string): Promise<void> {
  const { whole, names } = await readCurrent(directory)
  for (const number of whole.manifest.tables.keys()) {
    const name = tableName(number, names)
    try {
      checkTable(await readFile(join(directory, name)))
    } catch (error) {
      const isLost = (error as NodeJS.ErrnoException).code === 'EIO'
      if (!isLost && !(error instanceof Unreadable)) throw error
      throw new Unreadable(`table ${name}: ${(error as Error).message}`)
    }
  }
}

interface Current extends ManifestFile {
  readonly names: readonly string[]
}

interface ManifestFile {
  readonly name: string
  /** What its whole edits say. */
  readonly whole: State
  /** What it said before the last of those; null if there was nothing before. */
  readonly before: State | null
  /** The beginning of one more edit stands behind them. */
  readonly isTorn: boolean
}

/** What a manifest says up to one of its edits, and where that edit ends. */
interface State {
  readonly manifest: Manifest
  readonly endBytes: number
}

interface Edit {
  readonly bytes: Uint8Array
  readonly endBytes: number
}

async function readCurrent(directory: string): Promise<Current> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? new Unreadable('the log directory is missing') : error
  })
  if (!names.includes('CURRENT')) throw new Unreadable('CURRENT is missing')
  const current = await readFile(join(directory, 'CURRENT'), 'latin1')
  if (!/^MANIFEST-\d{6,}\n$/.test(current)) throw new Unreadable('CURRENT is not readable')
  return { ...(await readManifest(directory, current.trimEnd(), names)), names }
}

async function readManifest(
  directory: string,
  name: string,
  names: readonly string[]
): Promise<ManifestFile> {
  if (!names.includes(name)) throw new Unreadable(`${name} is missing`)
  const edits: Edit[] = []
  const scan = scanLog(await readFile(join(directory, name)), (bytes, endBytes) => {
    edits.push({ bytes, endBytes })
  })
  if (scan.damage !== null) throw new Unreadable(`${name}: ${scan.damage}`)
  const whole = stateOf(edits)
  if (whole === null) throw new Unreadable(`${name} is empty`)
  return { name, whole, before: stateOf(edits.slice(0, -1)), isTorn: scan.isTorn }
}

/** Null if there are none. */
function stateOf(edits: readonly Edit[]): State | null {
  const reader = new ManifestReader()
  for (const { bytes } of edits) reader.add(bytes)
  const endBytes = edits.at(-1)?.endBytes
  return endBytes === undefined ? null : { manifest: reader.result(), endBytes }
}

function fileName(number: number, extension: string): string {
  return `${String(number).padStart(6, '0')}.${extension}`
}

function tableName(number: number, names: readonly string[]): string {
  const name = [fileName(number, 'ldb'), fileName(number, 'sst')].find((n) => names.includes(n))
  if (name === undefined) throw new Unreadable(`table ${fileName(number, 'ldb')} is missing`)
  return name
}

/** What is wrong with one of the tables of a state; null if each is there, of its size. */
async function findWrong(
  directory: string,
  manifest: Manifest,
  names: readonly string[]
): Promise<Unreadable | null> {
  try {
    for (const [number, sizeBytes] of manifest.tables) {
      const name = tableName(number, names)
      const { size } = await stat(join(directory, name))
      if (size !== sizeBytes) {
        return new Unreadable(`table ${name} has ${size} bytes, the manifest says ${sizeBytes}`)
      }
    }
    return null
  } catch (error) {
    if (error instanceof Unreadable) return error
    throw error
  }
}

async function checkLogs(
  directory: string,
  manifest: Manifest,
  names: readonly string[]
): Promise<void> {
  const numbers: number[] = []
  for (const name of names) {
    const number = /^(\d+)\.log$/.exec(name)?.[1]
    if (number !== undefined) numbers.push(Number(number))
  }
  const counted = numbers
    .filter((number) => number >= manifest.logNumber || number === manifest.previousLogNumber)
    .sort((a, b) => a - b)
  if (counted.length === 0) {
    throw new Unreadable(`no write-ahead log from ${fileName(manifest.logNumber, 'log')} on`)
  }
  let torn: string | null = null
  for (const number of counted) {
    const name = fileName(number, 'log')
    const scan = scanLog(await readFile(join(directory, name)))
    if (scan.damage !== null) throw new Unreadable(`${name}: ${scan.damage}`)
    if (torn !== null && scan.records > 0) {
      throw new Unreadable(`${torn} is torn, and ${name} follows it`)
    }
    if (scan.isTorn) torn = name
  }
}
