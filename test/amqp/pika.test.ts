// pika, of Debian, against a cluster of three nodes (see python/interop.py).
import { join } from 'node:path'
import { ClusterProcess, repositoryRoot, temporaryDirectory } from '@holdfast/testkit'
import t from 'tap'
import { hasPackages, pikaPackages, python } from './debian-packages.ts'
import { testInterop } from './interop.ts'

t.setTimeout(280_000)

t.test('pika publishes, consumes, asks, and survives a leader', async (t) => {
  if (!hasPackages(t, pikaPackages)) return
  const data = join(temporaryDirectory(t, 'pika'), 'data')
  const cluster = await ClusterProcess.start({ data })
  t.teardown(() => cluster.stop())
  await testInterop(t, cluster, [python, join(repositoryRoot, 'test/amqp/python/interop.py')])
})
