// Opens the data directory. A damaged one is set aside, kept for diagnosis, and the node starts
// blank with the same command: the cluster takes it in again as a new incarnation (storage rule
// S8).
import type { LogStore } from '@holdfast/cluster'
import { HoldfastError } from '@holdfast/errors'
import type { Log } from './logger.ts'
import { makeDirectory } from './make-directory.ts'

export interface StorePort {
  open(directory: string): Promise<LogStore>
  /** Moves damaged contents aside and resolves with where they are. */
  quarantine(directory: string): Promise<string>
}

/**
 * @throws DATA_DIRECTORY_IN_USE, DATA_DIRECTORY_NEWER, DATA_DIRECTORY_FOREIGN,
 * DATA_DIRECTORY_UNUSABLE
 */
export async function openData(directory: string, port: StorePort, log: Log): Promise<LogStore> {
  makeDirectory(directory)
  try {
    return await port.open(directory)
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== 'DATA_DAMAGED') throw error
    const aside = await port.quarantine(directory)
    log('error', 'the data directory is damaged and was set aside; this node starts blank', {
      code: error.code,
      directory,
      aside,
      reason: error.message
    })
    return port.open(directory)
  }
}
