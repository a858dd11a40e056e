// Queues that end by themselves, at a leader: it sees to it that time passes in the log, and that
// the metadata hears of those that are over, whoever asked or led before.
import { tableOf } from '@holdfast/amqp'
import { type QueueView, type ShardCommand, ShardMachine } from '@holdfast/broker'
import type { ClientRequest, QueueOptions } from '@holdfast/protocol'
import t from 'tap'
import { times } from '../../src/limits.ts'
import { type LoneClient, LoneMember } from '../lone-member.ts'
import { coreWith, pass } from '../part-core.ts'

function declare(options: QueueOptions = {}): ClientRequest {
  return { type: 'declare-queue', name: 'q', options }
}

function consume(tag = 'c'): ClientRequest {
  const ways = { prefetch: 10, autoAck: false, exclusive: false, priority: 0, resume: null }
  return { type: 'consume', queue: 'q', tag, ...ways }
}

function look(client: LoneClient): string | null {
  return client.answerTo(client.ask({ type: 'inspect-queue', name: 'q' }))
}

t.test('an auto-delete queue goes with its last consumer', async (t) => {
  const member = new LoneMember()
  const operator = member.connect(99)
  const [one, two] = [member.connect(1), member.connect(2)]
  operator.ask(declare({ autoDelete: true }))
  member.pass(500)
  t.equal(look(operator), 'done', 'nobody came yet')
  one.ask(consume())
  two.ask(consume())
  member.step([one.gone()])
  member.pass(500)
  t.equal(look(operator), 'done')
  two.ask({ type: 'cancel', consumer: 1 })
  t.equal(look(operator), 'QUEUE_NOT_FOUND')
  t.equal(two.answerTo(two.ask(consume())), 'QUEUE_NOT_FOUND')
  two.publish('q', 1, 1)
  member.pass(500)
  const failed = two.events.find(({ type }) => type === 'publish-failed')
  t.match(failed, { first: 1, error: { code: 'MESSAGE_UNROUTABLE' } })
})

t.test('what is over is not found before the metadata has heard of it', async (t) => {
  const member = new LoneMember()
  const [operator, one] = [member.connect(99), member.connect(1)]
  operator.ask(declare({ autoDelete: true }))
  member.pass(500)
  one.ask(consume())
  member.hold()
  one.ask({ type: 'cancel', consumer: 1 })
  t.equal(look(operator), 'done', 'nothing is decided yet')
  member.release()
  t.equal(look(operator), 'QUEUE_NOT_FOUND')
})

t.test('who declares a queue that is on its way out gets a new one', async (t) => {
  const member = new LoneMember()
  const [operator, one] = [member.connect(99), member.connect(1)]
  operator.ask(declare({ autoDelete: true }))
  member.pass(500)
  operator.publish('q', 1, 3)
  one.ask(consume())
  member.hold()
  one.ask({ type: 'cancel', consumer: 1 })
  const asked = operator.ask(declare({ autoDelete: true }))
  t.equal(operator.answerTo(asked), null)
  member.release()
  member.pass(500)
  t.equal(operator.answerTo(asked), 'done')
  member.pass(5_000)
  const id = operator.ask({ type: 'inspect-queue', name: 'q' })
  t.match(operator.resultTo(id), { ready: 0, consumers: 0 }, 'empty, and alive')
  t.equal(one.answerTo(one.ask(consume())), 'done')
})

t.test('a queue that is used by nobody expires, and not a tick before', async (t) => {
  const member = new LoneMember()
  const operator = member.connect(99)
  operator.ask(declare({ expiresMs: 2_000 }))
  member.pass(1_500)
  t.equal(operator.answerTo(operator.ask(declare({ expiresMs: 2_000 }))), 'done')
  member.pass(1_950)
  t.equal(look(operator), 'done', 'to look at it is not to use it, to declare it is')
  member.pass(150)
  t.equal(look(operator), 'QUEUE_NOT_FOUND')
  t.equal(operator.answerTo(operator.ask(declare({ expiresMs: 10 }))), 'done')
})

