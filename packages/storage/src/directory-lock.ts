// Who uses a data directory: a file of its own beside LevelDB's (rule S11: LevelDB's LOCK must
// never be opened, since closing any descriptor of it drops the lock). It names the process by pid,
// its start time and the boot, so that the lock of a dead process is told from that of a live one
// that has its pid.
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { link, open, readFile, rename, unlink } from 'node:fs/promises'
import { HoldfastError } from '@holdfast/errors'

interface Owner {
  readonly pid: number
  /** In clock ticks since the boot; null where /proc does not tell. */
  readonly startTime: string | null
  readonly boot: string | null
}

/** Directories that this process uses: its own pid in a lock file says nothing. */
const heldPaths = new Set<string>()

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}

/**
 * proc(5), stat: field 22, counted behind the command, which may hold anything in its parentheses.
 */
function startTimeOf(pid: number): string | null {
  const text = readText(`/proc/${pid}/stat`)
  if (text === null) return null
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? null
}

function describeSelf(): Owner {
  const boot = readText('/proc/sys/kernel/random/boot_id')?.trim() ?? null
  return { pid: process.pid, startTime: startTimeOf(process.pid), boot }
}

function isAlive(owner: Owner): boolean {
  const self = describeSelf()
  if (owner.boot !== null && self.boot !== null && owner.boot !== self.boot) return false
  try {
    process.kill(owner.pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
  }
  const startTime = startTimeOf(owner.pid)
  return owner.startTime === null || startTime === null || owner.startTime === startTime
}

function parseOwner(text: string): Owner | null {
  try {
    const owner = JSON.parse(text) as Partial<Owner> | null
    const { pid } = owner ?? {}
    if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid < 1) return null
    const textOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null)
    return { pid, startTime: textOrNull(owner?.startTime), boot: textOrNull(owner?.boot) }
  } catch {
    return null
  }
}

async function readLock(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/**
 * The pid of the living process that holds the lock, or null. An unreadable lock is a dead one's.
 */
export async function findOwner(path: string): Promise<number | null> {
  if (heldPaths.has(path)) return process.pid
  const text = await readLock(path)
  const owner = text === null ? null : parseOwner(text)
  if (owner === null || owner.pid === process.pid) return null
  return isAlive(owner) ? owner.pid : null
}

export class DirectoryLock {
  readonly #path: string

  private constructor(path: string) {
    this.#path = path
  }

  /** @throws DATA_DIRECTORY_IN_USE */
  static async take(directory: string, path: string): Promise<DirectoryLock> {
    const owner = await findOwner(path)
    if (owner !== null || heldPaths.has(path)) {
      throw new HoldfastError('DATA_DIRECTORY_IN_USE', { directory, pid: owner ?? process.pid })
    }
    heldPaths.add(path)
    try {
      await claim(directory, path)
      return new DirectoryLock(path)
    } catch (error) {
      heldPaths.delete(path)
      throw error
    }
  }

  async release(): Promise<void> {
    if (!heldPaths.delete(this.#path)) return
    await unlink(this.#path).catch(() => undefined)
  }
}

/** `link` fails if the name is taken, and the file is whole from its first moment. */
async function claim(directory: string, path: string): Promise<void> {
  const mine = `${path}.${process.pid}-${randomBytes(6).toString('hex')}`
  const handle = await open(mine, 'wx')
  try {
    await handle.writeFile(JSON.stringify(describeSelf()))
  } finally {
    await handle.close()
  }
  try {
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const isMine = await link(mine, path).then(
        () => true,
        (error: NodeJS.ErrnoException) => {
          if (error.code === 'EEXIST') return false
          throw error
        }
      )
      if (isMine) return
      await removeStale(directory, path, `${mine}-stale`)
    }
    throw new HoldfastError('DATA_DIRECTORY_IN_USE', { directory, pid: 0 })
  } finally {
    await unlink(mine).catch(() => undefined)
  }
}

/**
 * Moves a dead owner's lock away. Between the look and the move another process may have put its
 * own
 * there: then it is put back. (Should that race be lost too, LevelDB's own lock still stands.)
 */
async function removeStale(directory: string, path: string, aside: string): Promise<void> {
  const seen = await readLock(path)
  if (seen === null) return
  const owner = parseOwner(seen)
  if (owner !== null && owner.pid !== process.pid && isAlive(owner)) {
    throw new HoldfastError('DATA_DIRECTORY_IN_USE', { directory, pid: owner.pid })
  }
  try {
    await rename(path, aside)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  if ((await readLock(aside)) !== seen) await link(aside, path).catch(() => undefined)
  await unlink(aside).catch(() => undefined)
}
