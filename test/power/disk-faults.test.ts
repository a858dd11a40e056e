// Disks and clocks that misbehave under a real node, while a cluster is under load: the node may
// end, and comes back; nothing that was confirmed is lost or altered (storage rules S2, S3, S14).
import { join } from 'node:path'
import { eventually, makeTemporaryDirectory, removeDirectory } from '@holdfast/testkit'
import t from 'tap'
import { monotonicNs } from '../chaos/history.ts'
import type { Fault } from './fault-control.ts'
import { PowerLoad } from './power-load.ts'
import { PoweredCluster } from './powered-cluster.ts'

t.setTimeout(280_000)

interface Scene {
  readonly powered: PoweredCluster
  readonly load: PowerLoad
}

/**
 * Until the fault has had its effect: the node ended, or the cluster did much under it. A majority
 * may do that without the node: one that must end is waited for.
 */
async function outlast({ powered, load }: Scene, node: number, isFatal: boolean): Promise<void> {
  const goal = isFatal ? Number.POSITIVE_INFINITY : load.confirmed() + 300
  const look = (): boolean => !powered.cluster.isAlive(node) || load.confirmed() >= goal
  const giveUp = (): string | null => load.failure()
  await eventually(`effect of the fault on node ${node}`, look, { timeoutMs: 60_000, giveUp })
}

/**
 * Has all as before, once the fault is over. The node may still be about to end of it: it takes a
 * while from there to the end of its process. A second end is none of the fault's.
 */
async function recover({ powered }: Scene, node: number): Promise<'ended' | 'alive'> {
  let ends = 0
  const look = async (): Promise<boolean> => {
    if (!powered.cluster.isAlive(node)) {
      ends += 1
      if (ends === 1) powered.cluster.restart(node)
    }
    await powered.waitWell()
    return true
  }
  const giveUp = (): string | null => (ends > 1 ? 'it ended again without a fault' : null)
  await eventually(`node ${node} well again`, look, { timeoutMs: 240_000, giveUp })
  return ends === 0 ? 'alive' : 'ended'
}

/** Puts a fault on one node, takes it away, and has all as before. */
async function suffer(
  scene: Scene,
  node: number,
  faults: Partial<Record<Fault, number>>,
  isFatal = false
): Promise<'ended' | 'alive'> {
  const { powered, load } = scene
  powered.control(node).set(faults)
  await outlast(scene, node, isFatal)
  powered.control(node).clear()
  const at = monotonicNs()
  const outcome = await recover(scene, node)
  await load.settle(at)
  await load.goOn(20)
  return outcome
}

t.test('nothing is lost by disks that fail, fill or dawdle, nor by clocks that step', async (t) => {
  const directory = makeTemporaryDirectory('faults')
  t.teardown(() => removeDirectory(directory))
  const powered = await PoweredCluster.start(directory)
  t.teardown(() => powered.stop())
  const histories = join(directory, 'histories')
  const load = await PowerLoad.start({ cluster: powered.cluster, histories, seed: 5, rate: 100 })
  t.teardown(() => load.kill())
  const scene = { powered, load }
  await load.goOn(100)
  t.equal(await suffer(scene, 1, { syncFailIn: 20 }, true), 'ended', 'a failed sync ends it')
  await suffer(scene, 2, { bytesLeft: 500_000 })
  t.pass('a full disk may end it, and room brings it back')
  t.equal(await suffer(scene, 3, { writeShortIn: 5 }), 'alive', 'a short write is gone on with')
  await suffer(scene, 1, { syncDelayMs: 200 })
  t.pass('a slow disk')
  await suffer(scene, 2, { syncDelayMs: 4_000 })
  t.pass('a disk that hangs')
  for (const [node, clockOffsetMs] of [
    [3, 3_600_000],
    [1, -86_400_000]
  ] as const) {
    const outcome = await suffer(scene, node, { clockOffsetMs })
    t.equal(outcome, 'alive', `a clock that steps by ${clockOffsetMs} ms`)
  }
  const report = await load.finish()
  t.same(report.violations, {})
  t.same(report.errorExamples, [])
  t.ok(report.isSound)
})
