// Storage rule S5: LevelDB's files are checked before LevelDB sees them, because it opens over
// damage in a write-ahead log, and over a log that is missing, without a word. Reads only.
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Unreadable } from './byte-reader.ts'
import { scanLog } from './leveldb-log.ts'
import { type Manifest, ManifestReader } from './leveldb-manifest.ts'
import { checkTable } from './leveldb-table.ts'

/** Throws Unreadable with the reason if the database in `directory` is damaged. */
export async function checkBeforeOpen(directory: string): Promise<void> {
  const { manifest, names } = await readCurrent(directory)
  await checkTables(directory, manifest, names)
  await checkLogs(directory, manifest, names)
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

interface Current {
  readonly manifest: Manifest
  readonly names: readonly string[]
}

async function readCurrent(directory: string): Promise<Current> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? new Unreadable('the log directory is missing') : error
  })
  if (!names.includes('CURRENT')) throw new Unreadable('CURRENT is missing')
  const current = await readFile(join(directory, 'CURRENT'), 'latin1')
  if (!/^MANIFEST-\d{6,}\n$/.test(current)) throw new Unreadable('CURRENT is not readable')
  return { manifest: await readManifest(directory, current.trimEnd(), names), names }
}

async function readManifest(
  directory: string,
  name: string,
  names: readonly string[]
): Promise<Manifest> {
  if (!names.includes(name)) throw new Unreadable(`${name} is missing`)
  const reader = new ManifestReader()
  const scan = scanLog(await readFile(join(directory, name)), (edit) => reader.add(edit))
  if (scan.damage !== null) throw new Unreadable(`${name}: ${scan.damage}`)
  if (scan.records === 0) throw new Unreadable(`${name} is empty`)
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
