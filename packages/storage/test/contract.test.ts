// The contract of the LogStore port, run by the store on LevelDB and by the reference in memory.
import { checkLogStore, MemoryDisk, MemoryStore } from '@holdfast/cluster/contract'
import t from 'tap'
import { makeLevelDisk } from './level-disk.ts'

t.test('LevelStore', async (t) => checkLogStore(t, async (t) => makeLevelDisk(t.testdir())))

t.test('LevelStore that writes a checkpoint with every record', async (t) => {
  const tuning = { checkpointIntervalRecords: 1, deleteChunkBytes: 1 }
  await checkLogStore(t, async (t) => makeLevelDisk(t.testdir(), tuning))
})

t.test('MemoryStore', async (t) => {
  await checkLogStore(t, async () => {
    const disk = new MemoryDisk()
    return { open: async () => new MemoryStore(disk), crash: async () => undefined }
  })
})
