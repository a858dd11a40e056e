// Why all of a directory counts as damaged although its log is whole (storage rule S9): the other
// replicas know that it had more. Unlike what failed writes leave, nothing takes the note back but
// the setting aside of the directory.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { condemnedName, damaged, replaceFile, unusable } from './data-directory.ts'

/** @throws whatever keeps the note from becoming durable */
export async function condemn(directory: string, reason: string): Promise<void> {
  await replaceFile(join(directory, condemnedName), `${reason}\n`)
}

/** @throws DATA_DAMAGED if it was condemned */
export async function checkCondemned(directory: string): Promise<void> {
  let reason: string
  try {
    reason = await readFile(join(directory, condemnedName), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw unusable(directory, error)
  }
  throw damaged(directory, reason.trim())
}
