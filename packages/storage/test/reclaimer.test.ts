// What is compacted, and when, at a database that takes as long over it as a test says.
import { setImmediate as settled } from 'node:timers/promises'
import t from 'tap'
import { sequenceOfKey } from '../src/keys.ts'
import type { StoreTuning } from '../src/limits.ts'
import { Reclaimer } from '../src/reclaimer.ts'
import type { Database } from '../src/recovery.ts'
import type { WalDirectory } from '../src/wal-directory.ts'

t.test('what is deleted while a compaction runs is compacted by the next', async (t) => {
  let look = (): void => undefined
  const setInterval = (callback: () => void) => {
    look = callback
    return { unref: () => undefined }
  }
  t.intercept(globalThis, 'setInterval', { value: setInterval, configurable: true })
  const compacted: (number | null)[][] = []
  let end = (): void => undefined
  const database = {
    compactRange: (from: Uint8Array, to: Uint8Array) => {
      compacted.push([sequenceOfKey(from), sequenceOfKey(to)])
      return new Promise<void>((resolve) => {
        end = resolve
      })
    }
  } as unknown as Database
  const wal = { compactionBegins: () => undefined, compactionEnds: () => undefined }
  const tuning = { reclaimQuietBytes: 100, reclaimIntervalMs: 1 } as StoreTuning
  const reclaimer = new Reclaimer(database, wal as WalDirectory, tuning, async () => undefined)
  reclaimer.noteDeletes([1, 2, 3], 100)
  look()
  await settled()
  reclaimer.noteDeletes([4, 5], 100)
  end()
  await settled()
  look()
  await settled()
  t.same(compacted, [
    [1, 3],
    [4, 5]
  ])
  end()
  await reclaimer.close()
})
