// A recovery of a damaged directory that is cut short: what is left counts as damaged, and can be
// recovered after all.
import fs from 'node:fs'
import { cp, readdir, rename, rm } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import t from 'tap'
import { openStore, recoverDirectory, salvage } from '../src/index.ts'
import { deleteRecord, identity, makeMember } from './member-scene.ts'
import { tuning } from './store-files.ts'

/** The renames of this process fail from the given one on, as if it had died before it. */
function failRenames(from: number): () => void {
  const { rename } = fs.promises
  let count = 0
  const failing: typeof rename = async (oldPath, newPath) => {
    count += 1
    if (count >= from) throw new Error('it died')
    await rename(oldPath, newPath)
  }
  const use = (chosen: typeof rename): void => {
    fs.promises.rename = chosen
    syncBuiltinESMExports()
  }
  use(failing)
  return () => use(rename)
}

/** What went aside is in its place again, as the operator is told to put it. */
async function moveBack(directory: string): Promise<void> {
  const aside = `${directory}.damaged-1`
  for (const name of await readdir(aside).catch(() => [])) {
    await rm(join(directory, name), { recursive: true, force: true })
    await rename(join(aside, name), join(directory, name))
  }
}

t.test('wherever a recovery is cut short, the directory is not taken for blank', async (t) => {
  const parent = t.testdir()
  const { directory } = await makeMember(parent, 60, 200)
  await deleteRecord(directory, 46)
  await rename(directory, join(parent, 'damaged'))
  let deaths = 0
  for (let isDone = false; !isDone; deaths += 1) {
    await cp(join(parent, 'damaged'), directory, { recursive: true })
    const mend = failRenames(deaths + 1)
    isDone = await recoverDirectory(directory).then(
      () => true,
      () => false
    )
    mend()
    if (!isDone) await t.rejects(openStore({ directory, tuning }), { code: 'DATA_DAMAGED' })
    const found = await salvage(directory)
    t.same(found.identity, identity, `death ${deaths}`)
    await found.store.close()
    if (!isDone) {
      await moveBack(directory)
      t.same((await recoverDirectory(directory)).kept, [0, 1])
    }
    await rm(`${directory}.damaged-1`, { recursive: true, force: true })
    await rm(`${directory}.damaged-2`, { recursive: true, force: true })
    await rm(directory, { recursive: true })
  }
  t.ok(deaths > 8, `${deaths} deaths`)
})
