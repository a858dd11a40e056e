// A queue with priorities at its leader: what waits comes by priority, whatever came first, went
// back, or was there when another took over.
import type { LengthLimit, ShardCommand } from '@holdfast/broker'
import type { QueueOptions } from '@holdfast/protocol'
import t from 'tap'
import {
  type PrioritizedQueue,
  PriorityReserving
} from '../../src/delivering/priority-reserving.ts'
import { type LoneClient, LoneMember } from '../lone-member.ts'

const ways = { autoAck: false, exclusive: false, priority: 0, resume: null }

function withQueue(options: QueueOptions = {}): { member: LoneMember; operator: LoneClient } {
  const member = new LoneMember()
  const operator = member.connect(99)
  operator.ask({ type: 'declare-queue', name: 'q', options: { maxPriority: 9, ...options } })
  member.pass(500)
  return { member, operator }
}

/** One message of each of these priorities. */
function publish(client: LoneClient, first: number, ...priorities: readonly number[]): void {
  for (const [at, priority] of priorities.entries()) {
    client.publish('q', first + at, 1, { priority })
  }
}

function consume(client: LoneClient, prefetch: number, tag = 'c'): void {
  client.ask({ type: 'consume', queue: 'q', tag, prefetch, ...ways })
}

function settle(client: LoneClient, outcome: 'accepted' | 'released', offset: number): void {
  client.connection.settle({ consumer: 1, outcome, ranges: [offset, offset, 0] })
  client.speak()
}

const offsetsOf = (client: LoneClient): number[] => client.delivered.map(({ offset }) => offset)

t.test('what waits is consumed by priority', async (t) => {
  const { member, operator } = withQueue()
  publish(operator, 1, 0, 9, 5, 9, 0, 5)
  member.pass(200)
  const one = member.connect(1)
  consume(one, 1)
  member.pass(200)
  for (const offset of [2, 4, 3, 6, 1]) {
    t.equal(offsetsOf(one).at(-1), offset)
    settle(one, 'accepted', offset)
    member.pass(200)
  }
  t.same(offsetsOf(one), [2, 4, 3, 6, 1, 5])
})

t.test('what comes while others wait overtakes them', async (t) => {
  const { member, operator } = withQueue()
  const one = member.connect(1)
  consume(one, 2)
  member.pass(200)
  publish(operator, 1, 0, 0, 0, 0)
  member.pass(200)
  t.same(offsetsOf(one), [1, 2], 'who has room gets what there is')
  publish(operator, 5, 3, 7)
  member.pass(200)
  for (const offset of [1, 2, 6, 5]) {
    settle(one, 'accepted', offset)
    member.pass(200)
  }
  t.same(offsetsOf(one), [1, 2, 6, 5, 3, 4])
})

t.test('what went back to its place is flagged, and before what is lower', async (t) => {
  const { member, operator } = withQueue()
  publish(operator, 1, 1, 9, 5)
  member.pass(200)
  const one = member.connect(1)
  consume(one, 1)
  member.pass(200)
  settle(one, 'released', 2)
  member.pass(200)
  t.same(one.delivered, [
    { offset: 2, attempt: 0 },
    { offset: 2, attempt: 1 }
  ])
})

t.test('what was kept for a consumer that is gone is there for the next', async (t) => {
  const { member, operator } = withQueue()
  const one = member.connect(1)
  consume(one, 50)
  member.pass(200)
  publish(operator, 1, 1, 5, 9)
  member.pass(200)
  t.same(offsetsOf(one), [1, 2, 3])
  member.step([one.gone()])
  member.pass(300)
  publish(operator, 4, 7)
  member.pass(200)
  const two = member.connect(2)
  consume(two, 1, 'd')
  member.pass(200)
  t.same(two.delivered, [{ offset: 3, attempt: 1 }])
})

t.test('several consumers get all of it, each message once', async (t) => {
  const { member, operator } = withQueue({ maxPriority: 255 })
  publish(operator, 1, ...Array.from({ length: 60 }, (_, at) => (at * 37) % 256))
  member.pass(200)
  const clients = [1, 2, 3].map((name) => member.connect(name))
  for (const [at, client] of clients.entries()) {
    client.ask({ type: 'consume', queue: 'q', tag: `t${at}`, prefetch: 50, ...ways })
  }
  member.pass(500)
  const all = clients.flatMap(offsetsOf).sort((a, b) => a - b)
  t.same(
    all,
    Array.from({ length: 60 }, (_, at) => at + 1)
  )
})

t.test('who settles as it gets has all of a long queue', async (t) => {
  const { member, operator } = withQueue()
  for (let first = 1; first <= 3_000; first += 1_000) {
    operator.publish('q', first, 1_000, { priority: Math.floor(first / 1_000) })
  }
  member.pass(300)
  const one = member.connect(1)
  one.ask({ type: 'consume', queue: 'q', tag: 't', prefetch: 60_000, ...ways, autoAck: true })
  for (let at = 0; at < 200 && one.delivered.length < 3_000; at++) {
    member.pass(50)
  }
  t.equal(one.delivered.length, 3_000)
})

t.test('room is taken back before messages are, and one command is on its way', async (t) => {
  const settings = { lengthLimit: null as LengthLimit | null }
  const queue = { id: 7, mark: 15, tail: 10, settings }
  const roster = { credit: 3 }
  const asked: ShardCommand[] = []
  let answer = (): void => undefined
  const next = {
    reservedCount: 5,
    takeRest: (count: number) => {
      next.reservedCount = count
      return [8, 9]
    }
  }
  const commit = (command: ShardCommand, done: () => void): void => {
    asked.push(command)
    answer = done
  }
  const of = { queue, roster, next, commit, decided: () => undefined }
  const reserving = new PriorityReserving(of as unknown as PrioritizedQueue)
  reserving.adjust()
  t.match(asked, [{ type: 'reserve-by-priority', queue: 7, room: 0, free: [] }])
  reserving.adjust()
  t.equal(asked.length, 1)
  queue.mark = 10
  answer()
  reserving.adjust()
  t.match(asked[1], { room: 0, free: [8, 9] })
  answer()
  reserving.adjust()
  t.equal(asked.length, 2, 'what is reserved is what there is room for')
  roster.credit = 20
  reserving.adjust()
  t.match(asked[2], { room: 17, free: [] })
  queue.mark = 27
  answer()
  roster.credit = 22
  reserving.adjust()
  t.equal(asked.length, 3, 'a little less will do')
  settings.lengthLimit = { messages: 1, bytes: null, overflow: 'drop-head' }
  reserving.adjust()
  t.match(asked[3], { room: 19 }, 'unless it would be dropped')
})
