// Requests, closing and silent nodes through the SDK, against a broker in memory behind real
// sockets.
import { connect, HoldfastError } from '@holdfast/client'
import t from 'tap'
import { bench, codeOf, takeSome, until } from './sdk-scene.ts'

t.test('requests survive a broken connection and refusals for now', async (t) => {
  const { broker, connection } = await bench(t, 2, { requestTimeoutMs: 60_000 })
  broker.behaviour.mutesRequests.add('declare-queue')
  const declared = connection.declareQueue('orders')
  await until(() => broker.requests.length === 1)
  broker.behaviour.mutesRequests.clear()
  await broker.node(connection.node ?? 1).stop()
  t.same(await declared, { name: 'orders' })
  const unavailable = new HoldfastError('UNAVAILABLE', { reason: 'no leader' })
  broker.behaviour.refusals.set('bind-queue', unavailable)
  const bound = connection.bindQueue('orders', 'events', 'order.*')
  await until(() => broker.requests.filter(({ type }) => type === 'bind-queue').length === 2)
  broker.behaviour.refusals.clear()
  await bound
  broker.behaviour.mutesRequests.add('purge-queue')
  const purged = codeOf(connection.purgeQueue('orders'))
  await until(() => broker.requests.some(({ type }) => type === 'purge-queue'))
  for (const node of broker.nodes) node.breakConnections()
  t.equal(await purged, 'UNAVAILABLE', 'a purge is not repeated')
})

t.test('connections with one list of addresses spread over its nodes', async (t) => {
  const { broker } = await bench(t, 2)
  // Chance leaves a node out once in 2^63.
  const connecting = Array.from({ length: 64 }, () => connect(broker.addresses))
  const connections = await Promise.all(connecting)
  t.strictSame([...new Set(connections.map(({ node }) => node))].sort(), [1, 2])
  await Promise.all(connections.map((connection) => connection.close()))
})

t.test('a request without an answer rejects after its time', async (t) => {
  const { broker, connection } = await bench(t, 1, { requestTimeoutMs: 200 })
  broker.behaviour.mutesRequests.add('inspect-queue')
  t.equal(await codeOf(connection.inspectQueue('orders')), 'UNAVAILABLE')
})

t.test('bindings reach the node as they were given, and a wrong one does not', async (t) => {
  const { broker, connection } = await bench(t)
  const args = { 'x-match': 'all', size: 3 }
  await connection.bindQueue('q', 'e')
  await connection.unbindQueue('q', 'e', 'k', args)
  await connection.bindExchange('to', 'from', 'k', args)
  await connection.unbindExchange('to', 'from')
  const asked = [
    { type: 'bind-queue', queue: 'q', exchange: 'e', bindingKey: '', arguments: {} },
    { type: 'unbind-queue', queue: 'q', exchange: 'e', bindingKey: 'k', arguments: args },
    { type: 'bind-exchange', destination: 'to', source: 'from', bindingKey: 'k', arguments: args },
    { type: 'unbind-exchange', destination: 'to', source: 'from', bindingKey: '', arguments: {} }
  ]
  t.match(broker.requests, asked)
  const large = { 'x-match': 'x'.repeat(100_000) }
  t.equal(await codeOf(connection.bindQueue('q', 'e', '', large)), 'BINDING_INVALID')
  t.equal(await codeOf(connection.unbindExchange('to', 'e', '', large)), 'BINDING_INVALID')
  t.equal(broker.requests.length, asked.length)
})

t.test('a binding is declared again as it was, whatever became of its arguments', async (t) => {
  const { broker, connection } = await bench(t)
  const args: Record<string, number> = { size: 3 }
  await connection.bindQueue('q', 'e', '', args)
  args['size'] = 4
  broker.node(1).breakConnections()
  await until(() => broker.requests.length === 2)
  t.match(broker.requests[1], { type: 'bind-queue', arguments: { size: 3 } })
  await connection.bindQueue('q', 'e', '', { size: 5n as never })
  t.match(broker.requests[2], { arguments: { size: 5 } }, 'a number on the wire, no error here')
})

t.test('a misspelt option deletes and closes nothing', async (t) => {
  const { broker, connection } = await bench(t)
  broker.queue('orders')
  const misspelt = { ifempty: true } as never
  t.equal(await codeOf(connection.deleteQueue('orders', misspelt)), 'OPTION_UNKNOWN')
  t.equal(await codeOf(connection.deleteExchange('e', misspelt)), 'OPTION_UNKNOWN')
  t.equal(await codeOf(connection.close({ timeout: 5 } as never)), 'OPTION_UNKNOWN')
  t.equal(await codeOf(connection.close({ timeoutMs: Number.POSITIVE_INFINITY })), 'OPTION_INVALID')
  t.same(broker.requests, [])
  t.ok(connection.isConnected)
})

t.test('many requests at once stay within what a node allows', async (t) => {
  const { broker, connection } = await bench(t)
  const names = Array.from({ length: 3_000 }, (_, i) => `queue-${i}`)
  await Promise.all(names.map((name) => connection.declareQueue(name)))
  t.equal(broker.queues.size, 3_000)
})

t.test('close sends settlements and awaits confirms', async (t) => {
  const { broker, connection, statuses } = await bench(t)
  broker.queue('orders')
  const consumer = await connection.consume('orders')
  for (let i = 0; i < 3; i++) connection.publish('', 'orders', `${i}`)
  const [first] = await takeSome(consumer, 1)
  const last = connection.publish('', 'orders', 'last')
  first?.ack()
  await connection.close()
  await last
  t.equal(broker.queue('orders').messages.size, 3)
  t.equal(await codeOf(connection.publish('', 'orders', 'late')), 'CONNECTION_CLOSED')
  t.equal(await codeOf(connection.declareQueue('late')), 'CONNECTION_CLOSED')
  t.strictSame(await takeSome(consumer, 1), [])
  t.equal(statuses.at(-1)?.type, 'closed')
  await until(() => broker.node(1).peers.size === 0)
})

t.test('close gives up after its time and says so', async (t) => {
  const { broker, connection } = await bench(t)
  broker.queue('orders')
  broker.behaviour.mutesConfirms = true
  const open = codeOf(connection.publish('', 'orders', 'a'))
  await connection.close({ timeoutMs: 50 })
  t.equal(await open, 'PUBLISH_OUTCOME_UNKNOWN')
})

t.test('a silent node is given up', async (t) => {
  const { broker, connection, statuses } = await bench(t, 2, { heartbeatMs: 250 })
  broker.queue('orders')
  await connection.publish('', 'orders', 'a')
  const silent = broker.node(connection.node ?? 1)
  silent.tick = () => undefined
  await until(() => statuses.some(({ type }) => type === 'disconnected'))
  const lost = statuses.find((status) => status.type === 'disconnected')
  t.match(lost, { error: { code: 'HEARTBEAT_MISSED' } })
  await connection.publish('', 'orders', 'b')
  t.not(connection.node, silent.id)
})