t.test('a consumer keeps a queue from expiring, and takes its time with it', async (t) => {
  const member = new LoneMember()
  const [operator, one] = [member.connect(99), member.connect(1)]
  operator.ask(declare({ expiresMs: 1_000 }))
  member.pass(200)
  one.ask(consume())
  member.pass(10_000)
  t.equal(look(operator), 'done')
  member.step([one.gone()])
  member.pass(900)
  t.equal(look(operator), 'done')
  member.pass(150)
  t.equal(look(operator), 'QUEUE_NOT_FOUND')
})

t.test('a node rests until a queue is nearly due', async (t) => {
  const member = new LoneMember()
  const operator = member.connect(99)
  operator.ask(declare({ expiresMs: 3_000 }))
  t.ok(member.longestRestMs(2_000) > times.tickMs)
  member.pass(700)
  t.equal(member.longestRestMs(200), times.tickMs)
})

/** Queue `later` with 600 messages that come to `work` when they expire. */
function withDelayed(ttlMs: number, expiresMs: number) {
  const member = new LoneMember(1)
  const client = member.connectAmqp()
  const names = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'work' }
  const times = { 'x-message-ttl': ttlMs, 'x-expires': expiresMs }
  const options = { arguments: tableOf({ ...names, ...times }) }
  client.declare('work')
  client.declare('later', options)
  member.pass(300)
  client.publish('later', ...Array.from({ length: 600 }, (_, i) => `${i}`))
  member.pass(100)
  return { member, options }
}

/** How many messages are ready in a queue, or the code of the refusal. */
function told(member: LoneMember, name: string): number | string | null {
  member.admin({ type: 'inspect-queue', vhost: '/', name })
  member.pass(300)
  const { answered } = member
  if (answered === null || typeof answered === 'string') return answered
  return answered.type === 'queue' ? answered.queue.ready : null
}

t.test('after an outage what is due goes out before its queue ends', async (t) => {
  const { member, options } = withDelayed(600, 700)
  // Log time leaps: what should have come one after the other comes at once.
  member.nowMs += 900
  member.step([])
  const asking = member.connectAmqp()
  asking.declare('later', options)
  t.equal(asking.heard().at(-1), 'channel.open-ok', 'who declares it waits')
  member.pass(500)
  t.equal(told(member, 'work'), 600)
  t.same(asking.heard(), ['queue.declare-ok 0 0'], 'it is a new one')
  member.pass(700)
  t.equal(told(member, 'later'), 'QUEUE_NOT_FOUND')
})

t.test('messages that are not due are gone with their queue', async (t) => {
  const { member } = withDelayed(60_000, 1_000)
  member.pass(2_000)
  t.equal(told(member, 'later'), 'QUEUE_NOT_FOUND')
  member.pass(70_000)
  t.equal(told(member, 'work'), 0)
})

t.test('what was rejected last outlives an auto-delete queue', async (t) => {
  const member = new LoneMember(1)
  const client = member.connectAmqp()
  const names = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'dead' }
  client.declare('dead')
  client.declare('work', { autoDelete: true, arguments: tableOf(names) })
  member.pass(300)
  client.consume('work', 0)
  client.publish('work', ...Array.from({ length: 600 }, (_, i) => `${i}`))
  member.pass(300)
  member.hold()
  client.send({ type: 'basic.nack', deliveryTag: 0, multiple: true, requeue: false })
  member.step([client.gone()])
  member.release()
  member.pass(1_000)
  t.equal(told(member, 'dead'), 600)
  t.equal(told(member, 'work'), 'QUEUE_NOT_FOUND')
})

/** A shard with a queue whose last consumer went before this node began to lead. */
function withEndedQueue() {
  const settings = { deadLetter: null }
  const queue = { id: 7, vhost: '/', name: 'q', isOver: true, settings } as QueueView
  const answers: ((result: object) => void)[] = []
  const asked: object[] = []
  const machine = { queues: () => [queue], queue: () => queue, nextDeadlineMs: Infinity }
  const core = coreWith({
    groups: { shardHost: () => ({ machine }), shard: () => ({ nextTimeMs: 0 }) },
    metadata: {
      submit: (command: object, answer: (result: object) => void) => {
        asked.push(command)
        answers.push(answer)
      }
    }
  })
  return { core, asked, answers, queue }
}

