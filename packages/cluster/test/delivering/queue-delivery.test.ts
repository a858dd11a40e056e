// What a queue does with a message that no replica has intact: it waits, and those behind it go on.
// And whom a new leader takes for gone.
import type { QueueView, ShardCommand } from '@holdfast/broker'
import { Consumer, History, Operator, Publisher, World } from '@holdfast/simulator'
import t from 'tap'
import { times } from '../../src/limits.ts'
import { coreWith, pass } from '../part-core.ts'

t.test('a message that is lost does not hold up those behind it', async (t) => {
  const world = new World(7)
  t.ok(await world.form(1))
  const operator = new Operator(world, 'operator')
  operator.ask({ type: 'declare-queue', name: 'q', options: {} })
  t.ok(await world.until(2000, 'declared', () => operator.isIdle))
  const history = new History(world, [])
  const routes = [{ exchange: '', routingKey: 'q', queues: ['q'], mandatory: false }]
  // One after the other, so that each has a log entry for itself.
  for (let number = 1; number <= 8; number += 1) {
    const publisher = new Publisher(world, `publisher ${number}`, { history, routes, messages: 1 })
    t.ok(await world.until(2000, 'published', () => publisher.isDone))
  }
  // So much that the bodies of the first are not in memory any more.
  const many = new Publisher(world, 'many', { history, routes, messages: 400 })
  t.ok(await world.until(10_000, 'published', () => many.isDone))
  const [host] = world.hosts
  // Of other shards nothing is read.
  for (let group = 1; group <= 16; group += 1) host?.disk.rotEntries(group, (index) => index === 6)
  new Consumer(world, 'consumer', { history, queue: 'q', prefetch: 10 })
  await world.schedule.run(30_000)
  let left: unknown = null
  operator.ask({ type: 'inspect-queue', name: 'q' }, (_error, result) => {
    left = result
  })
  t.ok(await world.until(2000, 'inspected', () => operator.isIdle))
  t.match(left, { ready: 1, unsettled: 0 }, 'the others were delivered and settled')
  t.equal(host?.process?.member.counters().lostEntries, 1)
})

t.test('a new leader ends who did not come back, and nobody who is on the way', async (t) => {
  const [away, coming] = ['away', 'coming'].map((tag) => ({ session: '0a', tag }))
  const consumers = new Map([away, coming].map((key) => [`0a/${key?.tag}`, key]))
  const queue = { id: 7, consumers, mark: 0, nextLive: () => null } as unknown as QueueView
  const proposed: ShardCommand[] = []
  const machine = { queues: () => [queue], queue: () => queue }
  const core = coreWith({
    groups: { shardHost: () => ({ machine }), shard: () => ({ hasLease: true }) },
    reports: { locate: () => 1 },
    shards: {
      propose: (_group: number, command: ShardCommand) => {
        proposed.push(command)
        return true
      }
    }
  })
  core.deliveries.leadershipChanged(1, true)
  const arrived = core.deliveries.expect(1, 7, coming ?? { session: '', tag: '' })
  core.deliveries.flush()
  t.same(proposed, [], 'there is a grace')
  pass(core, times.reattachGraceMs)
  core.deliveries.tick()
  core.deliveries.flush()
  t.same(proposed, [{ type: 'detach-consumer', queue: 7, consumer: away, release: [] }])
  arrived()
})
