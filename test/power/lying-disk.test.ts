// The rig itself is tested: where the disks of all nodes say that they synced and did not, a power
// cut of all of them loses confirmed messages, and that is found out.

import { join } from 'node:path'
import { makeTemporaryDirectory, Random, removeDirectory } from '@holdfast/testkit'
import t from 'tap'
import { PowerLoad } from './power-load.ts'
import { PoweredCluster } from './powered-cluster.ts'

t.setTimeout(280_000)

t.test('a cluster whose disks lie is found to lose what it confirmed', async (t) => {
  const directory = makeTemporaryDirectory('lying')
  t.teardown(() => removeDirectory(directory))
  const powered = await PoweredCluster.start(directory)
  t.teardown(() => powered.stop())
  const { cluster } = powered
  const histories = join(directory, 'histories')
  const load = await PowerLoad.start({ cluster, histories, seed: 3, rate: 300 })
  t.teardown(() => load.kill())
  await load.goOn(200)
  const nodes = cluster.nodes.map(({ id }) => id)
  for (const id of nodes) powered.control(id).set({ syncIsLying: 1 })
  await load.goOn(300)
  await load.stopPublishing()
  const cut = { nodes, mode: 'ordered', random: new Random(3), unsynced: 'none' } as const
  await powered.cut(cut)
  for (const id of nodes) powered.control(id).clear()
  await powered.restart(cut)
  await powered.waitWell()
  const report = await load.finish()
  t.notOk(report.isSound)
  t.ok((report.violations.lost?.count ?? 0) > 0, 'confirmed messages are missed')
  t.ok(report.lost.postfix > 0, 'those that came last')
})
