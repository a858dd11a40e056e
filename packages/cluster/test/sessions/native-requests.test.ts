// Requests to a node that cannot answer them yet.
import { Operator, World } from '@holdfast/simulator'
import t from 'tap'

t.test('a node that has yet to learn the metadata has its clients wait', async (t) => {
  const world = new World(11)
  t.ok(await world.form(1))
  const host = world.addHost()
  host.start()
  await world.schedule.run(100)
  const operator = new Operator(world, 'operator')
  operator.preferred = host
  world.hosts[0]?.process?.admin({ type: 'add-node', peer: host.address }, () => undefined)
  t.ok(await world.until(10_000, 'the client is let in', () => operator.isOpen))
  let error: string | null = 'unanswered'
  operator.ask({ type: 'declare-queue', name: 'q', options: {} }, (refusal) => {
    error = refusal?.code ?? null
  })
  t.ok(await world.until(10_000, 'the queue is declared', () => operator.isIdle))
  t.equal(error, null)
  t.same(world.failures, [])
})
