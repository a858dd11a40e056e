// How writes to a directory failed last, and how often in a row: a note that outlives the process,
// which a failed write ends (storage rule S2). What LevelDB meets when it compacts is no reason to
// distrust a directory once, since a full disk ends the same way, but it comes back at each start
// if a table is damaged.
import { readFile, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { failureName, replaceFile } from './data-directory.ts'

interface Failure {
  /** Code of the error that LevelDB or the system gave. */
  readonly kind: string
  readonly count: number
}

/** A note that is missing or cannot be read says nothing. */
export async function readFailure(directory: string): Promise<Failure | null> {
  try {
    const parsed: unknown = JSON.parse(await readFile(join(directory, failureName), 'utf8'))
    const { kind, count } = parsed as Partial<Failure>
    return typeof kind === 'string' && typeof count === 'number' ? { kind, count } : null
  } catch {
    return null
  }
}

/** Never rejects: that it cannot be written does not hide the failure, which is reported anyway. */
export async function noteFailure(directory: string, error: unknown): Promise<void> {
  const code = (error as { readonly code?: unknown } | null)?.code
  const kind = typeof code === 'string' ? code : 'unknown'
  const before = await readFailure(directory)
  const count = before?.kind === kind ? before.count + 1 : 1
  const text = JSON.stringify({ kind, count })
  await replaceFile(join(directory, failureName), `${text}\n`).catch(() => undefined)
}

/** The failures before do not count any more. */
export async function clearFailure(directory: string): Promise<void> {
  await unlink(join(directory, failureName)).catch(() => undefined)
}
