// Storage rule S5: LevelDB's files are checked before LevelDB sees them, because it opens over
// damage in a write-ahead log, and over a log that is missing, without a word. Reads only.
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Unreadable } from './byte-reader.ts'
import { scanLog } from './leveldb-log.ts'
import { type Manifest, ManifestReader } from './leveldb-manifest.ts'

/** Throws Unreadable with the reason if the database in `directory` is damaged. */
export async function checkBeforeOpen(directory: string): Promise<void> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? new Unreadable('the log directory is missing') : error
  })
  if (!names.includes('CURRENT')) throw new Unreadable('CURRENT is missing')
  const current = await readFile(join(directory, 'CURRENT'), 'latin1')
  if (!/^MANIFEST-\d{6,}\n$/.test(current)) throw new Unreadable('CURRENT is not readable')
  const manifest = await readManifest(directory, current.trimEnd(), names)
  await checkTables(directory, manifest, names)
  await checkLogs(directory, manifest, names)
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

async function checkTables(
  directory: string,
  manifest: Manifest,
  names: readonly string[]
): Promise<void> {
  const present = new Set(names)
  for (const [number, sizeBytes] of manifest.tables) {
    const name = [fileName(number, 'ldb'), fileName(number, 'sst')].find((n) => present.has(n))
    if (name === undefined) throw new Unreadable(`table ${fileName(number, 'ldb')} is missing`)
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
