// Storage rule S8: a directory that is damaged is set aside whole, for diagnosis, and a blank one
// takes its place, so that the same command starts the node again as a new incarnation.
import { mkdir, readdir, realpath, rename, rmdir, stat, unlink } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { syncDirectory, unusable } from './data-directory.ts'
import { DirectoryLock } from './directory-lock.ts'

const lockName = 'node.lock'

/** The first free name of the form `<base>.damaged-<n>`. */
async function freeName(base: string): Promise<string> {
  for (let number = 1; ; number += 1) {
    const name = `${base}damaged-${number}`
    const isFree = await stat(name).then(
      () => false,
      (error: NodeJS.ErrnoException) => error.code === 'ENOENT'
    )
    if (isFree) return name
  }
}

/**
 * Moves the contents of a directory aside and leaves it blank. Returns where they are: beside it as
 * `<name>.damaged-<n>`, or, if it cannot be renamed (a mount point), inside it as `damaged-<n>`.
 * @throws DATA_DIRECTORY_IN_USE, DATA_DIRECTORY_UNUSABLE
 */
export async function quarantine(directory: string): Promise<string> {
  const path = await realpath(resolve(directory)).catch((error) => {
    throw unusable(directory, error)
  })
  const lock = await DirectoryLock.take(path, join(path, lockName))
  try {
    return await setAside(path)
  } catch (error) {
    throw unusable(path, error)
  } finally {
    await lock.release()
  }
}

async function setAside(path: string): Promise<string> {
  const parent = dirname(path)
  const beside = await freeName(join(parent, `${basename(path)}.`))
  try {
    await rename(path, beside)
  } catch (error) {
    if (!isImmovable(error)) throw error
    return await moveWithin(path, [])
  }
  await unlink(join(beside, lockName)).catch(() => undefined)
  await mkdir(path)
  await syncDirectory(parent)
  return beside
}

/**
 * Moves what is in a directory aside, to the same places, but for the files that are `staying`: the
 * directory itself is never away, and never blank.
 */
export async function moveAside(path: string, staying: readonly string[]): Promise<string> {
  const parent = dirname(path)
  const beside = await freeName(join(parent, `${basename(path)}.`))
  try {
    await mkdir(beside)
    await moveContents(path, beside, staying)
  } catch (error) {
    if (!isImmovable(error)) throw error
    await rmdir(beside).catch(() => undefined)
    return await moveWithin(path, staying)
  }
  await syncDirectory(parent)
  return beside
}

/** It is a mount point, or nothing can be made beside it. */
function isImmovable(error: unknown): boolean {
  const { code = '' } = error as NodeJS.ErrnoException
  return ['EBUSY', 'EXDEV', 'EACCES', 'EPERM'].includes(code)
}

async function moveWithin(path: string, staying: readonly string[]): Promise<string> {
  const within = await freeName(`${path}/`)
  await mkdir(within)
  await moveContents(path, within, staying)
  return within
}

async function moveContents(path: string, to: string, staying: readonly string[]): Promise<void> {
  for (const name of await readdir(path)) {
    const isOfPlace =
      name.startsWith('damaged-') || name.startsWith(lockName) || name === 'lost+found'
    if (!isOfPlace && !staying.includes(name)) await rename(join(path, name), join(to, name))
  }
  await syncDirectory(to)
  await syncDirectory(path)
}
