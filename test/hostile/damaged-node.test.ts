// A node whose data was damaged while it was down sets it aside, comes back blank with the same
// command, and the cluster takes it in as a new incarnation (storage rule S8). Meanwhile two of
// three nodes serve, and nothing is lost.
import { closeSync, openSync, readdirSync, statSync, writeSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { ClusterProcess, eventually, temporaryDirectory } from '@holdfast/testkit'
import t from 'tap'
import { HealthyClient } from './healthy-client.ts'

t.setTimeout(280_000)

const damagedBytes = 512

/** Where each log and table of LevelDB can be damaged: in the middle, or at `place`. */
function placesIn(data: string, place: number | null): ReadonlyMap<string, number> {
  const places = new Map<string, number>()
  for (const name of readdirSync(join(data, 'log'))) {
    if (!/\.(?:log|ldb)$/.test(name)) continue
    const path = join(data, 'log', name)
    const { size } = statSync(path)
    const at = place ?? Math.floor(size / 2)
    if (size > 4_096 && at + damagedBytes <= size) places.set(path, at)
  }
  return places
}

/** Overwrites all that can be. */
function damage(data: string, place: number | null): number {
  const places = placesIn(data, place)
  for (const [path, at] of places) {
    const file = openSync(path, 'r+')
    writeSync(file, new Uint8Array(damagedBytes).fill(0x5a), 0, damagedBytes, at)
    closeSync(file)
  }
  return places.size
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
  for (const { id, place } of damaged) {
    const node = cluster.node(id)
    // What is damaged at the end of a log looks like a write that a crash has cut short.
    const isLong = (): boolean =>
      [...placesIn(node.data, place)].some(([path, at]) => statSync(path).size > at + 4_096)
    await eventually(`a log of node ${id} with more behind`, isLong)
    await cluster.kill(id)
    t.ok(damage(node.data, place) > 0, `something of node ${id} was damaged`)
    cluster.restart(id)
    const isBack = async (): Promise<boolean> => {
      const { nodes, groups } = await cluster.admin.cluster()
      const found = nodes.find((one) => one.id === id)
      const isVoter = groups.every(({ voters }) => voters.includes(id))
      return (found?.incarnation ?? 0) >= 2 && found?.state === 'up' && isVoter
    }
    await eventually(`node ${id} as a new incarnation`, isBack, { timeoutMs: 200_000 })
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
