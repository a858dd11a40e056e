// How much room the disk has, and a ballast on it (storage rule S3). Whoever watches the disk
// refuses publishes, steps down and ends the process in time; giving up the ballast then leaves
// room in which the node can be started again and drained.
import { open, rm, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { ballastName, syncDirectory } from './data-directory.ts'
import { storageLimits } from './limits.ts'

export interface FreeSpace {
  /** What an ordinary process may still use. */
  readonly freeBytes: number
  readonly totalBytes: number
}

export async function freeSpace(directory: string): Promise<FreeSpace> {
  const { bavail, blocks, bsize } = await statfs(directory)
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize }
}

const pieceBytes = 1_048_576

export class Reserve {
  readonly #directory: string
  readonly #path: string
  #isThere = false
  #making: Promise<void> | null = null

  constructor(directory: string) {
    this.#directory = directory
    this.#path = join(directory, ballastName)
  }

  /**
   * Measures the disk; where there is much room and no ballast, lays it down on the side. It is
   * written, since a file without blocks holds no room.
   */
  async measure(): Promise<FreeSpace> {
    const space = await freeSpace(this.#directory)
    const hasRoom = space.freeBytes >= storageLimits.ballastFreeBytesMin
    if (hasRoom && !this.#isThere) this.#making ??= this.#make()
    return space
  }

  async #make(): Promise<void> {
    try {
      const found = await stat(this.#path).catch(() => null)
      if (found?.size !== storageLimits.ballastBytes) await this.#write()
      this.#isThere = true
    } catch {
      // The next measurement tries again, if there is room still.
    } finally {
      this.#making = null
    }
  }

  async #write(): Promise<void> {
    const handle = await open(this.#path, 'w')
    try {
      const piece = new Uint8Array(pieceBytes)
      for (let at = 0; at < storageLimits.ballastBytes; at += pieceBytes) await handle.write(piece)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await syncDirectory(this.#directory)
  }

  /** Gives the ballast up: the room is free when it resolves. */
  async release(): Promise<void> {
    await this.#making
    this.#isThere = false
    await rm(this.#path, { force: true })
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    await this.#making
  }
}
