// What the SDK declares again after a broken link, in which order, and what it does not, against a
// broker in memory behind real sockets.
import { HoldfastError } from '@holdfast/client'
import t from 'tap'
import { type Bench, bench, codeOf, until } from './sdk-scene.ts'

const unavailable = new HoldfastError('UNAVAILABLE', { reason: 'no leader' })

/** The requests from `start` on, without those that look for leaders. */
function asked({ broker }: Bench, start: number): string[] {
  return broker.requests.slice(start).flatMap(({ type }) => (type === 'locate-queue' ? [] : [type]))
}

/** Breaks the links of the primary, and waits until another is found. */
async function breakPrimary({ broker, connection, statuses }: Bench): Promise<void> {
  const count = () => statuses.filter(({ type }) => type === 'connected').length
  const before = count()
  broker.node(connection.node ?? 1).breakConnections()
  await until(() => count() > before)
}

t.test('a binding waits for the declaration of what it binds, and for no other', async (t) => {
  const scene = await bench(t, 2)
  const { broker, connection } = scene
  await connection.declareQueue('mine', { exclusive: true })
  await connection.bindQueue('mine', 'amq.fanout')
  await connection.bindQueue('theirs', 'amq.fanout')
  broker.behaviour.mutesRequests.add('bind-queue')
  const bound = connection.bindQueue('mine', 'amq.topic', 'k')
  await until(() => broker.requests.length === 4)
  broker.behaviour.mutesRequests.clear()
  broker.behaviour.refusals.set('declare-queue', unavailable)
  const start = broker.requests.length
  await breakPrimary(scene)
  const late = connection.bindQueue('mine', 'amq.direct', 'k')
  await until(() => asked(scene, start).filter((type) => type === 'declare-queue').length > 1)
  const bindings = () => broker.requests.slice(start).filter(({ type }) => type === 'bind-queue')
  t.match(bindings(), [{ queue: 'theirs' }])
  broker.behaviour.refusals.clear()
  await Promise.all([bound, late])
  await until(() => bindings().length === 4)
  t.notOk(asked(scene, start).slice(-3).includes('declare-queue'))
})

t.test('what is being removed when a link breaks is not declared again', async (t) => {
  const scene = await bench(t, 2)
  const { broker, connection } = scene
  const removals = ['unbind-queue', 'unbind-exchange', 'delete-queue', 'delete-exchange'] as const
  await connection.declareQueue('kept')
  await connection.declareQueue('gone')
  await connection.declareExchange('e', 'topic')
  await connection.bindQueue('gone', 'amq.topic', 'k')
  await connection.bindQueue('kept', 'e', 'k')
  await connection.bindQueue('kept', 'amq.topic', 'k')
  await connection.bindQueue('kept', 'amq.topic', 'other')
  await connection.bindExchange('amq.fanout', 'amq.topic')
  await connection.bindExchange('amq.fanout', 'e')
  for (const type of removals) broker.behaviour.mutesRequests.add(type)
  const removing = [
    connection.unbindQueue('kept', 'amq.topic', 'k'),
    connection.unbindExchange('amq.fanout', 'amq.topic'),
    connection.deleteQueue('gone'),
    connection.deleteExchange('e')
  ]
  await until(() => broker.requests.length === 13)
  broker.behaviour.mutesRequests.clear()
  await breakPrimary(scene)
  await Promise.all(removing)
  await until(() => broker.requests.length === 19)
  const again = broker.requests.slice(13).filter(({ type }) => !removals.includes(type as never))
  t.match(
    again.sort((a, b) => a.type.localeCompare(b.type)),
    [
      { type: 'bind-queue', queue: 'kept', bindingKey: 'other' },
      { type: 'declare-queue', name: 'kept' }
    ]
  )
  t.equal(again.length, 2)
})

t.test('what is refused to be removed is declared again, if it is there', async (t) => {
  const scene = await bench(t, 2)
  const { broker, connection } = scene
  await connection.declareQueue('busy')
  await connection.declareQueue('lost')
  const inUse = new HoldfastError('QUEUE_IN_USE', { queue: 'busy', vhost: '/' })
  broker.behaviour.refusals.set('delete-queue', inUse)
  t.equal(await codeOf(connection.deleteQueue('busy', { ifUnused: true })), 'QUEUE_IN_USE')
  broker.behaviour.refusals.clear()
  broker.queues.delete('lost')
  t.equal(await codeOf(connection.deleteQueue('lost')), 'QUEUE_NOT_FOUND')
  await breakPrimary(scene)
  await connection.declareQueue('last')
  t.match(broker.requests.slice(4), [{ name: 'busy' }, { name: 'last' }])
  t.equal(broker.requests.length, 6)
})

t.test('an auto-delete exchange is declared no more after its last binding is gone', async (t) => {
  const scene = await bench(t, 2)
  const { broker, connection } = scene
  for (const name of ['first', 'second', 'third']) {
    await connection.declareExchange(name, 'fanout', { autoDelete: name !== 'third' })
  }
  await connection.bindExchange('second', 'first')
  await connection.bindQueue('q', 'second', 'a')
  await connection.bindQueue('q', 'second', 'b')
  await connection.unbindQueue('q', 'second', 'a')
  await breakPrimary(scene)
  await until(() => asked(scene, 7).length === 5)
  t.equal(asked(scene, 7).filter((type) => type === 'declare-exchange').length, 3)
  await connection.unbindQueue('q', 'second', 'b')
  const start = broker.requests.length
  await breakPrimary(scene)
  await connection.declareQueue('last')
  t.match(broker.requests.slice(start), [{ name: 'third' }, { name: 'last' }])
  t.equal(broker.requests.length, start + 2)
})

t.test(
  'an auto-delete queue is declared no more after its last consumer is cancelled',
  async (t) => {
    const scene = await bench(t, 2)
    const { broker, connection } = scene
    const declared = (start: number) => {
      const names = broker.requests.flatMap((r) => (r.type === 'declare-queue' ? [r.name] : []))
      return names.slice(start)
    }
    for (let i = 0; i < 10; i++) {
      const { name } = await connection.declareQueue('', { autoDelete: true })
      const consumer = await connection.consume(name)
      await consumer.cancel()
    }
    for (const name of ['shared', 'kept', 'unused']) {
      await connection.declareQueue(name, { autoDelete: name !== 'kept' })
    }
    await connection.bindQueue('shared', 'amq.topic')
    const consumers = await Promise.all(
      ['shared', 'shared', 'kept'].map((name) => connection.consume(name))
    )
    for (const consumer of consumers.slice(1)) await consumer.cancel()
    await breakPrimary(scene)
    await until(() => declared(13).length === 3)
    t.same(declared(13), ['shared', 'kept', 'unused'])
    await consumers[0]?.cancel()
    await breakPrimary(scene)
    await connection.declareQueue('last')
    t.same(declared(16), ['kept', 'unused', 'last'])
  }
)
