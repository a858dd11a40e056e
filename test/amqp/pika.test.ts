// pika, of Debian, against a cluster of three nodes (see python/interop.py).
import { join } from 'node:path'
import { repositoryRoot } from '@holdfast/testkit'
import t from 'tap'
import { sharedCluster } from '../cluster/shared-cluster.ts'
import { hasPackages, pikaPackages, python } from './debian-packages.ts'
import { testInterop } from './interop.ts'

t.setTimeout(280_000)

t.test('pika publishes, consumes, asks, and survives a leader', async (t) => {
  if (!hasPackages(t, pikaPackages)) return
  const cluster = await sharedCluster(t)
  await testInterop(t, cluster, [python, join(repositoryRoot, 'test/amqp/python/interop.py')])
})
