// A queue with a length limit at its leader: what consumers have room for is reserved in the log
// before they get it, and given up when they are gone.
import type { ShardCommand } from '@holdfast/broker'
import type { QueueOptions } from '@holdfast/protocol'
import t from 'tap'
import { Reserving, type ReservingQueue } from '../../src/delivering/reserving.ts'
import { type LoneClient, LoneMember } from '../lone-member.ts'

const ways = { autoAck: false, exclusive: false, priority: 0, resume: null }

function withQueue(options: QueueOptions): { member: LoneMember; operator: LoneClient } {
  const member = new LoneMember()
  const operator = member.connect(99)
  operator.ask({ type: 'declare-queue', name: 'q', options })
  member.pass(500)
  return { member, operator }
}

function consume(client: LoneClient, prefetch: number, tag = 'c'): void {
  client.ask({ type: 'consume', queue: 'q', tag, prefetch, ...ways })
}

function settle(client: LoneClient, outcome: 'accepted' | 'released', offset: number): void {
  client.connection.settle({ consumer: 1, outcome, ranges: [offset, offset, 0] })
  client.speak()
}

/** All that is in the queue, whoever has it. */
function left(client: LoneClient): number {
  const id = client.ask({ type: 'inspect-queue', name: 'q' })
  const { ready, unsettled } = client.resultTo(id) as { ready: number; unsettled: number }
  return ready + unsettled
}

const offsetsOf = (client: LoneClient): number[] => client.delivered.map(({ offset }) => offset)

t.test('who has room for all gets all, however small the limit', async (t) => {
  const { member, operator } = withQueue({ maxLength: 1 })
  const one = member.connect(1)
  consume(one, 10)
  member.pass(200)
  operator.publish('q', 1, 8)
  member.pass(200)
  t.same(offsetsOf(one), [1, 2, 3, 4, 5, 6, 7, 8])
  operator.publish('q', 9, 5)
  member.pass(200)
  t.same(offsetsOf(one).slice(8), [9, 10], 'as far as it has room')
  t.equal(left(operator), 11, 'and one waits')
})

t.test('who has settled a few has room for all again', async (t) => {
  for (const limit of [{ maxLength: 1 }, { maxLengthBytes: 1 }]) {
    const { member, operator } = withQueue({ ...limit, overflow: 'reject-publish' })
    const one = member.connect(1)
    consume(one, 10)
    member.pass(200)
    operator.publish('q', 1, 4)
    member.pass(200)
    for (const offset of [1, 2, 3, 4]) settle(one, 'accepted', offset)
    member.pass(200)
    operator.publish('q', 5, 10)
    member.pass(200)
    t.equal(offsetsOf(one).length, 14, 'none was refused')
  }
})

t.test('a settlement makes room for the next', async (t) => {
  const { member, operator } = withQueue({ maxLength: 3 })
  const one = member.connect(1)
  consume(one, 1)
  member.pass(200)
  operator.publish('q', 1, 4)
  member.pass(200)
  for (const offset of [1, 2, 3]) {
    settle(one, 'accepted', offset)
    member.pass(200)
  }
  t.same(offsetsOf(one), [1, 2, 3, 4])
})

t.test('what was kept for a consumer that is gone counts again', async (t) => {
  const { member, operator } = withQueue({ maxLength: 2 })
  const one = member.connect(1)
  consume(one, 50)
  member.pass(200)
  operator.publish('q', 1, 3)
  member.pass(200)
  t.equal(left(operator), 3)
  member.step([one.gone()])
  member.pass(300)
  t.equal(left(operator), 2, 'what it held is ready, and one too much')
  operator.publish('q', 4, 3)
  member.pass(200)
  t.equal(left(operator), 2, 'and nothing is kept for it')
})

t.test('what one loses goes to another that has room', async (t) => {
  const { member, operator } = withQueue({ maxLength: 1 })
  const [one, two] = [member.connect(1), member.connect(2)]
  consume(one, 5)
  member.pass(200)
  operator.publish('q', 1, 5)
  member.pass(200)
  consume(two, 5, 'd')
  member.pass(200)
  member.step([one.gone()])
  member.pass(300)
  t.same(offsetsOf(two), [1, 2, 3, 4, 5])
  t.equal(left(operator), 5)
})

t.test('what comes back to a queue that is full is dropped, if it is the oldest', async (t) => {
  const { member, operator } = withQueue({ maxLength: 2 })
  const one = member.connect(1)
  consume(one, 1)
  member.pass(200)
  operator.publish('q', 1, 3)
  member.pass(200)
  t.same(offsetsOf(one), [1])
  settle(one, 'released', 1)
  member.pass(300)
  t.same(offsetsOf(one), [1, 2])
  t.equal(left(operator), 2)
})

t.test('a full queue refuses message by message, and says which queue it is', async (t) => {
  const { member, operator } = withQueue({ maxLength: 3, overflow: 'reject-publish' })
  operator.publish('q', 1, 5)
  member.pass(200)
  t.equal(left(operator), 3)
  const confirmed = operator.events.flatMap((event) => {
    return event.type === 'confirm' ? event.ranges : []
  })
  t.equal(Math.max(...confirmed), 3)
  const failed = operator.events.filter(({ type }) => type === 'publish-failed')
  t.match(failed, [
    { first: 4, error: { code: 'QUEUE_FULL', message: /'q'/ } },
    { first: 5, last: 5 }
  ])
})

t.test('what is being given up is not handed out, and one command is on its way', async (t) => {
  const none = (_count: number): number[] => []
  const nothing = { takeReserved: none, takeUnreserved: none }
  const settings = { lengthLimit: { messages: 1_000, bytes: null } }
  const queue = { id: 7, mark: 10, tail: 10, settings }
  const roster = { credit: 0 }
  const asked: ShardCommand[] = []
  let answer = (): void => undefined
  const of = {
    queue,
    roster,
    held: { claimedEnd: 0 },
    next: { cursor: 4, returnedCount: 0, decided: () => undefined, ...nothing },
    commit: (command: ShardCommand, done: () => void) => {
      asked.push(command)
      answer = done
    },
    decided: () => undefined
  }
  const reserving = new Reserving(of as unknown as ReservingQueue)
  t.equal(reserving.limit, 10)
  reserving.adjust()
  t.match(asked, [{ type: 'reserve-messages', queue: 7, mark: 3 }])
  roster.credit = 5
  reserving.adjust()
  t.equal(asked.length, 1, 'who comes meanwhile waits for the answer')
  t.equal(reserving.limit, 3)
  queue.mark = 3
  answer()
  t.equal(reserving.limit, 3)
  const takeUnreserved = (count: number): number[] => (count > 0 ? [2, 2] : [])
  of.next = { ...of.next, takeUnreserved }
  new Reserving(of as unknown as ReservingQueue).adjust()
  t.match(asked[1], { mark: 7, take: [2, 2] }, 'what came back, and the rest as it comes')
  Object.assign(queue, { mark: 9, tail: 3 })
  of.next = { ...of.next, cursor: 8 }
  new Reserving(of as unknown as ReservingQueue).adjust()
  t.match(asked[2], { mark: 8, take: [2, 2] }, 'it takes the room that was kept for what comes')
})
