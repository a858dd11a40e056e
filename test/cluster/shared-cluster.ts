// A cluster of three nodes for the test files of one process, one after the other: to start it
// takes more processor time than most of them need for what they test.
import { join } from 'node:path'
import {
  type AdminError,
  ClusterProcess,
  eventually,
  makeTemporaryDirectory,
  removeDirectory
} from '@holdfast/testkit'
import type { Test } from 'tap'

const directory = makeTemporaryDirectory('shared')
let started: Promise<ClusterProcess> | null = null
let isKept = false

/** Files to come find the cluster of those before; who says so stops it. */
export function keepCluster(): void {
  isKept = true
}

export async function stopCluster(): Promise<void> {
  await (await started)?.stop()
  removeDirectory(directory)
}

/**
 * Each node leads its share: some seconds after a start leaders are moved, and with one that moves
 * what it has handed out comes again, flagged, which few files expect.
 */
async function isSettled(cluster: ClusterProcess): Promise<boolean> {
  const { groups } = await cluster.admin.cluster()
  const shards = groups.filter(({ kind }) => kind === 'shard')
  const share = Math.floor(shards.length / cluster.nodes.length)
  return cluster.nodes.every(
    ({ id }) => shards.filter(({ leader }) => leader === id).length >= share
  )
}

/** All its nodes are well, and the queues that a file before has left are gone. */
export async function sharedCluster(t: Test): Promise<ClusterProcess> {
  if (!isKept) t.teardown(stopCluster)
  started ??= ClusterProcess.start({ data: join(directory, 'data') })
  const cluster = await started
  for (const { id } of cluster.nodes) if (!cluster.isAlive(id)) cluster.restart(id)
  await cluster.waitReady()
  await cluster.waitCaughtUp()
  await eventually('leaders on all nodes', () => isSettled(cluster))
  await eventually('no queue is left', () => isBlank(cluster))
  return cluster
}

/** Some go by themselves meanwhile: those of connections that were closed just before. */
async function isBlank({ admin }: ClusterProcess): Promise<boolean> {
  const queues = await admin.queues()
  for (const { vhost, name } of queues) {
    const path = [vhost, name].map(encodeURIComponent).join('/')
    await admin.call('DELETE', `/v1/queues/${path}`).catch((error: AdminError) => {
      if (error.status !== 404) throw error
    })
  }
  return queues.length === 0
}
