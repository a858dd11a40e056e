// What every LogStore must do, as tests: `checkLogStore(t, makeDisk)` is called by the tests of
// each implementation. A disk outlives the stores that are opened on it; each test gets a blank
// one.
import type { Test } from 'tap'
import type { MakeDisk } from './log-store-fixture.ts'
import { checkRepairs } from './log-store-repairs.ts'
import { checkInstalls, checkSnapshots } from './log-store-snapshots.ts'
import { checkReads, checkWrites } from './log-store-writes.ts'

/** Runs the whole contract. */
export async function checkLogStore(t: Test, makeDisk: MakeDisk): Promise<void> {
  await checkWrites(t, makeDisk)
  await checkReads(t, makeDisk)
  await checkSnapshots(t, makeDisk)
  await checkInstalls(t, makeDisk)
  await checkRepairs(t, makeDisk)
}
