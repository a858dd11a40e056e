// Consumers that come and go while their coming or going is on its way through the log: the log
// knows who is attached, and an exclusive consumer is alone.
import type { ClientRequest } from '@holdfast/protocol'
import t from 'tap'
import { startConsumer } from '../../src/delivering/consuming.ts'
import { limits } from '../../src/limits.ts'
import { NativeSession, type SessionConsumer } from '../../src/sessions/native-session.ts'
import { LoneMember } from '../lone-member.ts'
import { coreWith } from '../part-core.ts'

type Consume = Extract<ClientRequest, { type: 'consume' }>

function consume(fields: { exclusive?: boolean; prefetch?: number } = {}): Consume {
  const { exclusive = false, prefetch = 10 } = fields
  const fixed = { queue: 'q', tag: 'c', autoAck: false, priority: 0, resume: null }
  return { type: 'consume', ...fixed, prefetch, exclusive }
}

/** A node with the queue `q`. */
function withQueue(): LoneMember {
  const member = new LoneMember()
  member.connect(99).ask({ type: 'declare-queue', name: 'q', options: {} })
  member.pass(500)
  return member
}

t.test('an exclusive consumer keeps others away, and they it', async (t) => {
  const member = withQueue()
  const one = member.connect(1)
  const two = member.connect(2)
  t.equal(one.answerTo(one.ask(consume({ exclusive: true }))), 'done')
  t.equal(two.answerTo(two.ask(consume())), 'QUEUE_EXCLUSIVE')
  member.step([one.gone()])
  t.equal(two.answerTo(two.ask(consume())), 'done')
  const three = member.connect(3)
  t.equal(three.answerTo(three.ask(consume({ exclusive: true }))), 'QUEUE_EXCLUSIVE')
})

t.test('a consumer that is back before its old connection ended stays attached', async (t) => {
  const member = withQueue()
  const before = member.connect(1)
  before.ask(consume({ exclusive: true }))
  const after = member.connect(1)
  member.hold()
  const asked = after.ask(consume({ exclusive: true }))
  member.step([before.gone()])
  member.release()
  t.equal(after.answerTo(asked), 'done')
  const other = member.connect(2)
  t.equal(other.answerTo(other.ask(consume())), 'QUEUE_EXCLUSIVE')
  member.step([after.gone()])
  t.equal(other.answerTo(other.ask(consume())), 'done')
})

t.test('what the old connection held comes again on the new one', async (t) => {
  const member = withQueue()
  const before = member.connect(1)
  before.ask(consume({ prefetch: 2 }))
  before.publish('q', 1, 2)
  t.same(before.delivered, [
    { offset: 1, attempt: 0 },
    { offset: 2, attempt: 0 }
  ])
  const after = member.connect(1)
  member.hold()
  after.ask(consume({ prefetch: 2 }))
  member.step([before.gone()])
  member.release()
  member.pass(500)
  t.same(after.delivered, [
    { offset: 1, attempt: 1 },
    { offset: 2, attempt: 1 }
  ])
})

t.test('who is gone before the attachment is committed keeps nobody away', async (t) => {
  const member = withQueue()
  const one = member.connect(1)
  member.hold()
  one.ask(consume({ exclusive: true }))
  member.step([one.gone()])
  member.release()
  const two = member.connect(2)
  t.equal(two.answerTo(two.ask(consume({ exclusive: true }))), 'done')
})

t.test('who settles again and again what it does not hold is not listened to', async (t) => {
  const member = withQueue()
  const client = member.connect(1)
  client.publish('q', 1, 2)
  client.ask(consume({ prefetch: 2 }))
  const settle = (ranges: number[]): string | null => {
    client.connection.settle({ consumer: 1, outcome: 'accepted', ranges })
    client.speak()
    const end = client.events.find(({ type }) => type === 'closed')
    return end?.type === 'closed' ? (end.error?.code ?? 'closed') : null
  }
  for (let turn = 0; turn < 4; turn += 1) t.equal(settle([1, limits.prefetchMax, 7]), null)
  t.equal(settle([1, 1, 0]), null, 'what it holds counts for it')
  t.equal(settle([1, 6, 7]), null)
  t.equal(settle([2, 2, 0]), 'FRAME_INVALID')
  const other = member.connect(2)
  other.ask(consume({ prefetch: 2 }))
  member.pass(500)
  t.match(other.delivered, [{ offset: 2, attempt: 1 }], 'what it still held goes to others')
})

t.test('what was handed out while a purge was on its way costs no credit', async (t) => {
  const member = withQueue()
  const client = member.connect(1)
  client.publish('q', 1, 3)
  const operator = member.connect(2)
  client.ask(consume({ prefetch: 2 }))
  t.equal(client.delivered.length, 2)
  member.hold()
  // The purge spares what is held now; the third message is delivered before it is committed.
  operator.ask({ type: 'purge-queue', name: 'q' })
  const consumer = 1
  client.connection.settle({ consumer, outcome: 'accepted', ranges: [1, 2, 0] })
  client.speak()
  t.equal(client.delivered.length, 3)
  member.release()
  client.publish('q', 4, 2)
  member.pass(500)
  t.equal(client.delivered.length, 4, 'it still works on the third')
  client.connection.settle({ consumer, outcome: 'accepted', ranges: [3, 3, 0] })
  client.speak()
  t.same(
    client.delivered.map(({ offset }) => offset),
    [1, 2, 3, 4, 5]
  )
})

t.test('a connection has so many consumers, and no more', async (t) => {
  const core = coreWith()
  const up = { connection: 1, protocol: 'native', remote: '', certificateName: null } as const
  const session = new NativeSession(core, up)
  for (let number = 0; number < limits.consumersPerClientMax; number++) {
    session.consumers.set(number, {} as SessionConsumer)
  }
  const refused: string[] = []
  const refuse = ({ code }: { code: string }) => refused.push(code)
  startConsumer(core, session, consume(), { done: () => undefined, refuse })
  t.same(refused, ['LIMIT_REACHED'])
})
