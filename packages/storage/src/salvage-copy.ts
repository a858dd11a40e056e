// The second set of LevelDB's files in a directory that is damaged: what happens to it happens to
// nothing else.
import { copyFile, link, mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ClassicLevel } from 'classic-level'
import { type DataDirectory, salvageName } from './data-directory.ts'
import { type Database, findRecords } from './recovery.ts'

export async function removeCopy(directory: string): Promise<void> {
  await rm(join(directory, salvageName), { recursive: true, force: true })
}

/** Null if LevelDB can make nothing of the files. */
export async function openCopy(directory: DataDirectory): Promise<Database | null> {
  const copy = join(directory.path, salvageName)
  await removeCopy(directory.path)
  await mkdir(copy)
  for (const name of await readdir(directory.logPath).catch(() => [])) {
    if (name === 'LOCK') continue
    const [from, to] = [join(directory.logPath, name), join(copy, name)]
    // A table is never written to again; LevelDB may unlink it, which takes one name of two.
    if (/\.(?:ldb|sst)$/.test(name)) await link(from, to).catch(() => copyFile(from, to))
    else await copyFile(from, to)
  }
  const opened = await open(copy)
  if (opened !== null) return opened
  await ClassicLevel.repair(copy).catch(() => undefined)
  return await open(copy)
}

async function open(path: string): Promise<Database | null> {
  const database: Database = new ClassicLevel<Uint8Array, Uint8Array>(path, {
    keyEncoding: 'view',
    valueEncoding: 'view',
    createIfMissing: false,
    compression: false
  })
  try {
    await database.open()
    // It opens over tables that it cannot read.
    await findRecords(database, 1)
    return database
  } catch {
    await database.close()
    return null
  }
}
