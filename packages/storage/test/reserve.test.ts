// The ballast: laid down where there is room, kept, and given up.
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { eventually } from '@holdfast/testkit'
import t from 'tap'
import { openStore, Reserve, storageLimits } from '../src/index.ts'

t.test('a ballast with blocks of its own lies in the directory until it is given up', async (t) => {
  const directory = t.testdir()
  const reserve = new Reserve(directory)
  const { freeBytes } = await reserve.measure()
  t.ok(freeBytes > storageLimits.ballastFreeBytesMin, 'this machine has room for the test')
  const path = join(directory, 'ballast')
  const isLaid = async (): Promise<boolean> => {
    await reserve.measure()
    return (await stat(path)).blocks * 512 >= storageLimits.ballastBytes
  }
  await eventually('the ballast', isLaid)
  await reserve.close()
  const { mtimeMs } = await stat(path)
  const again = new Reserve(directory)
  await again.measure()
  await again.close()
  t.equal((await stat(path)).mtimeMs, mtimeMs, 'one that is there stays')
  await (await openStore({ directory })).close()
  await again.release()
  await t.rejects(stat(path), { code: 'ENOENT' })
  await again.release()
})
