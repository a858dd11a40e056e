// A full disk refuses publishes and nothing else, through the real path of a publish.
import { History, Operator, Publisher, World } from '@holdfast/simulator'
import t from 'tap'

t.test(
  'a leader whose disk is nearly full refuses publishes, and takes them again later',
  async (t) => {
    const world = new World(7)
    t.ok(await world.form(1))
    const operator = new Operator(world, 'operator')
    operator.ask({ type: 'declare-queue', name: 'q', options: {} })
    t.ok(await world.until(2000, 'declared', () => operator.isIdle))
    const process = world.hosts[0]?.process
    const history = new History(world, ['DISK_LOW'])
    const routes = [{ exchange: '', routingKey: 'q', queues: ['q'], mandatory: false }]
    process?.input({ type: 'disk', freeBytes: 300 * 1024 * 1024, totalBytes: 10 ** 12 })
    const refused = new Publisher(world, 'refused', { history, routes, messages: 20 })
    t.ok(await world.until(5000, 'refused', () => refused.isDone))
    t.same([...history.outcomes()], ['DISK_LOW'])
    process?.input({ type: 'disk', freeBytes: 10 ** 11, totalBytes: 10 ** 12 })
    const taken = new Publisher(world, 'taken', { history, routes, messages: 20 })
    t.ok(await world.until(5000, 'taken', () => taken.isDone))
    t.same([...history.outcomes()], ['DISK_LOW', 'confirmed'])
    let ready: unknown = null
    operator.ask({ type: 'inspect-queue', name: 'q' }, (_error, result) => {
      ready = (result as { ready: number }).ready
    })
    t.ok(await world.until(2000, 'inspected', () => operator.isIdle))
    t.equal(ready, 20)
    t.same(world.failures, [])
  }
)
