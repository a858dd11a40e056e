// What the SDK declares again after a broken link, in which order, and what it does not, against a
// broker in memory behind real sockets.
import { HoldfastError } from '@holdfast/client'
import t from 'tap'
import { type Bench, bench, until } from './sdk-scene.ts'

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
