// How much room the disk has (storage rule S3). Whoever watches it refuses publishes and steps down
// in time; this only measures.
import { statfs } from 'node:fs/promises'

export interface FreeSpace {
  /** What an ordinary process may still use. */
  readonly freeBytes: number
  readonly totalBytes: number
}

export async function freeSpace(directory: string): Promise<FreeSpace> {
  const { bavail, blocks, bsize } = await statfs(directory)
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize }
}
