// What a backlog leaves behind: once it is drained the disk is free again, and a replica that was
// away while it grew has all of it before it calls itself caught up.
import { join } from 'node:path'
import { ClusterProcess, eventually, loadSdk, temporaryDirectory } from '@holdfast/testkit'
import t, { type Test } from 'tap'
import { diskBytes, drain, fill } from '../acceptance/cluster-scene.ts'

t.setTimeout(280_000)

t.test('a backlog', async (t) => {
  const data = join(temporaryDirectory(t, 'backlog'), 'data')
  const cluster = await ClusterProcess.start({ data })
  t.teardown(() => cluster.stop())
  await t.test('a drained queue frees the disk although nothing else is published', (t) =>
    free(t, cluster, data)
  )
  await t.test('a replica that was away catches up', (t) => lag(t, cluster))
})

async function free(t: Test, cluster: ClusterProcess, data: string): Promise<void> {
  const connection = await (await loadSdk())(cluster.clientAddresses())
  await connection.declareQueue('backlog')
  const blank = diskBytes(data)
  const count = 400
  await fill(connection, { queue: 'backlog', count, size: 128 * 1_024, window: 50 })
  const isEverywhere = (): boolean => diskBytes(data) - blank > 3 * count * 128 * 1_024
  await eventually('every node has it on disk', isEverywhere)
  const full = diskBytes(data) - blank
  // Leaders are moved some seconds after a start: then messages may come again, flagged.
  t.match(await drain(connection, 'backlog', count), { count, surprises: 0 })
  const isFree = (): boolean => diskBytes(data) - blank < full / 4
  await eventually('disk use falls back', isFree, { timeoutMs: 60_000, intervalMs: 500 })
  await connection.close()
}

async function lag(t: Test, cluster: ClusterProcess): Promise<void> {
  const connection = await (await loadSdk())(cluster.clientAddresses())
  await connection.declareQueue('missed')
  const { leader, group } = await cluster.admin.queue('missed')
  const away = cluster.nodes.map((node) => node.id).find((id) => id !== leader) ?? 0
  await cluster.kill(away)
  const count = 300
  await fill(connection, { queue: 'missed', count, size: 128 * 1_024, window: 50 })
  cluster.restart(away)
  await cluster.waitReady(60_000)
  await cluster.waitCaughtUp(60_000)
  // What it says of itself is borne out: it can lead at once.
  const leads = async (): Promise<boolean> => {
    // A transfer is given up where the other takes longer than an election to follow.
    await cluster.admin.transfer(group, away)
    return (await cluster.admin.queue('missed')).leader === away
  }
  await eventually('the replica leads', leads, { timeoutMs: 30_000, intervalMs: 500 })
  t.match(await drain(connection, 'missed', count), { count, surprises: 0 })
  await connection.close()
}