t.test('a new leader tells of what is over, until the metadata knows', async (t) => {
  const { core, asked, answers } = withEndedQueue()
  core.lifetimes.applied(1, [{ type: 'queue-over', queue: 7 }])
  t.same(asked, [], 'it does not lead')
  core.lifetimes.leadershipChanged(1, true)
  t.same(asked, [{ type: 'delete-queue', vhost: '/', name: 'q', queue: 7 }])
  core.lifetimes.tick()
  t.equal(asked.length, 1, 'one question at a time')
  answers[0]?.({ error: { code: 'UNAVAILABLE' } })
  core.lifetimes.tick()
  t.equal(asked.length, 2)
  answers[1]?.({ error: { code: 'QUEUE_NOT_FOUND' } })
  core.lifetimes.tick()
  t.equal(asked.length, 2, 'it was deleted before')
  core.lifetimes.applied(1, [{ type: 'queue-over', queue: 7 }])
  t.equal(asked.length, 3)
  core.lifetimes.leadershipChanged(1, false)
  core.lifetimes.tick()
  t.equal(asked.length, 3)
})

t.test('a queue waits for dead letters of what was due when it ended, and no longer', async (t) => {
  const { core, asked, queue } = withEndedQueue()
  const [held, due]: [number, number[]] = [1, [1, 2]]
  let number = 1
  const dead = { count: 5, tail: 5, next: () => ({ number }) }
  const nextDue = (offset: number): number | null => due.find((other) => other >= offset) ?? null
  const settings = { deadLetter: { exchange: '' } }
  Object.assign(queue, { settings, dead, liveCount: 1, nextDue })
  const opening = { hasOpened: true }
  const delivery = { opening, mayBeHeld: (offset: number) => offset === held }
  Object.assign(core, { deliveries: { find: () => delivery } })
  core.lifetimes.leadershipChanged(1, true)
  number = 6
  core.lifetimes.tick()
  t.same(asked, [], 'something is due')
  due.pop()
  dead.tail = 6
  core.lifetimes.tick()
  t.same(asked, [], 'it is on its way')
  let isTold = false
  core.lifetimes.whenDeleted(1, 7, () => {
    isTold = true
  })
  t.ok(isTold, 'who ended the queue does not wait for that')
  number = 7
  dead.tail = 8
  core.lifetimes.tick()
  t.equal(asked.length, 1, 'what died later is not waited for')
})

t.test('a queue goes when its dead letters have not become fewer for a while', async (t) => {
  const { core, asked, queue } = withEndedQueue()
  const dead = { count: 2, tail: 2, next: () => ({ number: 1 }) }
  const settings = { deadLetter: { exchange: '' } }
  Object.assign(queue, { settings, dead, liveCount: 0, nextDue: () => null })
  core.lifetimes.leadershipChanged(1, true)
  pass(core, times.lastDeadLettersMs - 1)
  dead.count--
  core.lifetimes.tick()
  pass(core, times.lastDeadLettersMs - 1)
  core.lifetimes.tick()
  t.same(asked, [])
  pass(core, 1)
  core.lifetimes.tick()
  t.equal(asked.length, 1)
  t.match(core.outputs.at(-1), { type: 'log', level: 'warn', fields: { messages: 1 } })
})

t.test('a tick is proposed once, and again when it was lost', async (t) => {
  const machine = new ShardMachine({ group: 1 })
  const proposed: ShardCommand[] = []
  const done: (() => void)[] = []
  const core = coreWith({
    groups: {
      shardHost: () => ({ machine: { queues: () => machine.queues(), nextDeadlineMs: 500 } }),
      shard: () => ({ nextTimeMs: timeMs })
    },
    shards: {
      propose: (_group: number, command: ShardCommand, answered: () => void) => {
        proposed.push(command)
        done.push(answered)
        return true
      }
    }
  })
  let timeMs = 499
  core.lifetimes.leadershipChanged(1, true)
  core.lifetimes.tick()
  t.same([proposed, core.lifetimes.isNear], [[], true])
  timeMs = 500
  core.lifetimes.tick()
  core.lifetimes.tick()
  t.same(proposed, [{ type: 'tick' }])
  done[0]?.()
  core.lifetimes.tick()
  t.equal(proposed.length, 2)
})
