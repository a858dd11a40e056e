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
  const { manifest, names, before } = current
  try {
    await checkTables(directory, manifest, names)
  } catch (error) {
    if (!(error instanceof Unreadable) || before === null) throw error
    if (!(await isComplete(directory, before.manifest, names))) throw error
    await takeBackEdit(join(directory, current.name), before.endBytes)
    await checkLogs(directory, before.manifest, names)
    return error.message
  }
  await checkLogs(directory, manifest, names)
  return null
}

/**
 * LevelDB appends an edit to the manifest, and only then makes the names of the tables durable that
 * the edit speaks of, and the edit itself (db/version_set.cc, LogAndApply; util/env_posix.cc,
 * SyncDirIfManifest). A power cut between the two may keep the edit and lose a table's name. What
 * the edit replaces is deleted after all that: if it is still there, whole, the edit was not synced
 * and nothing is lost by doing without it.
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
  try {
    await checkTables(directory, manifest, names)
    return true
  } catch (error) {
    if (error instanceof Unreadable) return false
    throw error
  }
}

/**
 * Reads every table to its last byte, which takes as long as reading all there is. Throws
 * Unreadable with the reason if one is damaged.
 */
export async function checkEveryTable(directory: string): Promise<void> {
  const { manifest, names } = await readCurrent(directory)
  for (const number of manifest.tables.keys()) {
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
  readonly manifest: Manifest
  /** What it said before its last edit, and where that ends; null if there was nothing before. */
  readonly before: { readonly manifest: Manifest; readonly endBytes: number } | null
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
  const edits: { readonly edit: Uint8Array; readonly end: number }[] = []
  const scan = scanLog(await readFile(join(directory, name)), (edit, end) => {
    edits.push({ edit, end })
  })
  if (scan.damage !== null) throw new Unreadable(`${name}: ${scan.damage}`)
  const endBytes = edits.at(-2)?.end
  const all = edits.map(({ edit }) => edit)
  if (all.length === 0) throw new Unreadable(`${name} is empty`)
  const before = endBytes === undefined ? null : { manifest: stateOf(all.slice(0, -1)), endBytes }
  return { name, manifest: stateOf(all), before }
}

function stateOf(edits: readonly Uint8Array[]): Manifest {
  const reader = new ManifestReader()
  for (const edit of edits) reader.add(edit)
  return reader.result()
}

function fileName(number: number, extension: string): string {
  return `${String(number).padStart(6, '0')}.${extension}`
}

function tableName(number: number, names: readonly string[]): string {
  const name = [fileName(number, 'ldb'), fileName(number, 'sst')].find((n) => names.includes(n))
  if (name === undefined) throw new Unreadable(`table ${fileName(number, 'ldb')} is missing`)
  return name
}

async function checkTables(
  directory: string,
  manifest: Manifest,
  names: readonly string[]
): Promise<void> {
  for (const [number, sizeBytes] of manifest.tables) {
    const name = tableName(number, names)
    const { size } = await stat(join(directory, name))
    if (size !== sizeBytes) {
      throw new Unreadable(`table ${name} has ${size} bytes, the manifest says ${sizeBytes}`)
    }
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
