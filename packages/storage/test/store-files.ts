// A closed store and its files, for tests that do harm to them.
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { commitRecord, entryAt } from '@holdfast/cluster/contract'
import { eventually } from '@holdfast/testkit'
import { openStore, type StoreTuning } from '../src/index.ts'

/** Closing leaves log and witness as a crash would. */
export const tuning: Partial<StoreTuning> = {
  checkpointOnClose: false,
  witnessIntervalMs: 1_000_000_000
}
export const entriesCount = 120

/**
 * A closed store of 120 entries; with small buffers most of them are in tables. The log that a
 * close finds on its way into a table stays beside the newest one: it is waited for, so that tests
 * which harm the log find one.
 */
export async function makeStore(directory: string, sizeBytes: number): Promise<void> {
  const store = await openStore({ directory, tuning, writeBufferSizeBytes: 128 * 1024 })
  for (let index = 1; index <= entriesCount; index += 1) {
    const entries = [entryAt(index, 1, sizeBytes)]
    const write = { group: 1, hardState: null, truncateFrom: null, entries }
    await store.write(commitRecord(index, { groups: [write] }))
  }
  await eventually('the end of older logs', async () => {
    return (await filesOf(directory, '.log')).length === 1
  })
  await store.close()
}

export async function filesOf(directory: string, extension: string): Promise<readonly string[]> {
  const log = join(directory, 'log')
  const names = (await readdir(log)).filter((name) => name.endsWith(extension)).sort()
  return names.map((name) => join(log, name))
}

export async function sizeOnDisk(directory: string): Promise<number> {
  let size = 0
  for (const name of await readdir(join(directory, 'log'))) {
    const found = await stat(join(directory, 'log', name)).catch(() => null)
    size += found?.size ?? 0
  }
  return size
}
