// How many starts in a row came to nothing, neither to an orderly end nor to a minute of work: a
// note that outlives the process. A kill is no reason to distrust a directory, nor is a write that
// failed, since a full disk ends the process too (storage rule S2). But what LevelDB meets when it
// compacts a damaged table comes back at each start, as an error, or as an assertion in it that
// aborts the process.
import { readFile, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startsName } from './data-directory.ts'

export class StartNote {
  readonly #path: string
  #timer: NodeJS.Timeout | undefined

  constructor(directory: string) {
    this.#path = join(directory, startsName)
  }

  /** Such starts in a row. A note that cannot be read says nothing. */
  async count(): Promise<number> {
    try {
      const count: unknown = JSON.parse(await readFile(this.#path, 'utf8'))
      return typeof count === 'number' && count > 0 ? count : 0
    } catch {
      return 0
    }
  }

  /**
   * Not synced, since it is to outlive processes, not power. Never rejects: a disk that takes no
   * note takes no commit record either.
   */
  async set(count: number): Promise<void> {
    await writeFile(this.#path, `${count}\n`).catch(() => undefined)
  }

  /** The store is open: this start comes to something if the process lives for so long. */
  opened(forMs: number): void {
    this.#timer = setTimeout(() => void this.#clear(), forMs)
    this.#timer.unref()
  }

  async closed(isOrderly: boolean): Promise<void> {
    clearTimeout(this.#timer)
    if (isOrderly) await this.#clear()
  }

  async #clear(): Promise<void> {
    await unlink(this.#path).catch(() => undefined)
  }
}
