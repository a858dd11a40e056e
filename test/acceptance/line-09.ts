// Acceptance 9: each node with --max-old-space-size=512 stays below 1 GiB RssAnon through a stalled
// consumer, a follower absent for 5 GB, 64 flooding publishers of 4 MiB bodies, a backlog of 4 GiB.
import { spawn } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { defaultCli, eventually, type SdkConnection } from '@holdfast/testkit'
import { type Drained, drain, fill, MemoryWatch, type Scene, withScene } from './cluster-scene.ts'
import { accept, megabytes, option, type Verdict } from './verdict.ts'

const limit = 1_024 ** 3
const mib = 1_024 ** 2
/** Of the messages that an absent follower misses. */
const absentSize = 64 * 1_024

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

/**
 * Two consumers with a large prefetch while their queue is filled: one that takes nothing of what
 * it is sent, and one whose process stands still, so that its socket fills.
 */
async function stalledConsumers(scene: Scene, share: number): Promise<void> {
  const { connection, connect, cluster } = scene
  await connection.declareQueue('stalled')
  const stalled = await connect(cluster.clientAddresses())
  await stalled.consume('stalled', { prefetch: Math.ceil(10_000 * share) })
  const [address = ''] = cluster.clientAddresses()
  const words = ['consume', 'stalled', '--prefetch', '60000', '--client', address]
  const frozen = spawn(process.execPath, [defaultCli, ...words], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc']
  })
  try {
    const isAttached = async (): Promise<boolean> =>
      (await cluster.admin.queue('stalled')).consumers === 2
    await eventually('both consumers are attached', isAttached, { timeoutMs: 10_000 })
    frozen.kill('SIGSTOP')
    const count = Math.ceil(60_000 * share)
    await fill(connection, { queue: 'stalled', count, size: 32 * 1_024, window: 500 })
  } finally {
    frozen.kill('SIGKILL')
  }
  await stalled.close()
  await connection.deleteQueue('stalled')
}

/** Kills a replica of a queue while `run` publishes to it, and waits until it is back. */
async function withoutFollower(
  { connection, cluster }: Scene,
  run: (queue: string) => Promise<void>,
  meanwhile: (queue: string) => Promise<void>
): Promise<void> {
  const queue = 'absent'
  await connection.declareQueue(queue)
  const { leader } = await cluster.admin.queue(queue)
  const follower = cluster.nodes.map((node) => node.id).find((id) => id !== leader) ?? 0
  await cluster.kill(follower)
  await run(queue)
  cluster.restart(follower)
  await Promise.all([cluster.waitReady(180_000), meanwhile(queue)])
  await cluster.waitCaughtUp(300_000)
  await connection.deleteQueue(queue)
}

/** What the follower misses is consumed meanwhile: it needs a snapshot and little else. */
async function absentWhileConsumed(scene: Scene, bytes: number): Promise<void> {
  const count = Math.ceil(bytes / absentSize)
  const run = async (queue: string): Promise<void> => {
    const draining = drain(scene.connection, queue, count)
    await fill(scene.connection, { queue, count, size: absentSize, window: 500 })
    await draining
  }
  await withoutFollower(scene, run, async () => undefined)
}

/** What the follower misses is all there still, and more is published while it catches up. */
async function absentWhileFilled(scene: Scene, bytes: number): Promise<void> {
  const count = Math.ceil(bytes / absentSize)
  const run = (queue: string): Promise<void> =>
    fill(scene.connection, { queue, count, size: absentSize, window: 500 })
  const meanwhile = (queue: string): Promise<void> =>
    fill(scene.connection, {
      queue,
      count: Math.ceil(count / 10),
      first: count,
      size: absentSize,
      window: 50
    })
  await withoutFollower(scene, run, meanwhile)
}

async function flood({ connection, connect, cluster }: Scene, each: number): Promise<void> {
  await connection.declareQueue('flood')
  const publishers: SdkConnection[] = []
  // 1 GiB waits at a time: on a slow disk longer than a publish waits by default.
  const options = { publishTimeoutMs: 300_000 }
  for (let at = 0; at < 64; at += 1) {
    publishers.push(await connect(cluster.clientAddresses(), options))
  }
  const filling = { queue: 'flood', count: each, size: 4 * mib, window: 4 }
  await Promise.all(publishers.map((publisher) => fill(publisher, filling)))
  for (const publisher of publishers) await publisher.close()
  await connection.deleteQueue('flood')
}

async function largeBacklog({ connection }: Scene, bytes: number): Promise<Drained> {
  const queue = 'large'
  await connection.declareQueue(queue)
  const size = 16 * 1_024
  const count = Math.ceil(bytes / size)
  await fill(connection, { queue, count, size, window: 1_000 })
  await delay(10_000)
  const drained = await drain(connection, queue, count)
  await connection.deleteQueue(queue)
  return drained
}

await accept(9, 'bounded memory with a heap of 512 MB', async (verdict) => {
  const environment = { NODE_OPTIONS: '--max-old-space-size=512' }
  const share = option('share', 1)
  await withScene('line-09', { environment }, async (scene) => {
    await watched(verdict, 'stalled consumers', scene, () => stalledConsumers(scene, share))
    const absent = 5e9 * share
    const consumed = 'a follower absent while all is consumed'
    await watched(verdict, consumed, scene, () => absentWhileConsumed(scene, absent))
    const filled = 'a follower absent while a backlog grows'
    await watched(verdict, filled, scene, () => absentWhileFilled(scene, absent))
    const each = Math.ceil(8 * share)
    await watched(verdict, '64 flooding publishers', scene, () => flood(scene, each))
    const backlog = 4 * 1_024 ** 3 * share
    await watched(verdict, 'a large backlog, filled and drained', scene, async () => {
      const { outOfOrder, duplicates } = await largeBacklog(scene, backlog)
      verdict.check('the large backlog came in order', outOfOrder === 0, outOfOrder)
      verdict.check('the large backlog came once', duplicates === 0, duplicates)
    })
  })
})
