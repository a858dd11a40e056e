// A node whose data was damaged while it was down sets it aside, comes back blank with the same
// command, and the cluster takes it in as a new incarnation (storage rule S8). Meanwhile two of
// three nodes serve, and nothing is lost.
import { closeSync, fstatSync, openSync, readdirSync, writeSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { ClusterProcess, eventually, temporaryDirectory } from '@holdfast/testkit'
import t from 'tap'
import { HealthyClient } from './healthy-client.ts'

t.setTimeout(120_000)

/** Overwrites a part of every log and table of LevelDB: the middle, or what begins at `place`. */
function damage(data: string, place: number | null): number {
  const directory = join(data, 'log')
  let count = 0
  for (const name of readdirSync(directory)) {
    if (!/\.(?:log|ldb)$/.test(name)) continue
    const file = openSync(join(directory, name), 'r+')
    const { size } = fstatSync(file)
    const at = place ?? Math.floor(size / 2)
    if (size > 4_096 && at + 512 <= size) {
      writeSync(file, new Uint8Array(512).fill(0x5a), 0, 512, at)
      count++
    }
    closeSync(file)
  }
  return count
}

/**
 * Node 1 is the one that the cluster began with: a log that can be read up to 6,000 knows of no
 * other voter. It comes first, while all is in one log.
 */
const damaged = [
  { id: 1, place: 6_000 },
  { id: 3, place: null }
] as const

t.test('a damaged node comes back as a new incarnation', async (t) => {
  const data = join(temporaryDirectory(t, 'damaged'), 'data')
  const cluster = await ClusterProcess.start({ data })
  t.teardown(() => cluster.stop())
  const healthy = await HealthyClient.start(cluster.clientAddresses())
  await new Promise((resolve) => setTimeout(resolve, 2_000))
  for (const { id, place } of damaged) {
    await cluster.kill(id)
    const node = cluster.node(id)
    t.ok(damage(node.data, place) > 0, `something of node ${id} was damaged`)
    cluster.restart(id)
    const isBack = async (): Promise<boolean> => {
      const { nodes, groups } = await cluster.admin.cluster()
      const found = nodes.find((one) => one.id === id)
      const isVoter = groups.every(({ voters }) => voters.includes(id))
      return (found?.incarnation ?? 0) >= 2 && found?.state === 'up' && isVoter
    }
    await eventually(`node ${id} as a new incarnation`, isBack, { timeoutMs: 60_000 })
    await cluster.waitReady()
    await cluster.waitCaughtUp()
    const aside = readdirSync(dirname(node.data)).filter((name) =>
      name.startsWith(`${basename(node.data)}.damaged-`)
    )
    t.equal(aside.length, 1, 'what was damaged is kept')
  }
  const { errors, surprises, confirmed, received } = await healthy.finish()
  t.same(errors, [])
  t.same(surprises, [])
  t.equal(received, confirmed, 'nothing was lost')
  t.ok(confirmed > 0)
})
