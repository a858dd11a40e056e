// A node whose data was damaged while it was down sets it aside, comes back blank with the same
// command, and the cluster takes it in as a new incarnation (storage rule S8). Meanwhile two of
// three nodes serve, and nothing is lost.
import { closeSync, fstatSync, openSync, readdirSync, writeSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { ClusterProcess, eventually, temporaryDirectory } from '@holdfast/testkit'
import t from 'tap'
import { HealthyClient } from './healthy-client.ts'

t.setTimeout(120_000)

/** Overwrites the middle of every log and table of LevelDB. */
function damage(data: string): number {
  const directory = join(data, 'log')
  let count = 0
  for (const name of readdirSync(directory)) {
    if (!/\.(?:log|ldb)$/.test(name)) continue
    const file = openSync(join(directory, name), 'r+')
    const { size } = fstatSync(file)
    if (size > 4_096) {
      writeSync(file, new Uint8Array(512).fill(0x5a), 0, 512, Math.floor(size / 2))
      count++
    }
    closeSync(file)
  }
  return count
}

t.test('a damaged node comes back as a new incarnation', async (t) => {
  const data = join(temporaryDirectory(t, 'damaged'), 'data')
  const cluster = await ClusterProcess.start({ data })
  t.teardown(() => cluster.stop())
  const healthy = await HealthyClient.start(cluster.clientAddresses())
  await new Promise((resolve) => setTimeout(resolve, 2_000))
  await cluster.kill(3)
  const node = cluster.node(3)
  t.ok(damage(node.data) > 0, 'something was damaged')
  cluster.restart(3)
  const isBack = async (): Promise<boolean> => {
    const { nodes, groups } = await cluster.admin.cluster()
    const found = nodes.find(({ id }) => id === 3) as { incarnation?: number; state?: string }
    const isVoter = groups.every(({ voters }) => voters.includes(3))
    return (found?.incarnation ?? 0) >= 2 && found?.state === 'up' && isVoter
  }
  await eventually('node 3 as a new incarnation', isBack, { timeoutMs: 60_000 })
  await cluster.waitReady()
  await cluster.waitCaughtUp()
  const aside = readdirSync(dirname(node.data)).filter((name) =>
    name.startsWith(`${basename(node.data)}.damaged-`)
  )
  t.equal(aside.length, 1, 'what was damaged is kept')
  const { errors, surprises, confirmed, received } = await healthy.finish()
  t.same(errors, [])
  t.same(surprises, [])
  t.equal(received, confirmed, 'nothing was lost')
  t.ok(confirmed > 0)
})
