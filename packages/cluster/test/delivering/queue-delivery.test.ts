// What a queue does with a message that no replica has intact: it waits, and those behind it go on.
// And whom a new leader takes for gone.
import {
  type IsHeld,
  type QueueView,
  type SectionReply,
  type ShardCommand,
  shardLimits
} from '@holdfast/broker'
import { Consumer, History, Operator, Publisher, World } from '@holdfast/simulator'
import t from 'tap'
import type { Core } from '../../src/core.ts'
import type { Consumer as AttachedConsumer } from '../../src/delivering/consumer.ts'
import { graceMs } from '../../src/delivering/grace.ts'
import { times } from '../../src/limits.ts'
import type { CallResult } from '../../src/peers/peer-message.ts'
import { coreWith, pass } from '../part-core.ts'
import { LedQueue } from './led-queue.ts'

/** Of a queue without a length limit. */
const endless = { settings: { lengthLimit: null, maxPriority: 0 }, isOut: () => true }

/** A core that leads a queue, of whose messages 1 may be due; the log has what a test answers. */
function leading(queue: QueueView, isDue = false) {
  const proposed: ShardCommand[] = []
  const answers: ((reply: SectionReply) => void)[] = []
  const machine = {
    queues: () => [queue],
    queue: () => queue,
    tellDueAgain: () => undefined,
    takeDue: (_timeMs: number, isHeld: IsHeld) => {
      return !isDue || isHeld(queue.id, 1) ? [] : [{ queue: queue.id, ranges: [1, 1] }]
    }
  }
  const core: Core = coreWith({
    groups: { shardHost: () => ({ machine }), shard: () => ({ hasLease: true }) },
    reports: { locate: () => 1 },
    shards: {
      propose: (_group: number, command: ShardCommand, done: (reply: SectionReply) => void) => {
        proposed.push(command)
        answers.push(done)
        return true
      }
    }
  })
  core.deliveries.leadershipChanged(1, true)
  core.expiry.leadershipChanged(1, true)
  const look = (): void => {
    core.deliveries.tick()
    core.deliveries.flush()
    core.expiry.tick()
    core.expiry.flush()
  }
  return { core, proposed, answers, look }
}

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

t.test('a new leader ends who did not come back, and waits for who is on the way', async (t) => {
  const [away, coming] = ['away', 'coming'].map((tag) => ({ session: '0a', tag }))
  const consumers = new Map([away, coming].map((key) => [`0a/${key?.tag}`, key]))
  const rows = { ...endless, mark: 0, nextLive: () => null }
  const queue = { id: 7, name: 'q', consumers, ...rows } as unknown as QueueView
  const { core, proposed, look } = leading(queue)
  const arrived = core.deliveries.expect(1, 7, coming ?? { session: '', tag: '' })
  look()
  t.same(proposed, [], 'there is a grace')
  pass(core, times.reattachGraceMs)
  look()
  t.same(proposed, [], 'an end behind its attachment would end it')
  arrived()
  look()
  const ends = [away, coming].map((consumer) => {
    return { type: 'detach-consumer', queue: 7, consumer, release: [] }
  })
  t.same(proposed, ends)
  const said = core.outputs.flatMap((output) => (output.type === 'log' ? [output] : []))
  t.match(said, [{ level: 'info', fields: { queue: 'q', consumers: 2 } }])
  look()
  t.equal(core.outputs.length, said.length, 'said once')
})

t.test('a new leader waits longer for the last consumers of an auto-delete queue', async (t) => {
  const keys = ['one', 'other'].map((tag) => ({ session: '0a', tag }))
  const consumers = new Map(keys.map((key) => [`0a/${key.tag}`, key]))
  const settings = { lengthLimit: null, maxPriority: 0, autoDelete: true }
  const rows = { settings, isOut: () => true, mark: 0, tail: 0, nextLive: () => null }
  const queue = { id: 7, name: 'q', consumers, ...rows } as unknown as QueueView
  const { core, proposed, look } = leading(queue)
  look()
  pass(core, times.lastConsumerGraceMs - 1)
  look()
  t.same(proposed, [], 'the queue would go with them')
  t.equal(graceMs(queue, 1), times.reattachGraceMs, 'it would not go with one of two')
  pass(core, 1)
  look()
  t.equal(proposed.length, 2)
})

t.test('a new leader waits until gateways have told who holds something', async (t) => {
  const nextLive = (offset: number): number | null => (offset <= 2 ? Math.max(1, offset) : null)
  const row = () => ({ attempt: 0, deadlineMs: null })
  const rows = { ...endless, mark: 2, tail: 2, nextLive, row }
  const queue = { id: 7, consumers: new Map(), ...rows } as unknown as QueueView
  const { core, proposed, look } = leading(queue)
  let isOver = false
  Object.assign(core, { rollCalls: { isOver: () => isOver } })
  const recipient = { isCongested: true }
  const asking = { key: { session: '0a', tag: 'g' }, recipient, number: 1, unsettled: 0 }
  core.deliveries.attach(1, 7, asking as unknown as AttachedConsumer, null, true)
  look()
  t.same(proposed, [], 'another may hold what it asks for')
  const holding = { ...asking, key: { session: '0b', tag: 'g' }, number: 2 }
  core.deliveries.attach(1, 7, holding as unknown as AttachedConsumer, [1, 1, 0], true)
  isOver = true
  core.deliveries.tick([1])
  core.deliveries.flush()
  t.match(proposed, [{ type: 'return-unclaimed', claimed: [1, 1] }])
})

