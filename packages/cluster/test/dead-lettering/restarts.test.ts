// Dead letters at a node that starts again, whatever it leads first: its shards, or the metadata,
// by which they are routed.
import type { QueueStatus } from '@holdfast/cluster'
import { History, Operator, Publisher, World } from '@holdfast/simulator'
import t from 'tap'

t.test('letters of a node that is alone arrive, whatever it leads first', async (t) => {
  const world = new World(11)
  t.ok(await world.form(1))
  const [host] = world.hosts
  if (host === undefined) throw new Error('there is no host')
  const operator = new Operator(world, 'operator')
  const exchange = 'amq.fanout'
  const options = { deadLetterExchange: exchange, messageTtlMs: 300 }
  const binding = { queue: 'dead', exchange, bindingKey: '', arguments: {} }
  operator.ask({ type: 'declare-queue', name: 'work', options })
  operator.ask({ type: 'declare-queue', name: 'dead', options: {} })
  operator.ask({ type: 'bind-queue', ...binding })
  await world.until(5_000, 'all is declared', () => operator.isIdle)
  const history = new History(world, [])
  const routes = [{ exchange: '', routingKey: 'work', queues: ['work'], mandatory: true }]
  const restarts = 8
  for (let restart = 1; restart <= restarts; restart++) {
    const publisher = new Publisher(world, `p${restart}`, { history, routes, messages: 1 })
    await world.until(5_000, 'it is published', () => publisher.isDone)
    publisher.stop()
    host.crash()
    await world.schedule.run(1_000)
    // It expires as soon as its shard is led.
    host.start()
    let ready = 0
    await world.until(10_000, `the letter arrives after start ${restart}`, () => {
      if (operator.isIdle) {
        operator.ask({ type: 'inspect-queue', name: 'dead' }, (_, result) => {
          ready = (result as QueueStatus | null)?.ready ?? 0
        })
      }
      return ready === restart
    })
  }
  t.same(world.failures, [])
})
