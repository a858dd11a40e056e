// Opens the data directory. A damaged one is set aside, kept for diagnosis, and the node starts
// blank with the same command: the cluster takes it in again as a new incarnation. Unless a group
// cannot spare it: then it stays, and the node serves what is intact (storage rule S8).
import type { Damage, DamagedGroup, LogStore, NodeIdentity } from '@holdfast/cluster'
import { HoldfastError } from '@holdfast/errors'
import type { Log } from './logger.ts'
import { makeDirectory } from './make-directory.ts'

/** What is left of a damaged directory. */
export interface SalvagedData {
  /** Null if it never was a member's, or if nothing says whose. */
  readonly identity: NodeIdentity | null
  readonly peers: Uint8Array | null
  readonly groups: readonly DamagedGroup[] | null
  readonly store: LogStore
}

export interface StorePort {
  open(directory: string): Promise<LogStore>
  /** Looks into a damaged directory, and changes nothing in it. */
  salvage(directory: string): Promise<SalvagedData>
  /** The next open finds the directory damaged, whatever is in it. Durable when it resolves. */
  condemn(directory: string, reason: string): Promise<void>
  /** Moves damaged contents aside and resolves with where they are. */
  quarantine(directory: string): Promise<string>
  /** The room on the disk of a directory, and what is held in reserve of it. */
  reserve(directory: string): ReservePort
}

export interface ReservePort {
  measure(): Promise<{ readonly freeBytes: number; readonly totalBytes: number }>
  /** Gives up what is held in reserve. */
  release(): Promise<void>
  close(): Promise<void>
}

export interface OpenedData {
  readonly store: LogStore
  /** Null: the store can be written to. */
  readonly damage: Damage | null
}

/** Whether every group of the cluster can go on without a damaged directory. */
export type CanSpare = (damage: Damage) => Promise<boolean>

/**
 * @throws DATA_DIRECTORY_IN_USE, DATA_DIRECTORY_NEWER, DATA_DIRECTORY_OLDER,
 * DATA_DIRECTORY_FOREIGN, DATA_DIRECTORY_UNUSABLE
 */
export async function openData(
  directory: string,
  port: StorePort,
  log: Log,
  canSpare: CanSpare
): Promise<OpenedData> {
  makeDirectory(directory)
  try {
    return { store: await port.open(directory), damage: null }
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== 'DATA_DAMAGED') throw error
    return await openDamaged(directory, error, port, log, canSpare)
  }
}

async function openDamaged(
  directory: string,
  error: HoldfastError,
  port: StorePort,
  log: Log,
  canSpare: CanSpare
): Promise<OpenedData> {
  const reason = String(error.details['reason'] ?? error.message)
  const salvaged = await port.salvage(directory)
  const { identity, peers, groups, store } = salvaged
  const damage = identity === null ? null : { directory, reason, identity, peers, groups }
  if (damage !== null && !(await canSpare(damage))) {
    const { code } = error
    log('error', 'the data directory is damaged, and cannot be spared', { code, directory, reason })
    return { store, damage }
  }
  await store.close()
  const aside = await port.quarantine(directory)
  log('error', 'the data directory is damaged and was set aside; this node starts blank', {
    code: error.code,
    directory,
    aside,
    reason: error.message
  })
  return { store: await port.open(directory), damage: null }
}
