// Acceptance 8: a backlog of 1,000,000 × 100 B grows RssAnon of each node by less than 100 MB, 30 s
// after the load; draining delivers in order; disk use falls back, also with one old message left.
import { setTimeout as delay } from 'node:timers/promises'
import { eventually } from '@holdfast/testkit'
import { diskBytes, drain, fill, memoryOf, withScene } from './cluster-scene.ts'
import { accept, megabytes, option } from './verdict.ts'

await accept(8, 'memory and disk of a backlog', async (verdict) => {
  await withScene('line-08', {}, async ({ cluster, connection, data }) => {
    const count = option('backlog', 1_000_000)
    const queue = 'backlog'
    await connection.declareQueue(queue)
    // Buffers that fill once (tables, caches of the runtime) are not part of a backlog.
    await fill(connection, { queue, count: 50_000, size: 100, window: 10_000 })
    await drain(connection, queue, 50_000)
    await delay(5_000)
    const before = memoryOf(cluster)
    const emptyDisk = diskBytes(data)
    await fill(connection, { queue, count, size: 100, window: 10_000 })
    await delay(30_000)
    for (const [id, bytes] of memoryOf(cluster)) {
      const grown = bytes - (before.get(id) ?? 0)
      verdict.check(`node ${id} grew by less than 100 MB`, grown < 100e6, megabytes(grown))
    }
    const fullDisk = diskBytes(data)
    const drained = await drain(connection, queue, count)
    verdict.check('all is delivered', drained.count === count, drained.count)
    verdict.check('in order', drained.outOfOrder === 0, drained.outOfOrder)
    verdict.check('once', drained.duplicates === 0, drained.duplicates)
    const isBack = (): boolean => diskBytes(data) < emptyDisk + (fullDisk - emptyDisk) / 4
    const options = { timeoutMs: 120_000, intervalMs: 2_000 }
    const fell = await eventually('disk use falls back', isBack, options).catch(() => false)
    const sizes = [emptyDisk, fullDisk, diskBytes(data)].map(megabytes).join(', ')
    verdict.check('disk use falls back', fell, sizes)
  })
  await withScene('line-08-old', {}, async ({ connection, data }) => {
    const queue = 'old'
    const rounds = option('rounds', 10)
    await connection.declareQueue(queue)
    await fill(connection, { queue, count: 1, size: 100 })
    const consumer = await connection.consume(queue, { prefetch: 5_000 })
    const deliveries = consumer[Symbol.asyncIterator]()
    // The first message is held all the time; what comes after it is settled.
    await deliveries.next()
    const each = 100_000
    let most = 0
    for (let round = 0; round < rounds; round += 1) {
      const filling = fill(connection, { queue, count: each, size: 1_000, first: 1 + round * each })
      for (let taken = 0; taken < each; taken += 1) (await deliveries.next()).value?.ack()
      await filling
      await consumer.settled?.()
      most = Math.max(most, diskBytes(data))
    }
    const written = rounds * each * 1_000 * 3
    const isBounded = (): boolean => diskBytes(data) < written / 10
    const options = { timeoutMs: 120_000, intervalMs: 2_000 }
    const fell = await eventually('disk use falls back', isBounded, options).catch(() => false)
    const sizes = `${megabytes(diskBytes(data))} left, ${megabytes(most)} at most`
    verdict.check('disk use falls back with one old message left unsettled', fell, sizes)
    await consumer.cancel()
  })
})
