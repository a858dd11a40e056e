// What a storm leaves behind: faults that last have an end of their own, which may come after it.
import t from 'tap'
import type { FaultKind } from '../../src/faults/kinds.ts'
import { Storm } from '../../src/faults/storm.ts'
import { World } from '../../src/world/world.ts'

const fault = { host: 0, other: 0, duration: 0.99, amount: 0.5 }
/** Enough for a process to go on. */
const lowBytes = 300 * 2 ** 20

/** A storm over a cluster of one, in which this strikes and lasts for nearly as long as it can. */
async function struckBy(kind: FaultKind) {
  const world = new World(5)
  await world.form(1)
  const storm = new Storm(world, [{ kind, atMs: 10, ...fault }], false)
  await world.schedule.run(100)
  const [host] = world.hosts
  if (host === undefined) throw new Error('a host stands')
  return { world, storm, host }
}

t.test('a disk that is low in a storm has room in its time', async (t) => {
  const { world, host } = await struckBy('disk-low')
  t.ok(host.freeBytes < 2 ** 30)
  await world.schedule.run(5000)
  t.ok(host.freeBytes > 2 ** 30)
})

t.test('a disk that is low for another reason stays so when that time has come', async (t) => {
  const { world, storm, host } = await struckBy('disk-low')
  storm.end()
  t.ok(host.freeBytes > 2 ** 30)
  host.setFreeBytes(lowBytes)
  await world.schedule.run(5000)
  t.equal(host.freeBytes, lowBytes)
})
