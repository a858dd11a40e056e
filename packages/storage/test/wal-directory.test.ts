// Rule S12: each new write-ahead log is noticed with the write that may have gone into it, with
// small and large values, with deletions only, and while a compaction rotates on its own.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ClassicLevel } from 'classic-level'
import t from 'tap'
import { WalDirectory } from '../src/wal-directory.ts'

const writeBufferSize = 64 * 1024

async function newestLog(directory: string): Promise<number> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.log'))
  return Math.max(...names.map((name) => Number.parseInt(name, 10)))
}

const cases = [0, 30, 700, 1000, 1500, 5000, 70_000].flatMap((size) => [
  { size, isCompacting: false },
  { size, isCompacting: true }
])

for (const { size, isCompacting } of cases) {
  t.test(`values of ${size} bytes${isCompacting ? ', with compactions' : ''}`, async (t) => {
    const directory = join(t.testdir(), 'log')
    const database = new ClassicLevel<string, Uint8Array>(directory, {
      valueEncoding: 'view',
      compression: false,
      writeBufferSize
    })
    await database.open()
    const wal = new WalDirectory(directory, writeBufferSize)
    await wal.start()
    let rotations = 0
    let synced = await newestLog(directory)
    for (let at = 0; at < 2000 && rotations < 4; at += 1) {
      const batch = database.batch().put(String(at).padStart(9, '0'), new Uint8Array(size))
      await batch.write({ sync: true })
      await wal.afterWrite([size], 0)
      const newest = await newestLog(directory)
      if (newest !== synced) rotations += 1
      synced = newest
      if (wal.newest !== newest) t.fail(`write ${at} went into an unsynced log`)
      if (!isCompacting || at % 50 !== 49) continue
      wal.compactionBegins()
      await database.compactRange('0', '9')
      wal.compactionEnds()
    }
    t.ok(rotations >= 1, `${rotations} rotations`)
    await wal.close()
    await database.close()
  })
}
