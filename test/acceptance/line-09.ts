// Acceptance 9: each node with --max-old-space-size=512 stays below 1 GiB RssAnon through a stalled
// consumer, a follower absent for 5 GB, 64 flooding publishers of 4 MiB bodies, a backlog of 4 GiB.
import { setTimeout as delay } from 'node:timers/promises'
import type { SdkConnection } from '@holdfast/testkit'
import { fill, MemoryWatch, numberOf, type Scene, withScene } from './cluster-scene.ts'
import { accept, megabytes, option, type Verdict } from './verdict.ts'

const limit = 1_024 ** 3
const mib = 1_024 ** 2

async function watched(
  verdict: Verdict,
  what: string,
  { cluster }: Scene,
  run: () => Promise<void>
): Promise<void> {
  const watch = new MemoryWatch(cluster)
  try {
    await run()
    await delay(2_000)
  } finally {
    watch.stop()
  }
  verdict.check(`below 1 GiB through ${what}`, watch.most < limit, megabytes(watch.most))
  const alive = cluster.aliveNodes().length
  verdict.check(`all nodes live after ${what}`, alive === cluster.nodes.length, alive)
}

/** A consumer with a large prefetch that takes nothing, while its queue is filled. */
async function stalledConsumer({ connection, connect, cluster }: Scene): Promise<void> {
  await connection.declareQueue('stalled')
  const stalled = await connect(cluster.clientAddresses())
  await stalled.consume('stalled', { prefetch: 60_000 })
  await fill(connection, { queue: 'stalled', count: 60_000, size: 32 * 1_024, window: 500 })
  await stalled.close()
  await connection.deleteQueue('stalled')
}

async function absentFollower({ connection, cluster }: Scene, bytes: number): Promise<void> {
  await connection.declareQueue('absent')
  const leader = (await cluster.admin.queue('absent')).leader
  const follower = cluster.nodes.map((node) => node.id).find((id) => id !== leader) ?? 0
  await cluster.kill(follower)
  const size = 64 * 1_024
  const consumer = await connection.consume('absent', { prefetch: 1_000 })
  const count = Math.ceil(bytes / size)
  const consuming = (async (): Promise<void> => {
    let seen = 0
    for await (const delivery of consumer) {
      delivery.ack()
      seen = Math.max(seen, numberOf(delivery.body) + 1)
      if (seen === count) break
    }
  })()
  await fill(connection, { queue: 'absent', count, size, window: 500 })
  await consuming
  await consumer.settled()
  await consumer.cancel()
  cluster.restart(follower)
  await cluster.waitReady(180_000)
  await cluster.waitCaughtUp(300_000)
  await connection.deleteQueue('absent')
}

async function flood({ connection, connect, cluster }: Scene, each: number): Promise<void> {
  await connection.declareQueue('flood')
  const publishers: SdkConnection[] = []
  for (let at = 0; at < 64; at += 1) publishers.push(await connect(cluster.clientAddresses()))
  const filling = { queue: 'flood', count: each, size: 4 * mib, window: 4 }
  await Promise.all(publishers.map((publisher) => fill(publisher, filling)))
  for (const publisher of publishers) await publisher.close()
  await connection.deleteQueue('flood')
}

async function largeBacklog({ connection }: Scene, bytes: number): Promise<void> {
  await connection.declareQueue('large')
  const size = 16 * 1_024
  await fill(connection, { queue: 'large', count: Math.ceil(bytes / size), size, window: 1_000 })
  await delay(10_000)
  await connection.deleteQueue('large')
}

await accept(9, 'bounded memory with a heap of 512 MB', async (verdict) => {
  const environment = { NODE_OPTIONS: '--max-old-space-size=512' }
  const share = option('share', 1)
  await withScene('line-09', { environment }, async (scene) => {
    await watched(verdict, 'a stalled consumer', scene, () => stalledConsumer(scene))
    const absent = 5e9 * share
    await watched(verdict, 'an absent follower', scene, () => absentFollower(scene, absent))
    const each = Math.ceil(8 * share)
    await watched(verdict, '64 flooding publishers', scene, () => flood(scene, each))
    const backlog = 4 * 1_024 ** 3 * share
    await watched(verdict, 'a large backlog', scene, () => largeBacklog(scene, backlog))
  })
})
