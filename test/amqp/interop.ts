// What every client library has to do with a cluster of three nodes, whatever its language. The
// programs (go/interop, python/interop.py) do it, and say what works.
import type { ClusterProcess } from '@holdfast/testkit'
import { connect } from 'amqplib'
import type { Test } from 'tap'
import { ClientProgram } from './client-program.ts'

/** The queue of the program's publisher and consumer that connect again. */
const queue = 'failover'

export async function testInterop(
  t: Test,
  cluster: ClusterProcess,
  command: readonly string[]
): Promise<void> {
  const setUp = await connect(`amqp://${cluster.nodes[0]?.amqp}`)
  const channel = await setUp.createChannel()
  await channel.assertQueue(queue)
  await channel.purgeQueue(queue)
  await setUp.close()
  const { leader } = await cluster.admin.queue(queue)
  // Those that are to notice its death are connected to it.
  const nodes = [...cluster.nodes].sort((a, b) => Number(b.id === leader) - Number(a.id === leader))
  const program = new ClientProgram(t, [...command, ...nodes.map(({ amqp }) => `amqp://${amqp}`)])
  for (const what of ['confirms', 'prefetch', 'nack', 'get', 'rpc']) {
    t.ok(await program.says(`ok ${what}`), what)
  }
  await program.says('running')
  await cluster.kill(leader ?? 0)
  program.tell('killed')
  const report = await program.says('report', 240_000)
  t.match(JSON.parse(report.slice('report '.length)), { missing: 0, unflagged: 0 })
  t.equal(await program.ended, 0)
}
