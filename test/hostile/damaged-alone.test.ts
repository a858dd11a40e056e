// A node with damaged data and nobody to take its place does not give its data up: it stays, says
// so, and is recovered by hand. Everything that is intact is there afterwards.
import { execFile } from 'node:child_process'
import { readdirSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import {
  ClusterProcess,
  defaultCli,
  eventually,
  loadSdk,
  temporaryDirectory
} from '@holdfast/testkit'
import t from 'tap'
import { drain, fill } from '../acceptance/cluster-scene.ts'

t.setTimeout(280_000)

const count = 200

t.test('a damaged node that nobody can replace waits to be recovered', async (t) => {
  const data = join(temporaryDirectory(t, 'damaged-alone'), 'data')
  const cluster = await ClusterProcess.start({ data, nodes: 1 })
  t.teardown(() => cluster.stop())
  const connect = await loadSdk()
  const publisher = await connect(cluster.clientAddresses())
  await publisher.declareQueue('orders')
  await fill(publisher, { queue: 'orders', count, size: 100 })
  await publisher.close()
  await cluster.kill(1)
  const node = cluster.node(1)
  unlinkSync(join(node.data, 'log', 'CURRENT'))
  cluster.restart(1)
  const status = await eventually('the node tells its state', () => cluster.admin.cluster())
  t.match(status.nodes, [{ id: 1, state: 'damaged' }])
  const base = `http://${node.http}`
  const ready = await fetch(`${base}/health/ready`)
  t.equal(ready.status, 503)
  t.match(await ready.text(), /CURRENT is missing/)
  t.match(await (await fetch(`${base}/v1/cluster`)).text(), /holdfast recover/)
  t.equal((await fetch(`${base}/health/live`)).status, 200)
  const metrics = await (await fetch(`${base}/metrics`)).text()
  t.match(metrics, /holdfast_nodes{state="damaged"} 1/)
  t.same(
    readdirSync(data).filter((name) => name.includes('.damaged-')),
    [],
    'nothing is set aside'
  )
  await cluster.kill(1)
  const recovered = await promisify(execFile)(process.execPath, [
    defaultCli,
    'recover',
    '--data',
    node.data,
    '--accept-loss'
  ])
  t.match(recovered.stdout, /nothing is lost/)
  cluster.restart(1)
  await cluster.waitReady()
  const consumer = await connect(cluster.clientAddresses())
  t.match(await drain(consumer, 'orders', count), { count, outOfOrder: 0 })
  await consumer.close()
})
