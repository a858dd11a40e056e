// Acceptance 7: a binding confirmed through one node routes at once through every other, 10,000
// times, also while the metadata leader is killed. (Routing against a naive matcher and its speed
// with 100,000 bindings are tests of the broker package.)
import { setTimeout as delay } from 'node:timers/promises'
import { type ClusterProcess, codeOf, type SdkConnection } from '@holdfast/testkit'
import { withScene } from './cluster-scene.ts'
import { accept, option, type Verdict } from './verdict.ts'

async function killMetadataLeader(cluster: ClusterProcess, isOver: () => boolean): Promise<number> {
  let kills = 0
  while (!isOver()) {
    await delay(1_000)
    const leader = await cluster.leaderOf(0).catch(() => null)
    if (leader === null || isOver()) continue
    await cluster.kill(leader)
    kills += 1
    await delay(500)
    cluster.restart(leader)
    await cluster.waitReady()
    await cluster.waitCaughtUp()
  }
  return kills
}

async function bindAndRoute(
  connections: readonly SdkConnection[],
  first: number,
  count: number,
  verdict: Verdict
): Promise<void> {
  const failures = new Map<string, number>()
  const workers = 8
  let next = first
  const work = async (): Promise<void> => {
    while (next < first + count) {
      const number = next
      next += 1
      const key = `key.${number}`
      const binder = connections[number % connections.length] as SdkConnection
      const others = connections.filter((connection) => connection !== binder)
      try {
        await binder.bindQueue('bound', 'routes', key)
        const publishes = others.map((one) =>
          one.publish('routes', key, new Uint8Array(8), { mandatory: true })
        )
        await Promise.all(publishes)
      } catch (error) {
        const code = codeOf(error)
        failures.set(code, (failures.get(code) ?? 0) + 1)
      }
    }
  }
  await Promise.all(Array.from({ length: workers }, work))
  const seen =
    [...failures].map(([code, times]) => `${code} × ${times}`).join(', ') || 'none failed'
  verdict.check(
    `${count} bindings route at once through every other node`,
    failures.size === 0,
    seen
  )
}

await accept(7, 'a confirmed binding is in force everywhere', async (verdict) => {
  await withScene('line-07', {}, async ({ cluster, connect, connection }) => {
    const bindings = option('bindings', 10_000)
    await connection.declareQueue('bound')
    await connection.declareExchange('routes', 'direct')
    const connections: SdkConnection[] = []
    // One address each: every publish and every binding goes through the node it is meant for.
    for (const { client } of cluster.nodes) connections.push(await connect([client]))
    await bindAndRoute(connections, 0, bindings, verdict)
    verdict.log('  again, while the metadata leader is killed')
    let isOver = false
    const killing = killMetadataLeader(cluster, () => isOver)
    await bindAndRoute(connections, bindings, bindings, verdict)
    isOver = true
    verdict.check('the metadata leader was killed meanwhile', (await killing) > 0, await killing)
    for (const one of connections) await one.close()
  })
})
