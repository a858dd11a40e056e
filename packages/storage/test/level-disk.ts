// A directory as the contract suite sees it, and stores that end as a crash would end them.
import { join } from 'node:path'
import type { StoreDisk } from '@holdfast/cluster/contract'
import { type LevelStore, openStore, type StoreTuning } from '../src/index.ts'

/** Closing writes nothing with this: the log is left as a crash leaves it. */
export const withoutLastCheckpoint = { checkpointOnClose: false } as const

export function makeLevelDisk(parent: string, tuning: Partial<StoreTuning> = {}): StoreDisk {
  const directory = join(parent, 'data')
  return {
    open: (): Promise<LevelStore> =>
      openStore({ directory, tuning: { ...withoutLastCheckpoint, ...tuning } }),
    crash: (store) => store.close()
  }
}
