// The rig itself is tested: where the disks of all nodes say that they synced and did not, a power
// cut of all of them takes confirmed messages. The nodes find it out by their witnesses, if these
// reached the disks, and would rather serve nobody than go on as if nothing was missing (storage
// rules S7 and S8).
import { join } from 'node:path'
import { eventually, makeTemporaryDirectory, Random, removeDirectory } from '@holdfast/testkit'
import t from 'tap'
import { PowerLoad } from './power-load.ts'
import { PoweredCluster } from './powered-cluster.ts'

t.setTimeout(280_000)

t.test('a cluster whose disks lie is found out, and says so', async (t) => {
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
  // A node that stops in order writes its witness: as late as that the power goes.
  for (const id of nodes) cluster.signal(id, 'SIGTERM')
  const areStopped = (): boolean => cluster.aliveNodes().length === 0
  await eventually('every node has stopped', areStopped)
  const unsynced = { unsynced: 'none', kept: 'witness' } as const
  const cut = { nodes, mode: 'ordered', random: new Random(3), ...unsynced } as const
  await powered.cut(cut)
  for (const id of nodes) powered.control(id).clear()
  await powered.restart(cut)
  const seen = await eventually('every node says that its log has lost its end', async () => {
    const { nodes: views, warnings } = await cluster.admin.cluster()
    return views.every(({ state }) => state === 'damaged') && warnings
  })
  t.match(seen.join(' '), /the log ends at record \d+, and had \d+/)
})