t.test('what expiry looks for waits for those whom the log does not know', async (t) => {
  const row = () => ({ attempt: 0, deadlineMs: 1 })
  const nextLive = (offset: number): number | null => (offset <= 2 ? Math.max(1, offset) : null)
  const rows = { ...endless, mark: 2, tail: 2, nextLive, row }
  const queue = { id: 7, consumers: new Map(), ...rows } as unknown as QueueView
  const { core, proposed, look } = leading(queue, true)
  look()
  look()
  t.same(proposed, [], 'somebody may hold them')
  const recipient = { isCongested: true }
  const getter = { key: { session: '0a', tag: 'g' }, recipient, number: 1, unsettled: 0 }
  core.deliveries.attach(1, 7, getter as unknown as AttachedConsumer, [1, 1, 0], true)
  look()
  t.equal(getter.unsettled, 1, 'it holds what it held')
  t.same(proposed, [], 'others may')
  pass(core, times.reattachGraceMs)
  look()
  t.match(proposed, [{ type: 'return-unclaimed', claimed: [1, 1] }])
})

/** A queue with so many messages, and a consumer that holds every second of them. */
function holdingMany(count: number) {
  const queue = {
    ...endless,
    id: 7,
    consumers: new Map(),
    mark: count,
    nextLive: (offset: number) => (offset <= count ? Math.max(1, offset) : null),
    row: () => ({ attempt: 0 })
  } as unknown as QueueView
  const leader = leading(queue)
  const key = { session: '0a', tag: 'c' }
  const ways = { number: 1, prefetch: 65_535, autoAck: false, priority: 0 }
  const recipient = { isCongested: true }
  const consumer = { key, recipient, ...ways, unsettled: 0, mistaken: 0 }
  const resume: number[] = []
  for (let offset = 1; offset <= count; offset += 2) resume.push(offset, offset, 0)
  leader.core.deliveries.attach(1, 7, consumer as unknown as AttachedConsumer, resume)
  return { ...leader, consumer: consumer as unknown as AttachedConsumer }
}

t.test('who holds more than one command can name gives all of it back', async (t) => {
  const { core, proposed, answers, consumer } = holdingMany(140_000)
  t.equal(consumer.unsettled, 70_000)
  core.deliveries.detach(1, 7, consumer)
  const released: number[] = []
  for (let answer = answers.shift(); answer !== undefined; answer = answers.shift()) {
    const command = proposed.shift()
    const isDetached = command?.type === 'detach-consumer'
    const ranges = isDetached ? command.release : command?.type === 'settle' ? command.ranges : []
    t.ok(ranges.length <= 3 * shardLimits.rangesMax, `${ranges.length} numbers`)
    for (const number of ranges) released.push(number)
    answer({ type: 'settled', stale: [] })
  }
  t.equal(released.length, 3 * 70_000)
})

t.test('what nobody claimed comes back, however many claims lie between', async (t) => {
  const { proposed, answers, look } = holdingMany(140_000)
  look()
  const returned: number[] = []
  for (let answer = answers.shift(); answer !== undefined; answer = answers.shift()) {
    const command = proposed.shift()
    if (command?.type !== 'return-unclaimed') continue
    const { claimed } = command
    t.ok(claimed.length <= 2 * shardLimits.rangesMax, `${claimed.length} numbers`)
    let next = 1
    for (let at = 0; at < claimed.length; at += 2) {
      for (; next < (claimed[at] ?? 0); next++) returned.push(next)
      next = (claimed[at + 1] ?? 0) + 1
    }
    for (; next <= 140_000; next++) returned.push(next)
    answer({ type: 'returned', messages: 0 })
  }
  const unclaimed = Array.from({ length: 70_000 }, (_, i) => 2 * i + 2)
  t.ok(returned.length === 70_000 && returned.every((offset, i) => offset === unclaimed[i]))
})

t.test('of one settlement no more is looked at than a mistake may cost', async (t) => {
  const { core, proposed, consumer } = holdingMany(10)
  const answers: boolean[] = []
  const settleAnswered = (_sequence: number, isDone: boolean): number => answers.push(isDone)
  Object.assign(consumer.recipient, { settleAnswered })
  const ranges = [1, 2 ** 40, 7, 1, 1, 0]
  core.deliveries.settle(1, 7, consumer, { settleSequence: 1, outcome: 'accepted', ranges })
  t.same(answers, [false])
  t.same(proposed, [])
  t.equal(consumer.unsettled, 5)
})

t.test('a message that is read for somebody who goes meanwhile is for who asks next', async (t) => {
  const led = new LedQueue()
  const { leaderRelay, bodies } = led.core
  const answers: [number, CallResult][] = []
  const ask = (attachment: number): void => {
    const consumer = { session: '0a', tag: `${attachment}` }
    const get = { type: 'relay-get', group: 1, queue: 7, consumer, attachment } as const
    leaderRelay.get(2, get, (result) => answers.push([attachment, result]))
    led.look()
  }
  const reading: (() => void)[] = []
  const { get } = bodies
  bodies.get = (_group, _index, found) => {
    reading.push(found)
    return 'reading'
  }
  led.publish(1)
  ask(1)
  ask(2)
  t.same(answers, [], 'its body is read')
  leaderRelay.detach(2, 1, () => undefined)
  bodies.get = get
  for (const found of reading) found()
  led.look()
  t.match(answers, [
    [1, { type: 'got', isFound: false }],
    [2, { type: 'got', isFound: true }]
  ])
  t.equal(led.held, 1)
})
