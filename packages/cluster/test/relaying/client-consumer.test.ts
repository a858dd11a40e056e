// A relayed consumer at its gateway: what its leader is told, and again, whatever is lost between.
import t from 'tap'
import { limits, times } from '../../src/limits.ts'
import type { ClientConsumer } from '../../src/relaying/client-consumer.ts'
import { attachmentOf, lost, make } from './made-consumer.ts'

/** A get, and what came of it. */
function get(consumer: ClientConsumer): string[] {
  const outcomes: string[] = []
  consumer.get(
    (ready) => outcomes.push(`${ready}`),
    (error) => outcomes.push(error.code)
  )
  return outcomes
}

t.test('what was got holds as much as a consumer may', async (t) => {
  const { consumer, said, deliver } = make(true)
  get(consumer)
  const attachment = attachmentOf(said())
  for (let offset = 1; offset < limits.prefetchMax; offset++) deliver(attachment, offset)
  t.notOk(consumer.held.isFull)
  deliver(attachment, limits.prefetchMax)
  t.ok(consumer.held.isFull)
  consumer.settle('accepted', [1, 1, 0])
  t.notOk(consumer.held.isFull)
})

t.test('who holds something is attached with it before it gets more', async (t) => {
  const { consumer, said, answer, deliver, later } = make(true)
  get(consumer)
  const first = attachmentOf(said())
  deliver(first, 1)
  deliver(first, 2)
  answer('relay-get', { type: 'got', isFound: true, ready: 0 })
  consumer.settle('accepted', [1, 1, 0])
  t.match(said(), [{ type: 'relay-taken' }, { type: 'relay-taken' }, { type: 'relay-settle' }])
  consumer.lost(lost)
  t.same(get(consumer), ['UNAVAILABLE'])
  t.same(said(), [])
  later(times.retryMs)
  const attaching = said()
  t.match(attaching, [{ type: 'relay-attach', isIdle: true, resume: [1, 2, 0] }])
  answer('relay-attach')
  t.match(said(), [{ type: 'relay-settle', ranges: [1, 1, 0] }], 'what was in limbo is told again')
  get(consumer)
  t.match(said(), [{ type: 'relay-get', attachment: attachmentOf(attaching) }])
})

t.test('who asked for messages and holds none is not kept for a next leader', async (t) => {
  const { consumer, ended, said, answer, deliver, later } = make(true)
  get(consumer)
  const attachment = attachmentOf(said())
  deliver(attachment, 1)
  answer('relay-get', { type: 'got', isFound: true, ready: 0 })
  consumer.lost(lost)
  t.same(ended, [], 'it holds something')
  later(times.retryMs)
  said()
  answer('relay-attach')
  consumer.settle('accepted', [1, 1, 0])
  for (const one of said()) if (one.type === 'relay-settle') consumer.settled(one.settleSequence)
  consumer.lost(lost)
  t.same(ended, ['UNAVAILABLE'])
  t.ok(consumer.isEnded)
  t.match(said(), [{ type: 'relay-detach' }])
})

t.test('its leader is told of its end, however much is unanswered', async (t) => {
  const { core, consumer, said, answer } = make(false)
  consumer.start({ done: () => undefined, refuse: () => undefined })
  const attachment = attachmentOf(said())
  answer('relay-attach')
  for (let i = 0; i < limits.callsMax; i++) {
    core.calls.call(2, { type: 'inspect', group: 1, queue: 7 }, () => undefined)
  }
  said()
  let answers = 0
  const done = (): void => {
    answers++
  }
  consumer.stop(done)
  t.match(said(), [{ type: 'relay-stop', attachment }])
  consumer.release(done)
  t.match(said(), [{ type: 'relay-detach', attachment }])
  t.equal(answers, 2, 'nobody waits for the answer')
})

t.test('deliveries for nobody end their attachment, however much is unanswered', async (t) => {
  const { core, said, deliver } = make(false)
  for (let i = 0; i < limits.callsMax; i++) {
    core.calls.call(2, { type: 'inspect', group: 1, queue: 7 }, () => undefined)
  }
  said()
  deliver(99, 1)
  t.match(said(), [{ type: 'relay-detach', attachment: 99 }])
})

t.test('a get that was given up leaves nothing behind at the leader', async (t) => {
  const { consumer, delivered, said, deliver, later } = make(true)
  const outcomes = get(consumer)
  const attachment = attachmentOf(said())
  later(times.callTimeoutMs)
  t.same(outcomes, ['UNAVAILABLE'])
  t.match(said(), [{ type: 'relay-detach', attachment }])
  deliver(attachment, 1)
  t.same(delivered, [], 'it was on its way, and goes back')
  t.match(said(), [{ type: 'relay-detach', attachment }])
})

t.test(
  'an answer for an attachment that has ended does not say that there is nothing',
  async (t) => {
    const { core, consumer, ended, said, answer } = make(true)
    const outcomes = get(consumer)
    const attachment = attachmentOf(said())
    core.gatewayRelay.ended(attachment, lost)
    t.same(ended, ['UNAVAILABLE'])
    t.match(said(), [{ type: 'relay-detach', attachment }])
    answer('relay-get', { type: 'got', isFound: false, ready: 0 })
    t.same(outcomes, ['UNAVAILABLE'], 'it is asked for again')
  }
)

t.test('who goes while its attachment is in limbo is detached', async (t) => {
  const { consumer, said, later } = make(false)
  consumer.start({ done: () => undefined, refuse: () => undefined })
  const attachment = attachmentOf(said())
  later(times.callTimeoutMs)
  t.same(said(), [])
  consumer.release()
  t.match(said(), [{ type: 'relay-detach', attachment }])
})

t.test('a leader knows how much a consumer may hold, and so does the next', async (t) => {
  const { consumer, said, answer, later } = make(false)
  consumer.start({ done: () => undefined, refuse: () => undefined })
  t.match(said(), [{ type: 'relay-attach', prefetch: 10 }])
  consumer.setPrefetch(3)
  t.same(said(), [], 'told once it is attached')
  answer('relay-attach')
  t.match(said(), [{ type: 'relay-prefetch', prefetch: 3 }])
  consumer.setPrefetch(3)
  t.same(said(), [])
  consumer.setPrefetch(20)
  t.match(said(), [{ type: 'relay-prefetch', prefetch: 20 }])
  consumer.lost(lost)
  consumer.setPrefetch(30)
  later(times.retryMs)
  t.match(said(), [{ type: 'relay-attach', prefetch: 30 }])
  answer('relay-attach')
  t.same(said(), [])
})

t.test('a consumer is attached anew however long ago it was attached first', async (t) => {
  const { consumer, ended, said, answer, later } = make(false)
  consumer.start({ done: () => undefined, refuse: () => undefined })
  said()
  answer('relay-attach')
  later(times.requestTimeoutMs)
  consumer.lost(lost)
  t.same(ended, [])
  later(times.retryMs)
  t.match(said(), [{ type: 'relay-attach' }])
})
