// A relayed consumer at its gateway: what its leader is told, and again, whatever is lost between.
import type { DeliveryRun } from '@holdfast/protocol'
import t from 'tap'
import { limits, times } from '../../src/limits.ts'
import type { Call, CallResult, Cast } from '../../src/peers/peer-message.ts'
import { ClientConsumer } from '../../src/relaying/client-consumer.ts'
import { refusal } from '../../src/sessions/responder.ts'
import { coreWith, linkTo, pass, sent } from '../part-core.ts'

const target = { id: 7, group: 1, vhost: '/', name: 'q', owner: null, refusesWhenFull: false }
const lost = refusal('UNAVAILABLE', { reason: 'lost' })

/** A consumer at node 1 of a queue that node 2 leads. */
function make(isIdle: boolean) {
  const core = coreWith({ reports: { locate: () => 2 } })
  linkTo(core, 2)
  const delivered: DeliveryRun[] = []
  const ended: string[] = []
  const owner = {
    isCongested: false,
    deliver: (run: DeliveryRun) => delivered.push(run),
    consumerEnded: (_number: number, error: { code: string }) => ended.push(error.code)
  }
  const ways = { prefetch: 10, exclusive: false, priority: 0, autoAck: false, isIdle }
  const key = { session: '0a', tag: '1' }
  const consumer = new ClientConsumer(core, owner, target, { number: 1, key, ...ways })
  /** Calls and casts that went out since the last look. */
  const said = (): (Call | Cast)[] => {
    return sent(core).flatMap<Call | Cast>(({ message }) => {
      if (message.type === 'call') calls.push(message)
      return message.type === 'call'
        ? [message.call]
        : message.type === 'cast'
          ? [message.cast]
          : []
    })
  }
  const calls: { readonly id: number; readonly call: Call }[] = []
  /** The leader answers the first call of a type that is not answered. */
  const answer = (type: Call['type'], result: CallResult = { type: 'done' }): void => {
    const at = calls.findIndex(({ call }) => call.type === type)
    const [call] = at < 0 ? [] : calls.splice(at, 1)
    if (call !== undefined) core.calls.result(2, call.id, result)
  }
  const deliver = (attachment: number, firstOffset: number): void => {
    const run = { exchange: '', routingKey: 'q', firstOffset, count: 1, attempt: 0 }
    const blob = new Uint8Array(1)
    core.gatewayRelay.deliver(2, { ...run, consumer: attachment, deliveryCount: 0, blob })
  }
  const later = (durationMs: number): void => {
    pass(core, durationMs)
    core.timers.tick()
    core.calls.tick()
  }
  return { core, consumer, delivered, ended, said, answer, deliver, later }
}

/** A get, and what came of it. */
function get(consumer: ClientConsumer): string[] {
  const outcomes: string[] = []
  consumer.get(
    (ready) => outcomes.push(`${ready}`),
    (error) => outcomes.push(error.code)
  )
  return outcomes
}

const attachmentOf = (said: readonly (Call | Cast)[]): number => {
  for (const one of said) if ('attachment' in one) return one.attachment
  return 0
}

t.test('what was got holds as much as a consumer may', async (t) => {
  const { consumer, said, deliver } = make(true)
  get(consumer)
  const attachment = attachmentOf(said())
  for (let offset = 1; offset < limits.prefetchMax; offset++) deliver(attachment, offset)
  t.notOk(consumer.isFull)
  deliver(attachment, limits.prefetchMax)
  t.ok(consumer.isFull)
  consumer.settle('accepted', [1, 1, 0])
  t.notOk(consumer.isFull)
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

t.test('who goes while its attachment is in limbo is detached', async (t) => {
  const { consumer, said, later } = make(false)
  consumer.start({ done: () => undefined, refuse: () => undefined })
  const attachment = attachmentOf(said())
  later(times.callTimeoutMs)
  t.same(said(), [])
  consumer.release()
  t.match(said(), [{ type: 'relay-detach', attachment }])
})

/** A consumer that holds two messages, and has settled the first. */
function makeSettling() {
  const made = make(false)
  const { consumer, said, answer, deliver } = made
  consumer.start({ done: () => undefined, refuse: () => undefined })
  const attachment = attachmentOf(said())
  answer('relay-attach')
  deliver(attachment, 1)
  deliver(attachment, 2)
  let settled = 0
  consumer.settle('accepted', [1, 1, 0], () => settled++)
  said()
  return { ...made, attachment, settled: () => settled }
}

t.test('what who goes has settled while no leader was there the next one is told', async (t) => {
  const { consumer, said, answer, later, ended } = makeSettling()
  consumer.lost(lost)
  let isReleased = false
  consumer.release(() => {
    isReleased = true
  })
  t.ok(isReleased, 'who waits for its end does not wait for a leader')
  later(times.retryMs)
  const attaching = said()
  t.match(attaching, [{ type: 'relay-attach', isIdle: true, resume: [1, 2, 0] }])
  answer('relay-attach')
  const attachment = attachmentOf(attaching)
  const [settle, ...rest] = said()
  t.match(settle, { type: 'relay-settle', attachment, ranges: [1, 1, 0] })
  t.match(rest, [{ type: 'relay-detach', attachment }])
  answer('relay-detach')
  later(times.requestTimeoutMs)
  t.same(said(), [], 'that was all')
  t.same(ended, [], 'its client is told nothing of it')
})

t.test('the same if its leader goes before it has answered', async (t) => {
  const { consumer, attachment, said, answer, later, settled } = makeSettling()
  let isReleased = false
  consumer.release(() => {
    isReleased = true
  })
  t.match(said(), [{ type: 'relay-detach', attachment }], 'right behind what was settled')
  t.equal(settled(), 0)
  answer('relay-detach', { type: 'error', error: refusal('NOT_LEADER', { group: 1, leader: 3 }) })
  t.equal(settled(), 1)
  t.ok(isReleased)
  later(times.retryMs)
  t.match(said(), [{ type: 'relay-attach', isIdle: true, resume: [1, 2, 0] }])
  answer('relay-attach')
  t.match(said(), [{ type: 'relay-settle', ranges: [1, 1, 0] }, { type: 'relay-detach' }])
  answer('relay-detach')
  t.ok(consumer.isEnded)
  t.same(said(), [])
})

t.test('who goes is detached once where its leader answers', async (t) => {
  const { consumer, attachment, said, answer, deliver, delivered, settled } = makeSettling()
  const before = delivered.length
  consumer.release()
  said()
  deliver(attachment, 3)
  t.equal(delivered.length, before, 'nobody gets what was on its way')
  said()
  answer('relay-detach')
  t.equal(settled(), 1)
  t.ok(consumer.isEnded)
  t.same(said(), [])
})

t.test('who goes looks for a leader only so long', async (t) => {
  const { consumer, said, answer, later, ended } = makeSettling()
  consumer.lost(lost)
  consumer.release()
  for (let passed = 0; passed < times.requestTimeoutMs; passed += times.retryMs) {
    later(times.retryMs)
    said()
    answer('relay-attach', { type: 'error', error: lost })
  }
  later(times.retryMs)
  t.ok(consumer.isEnded)
  t.same(ended, [])
  said()
  later(times.requestTimeoutMs)
  t.same(said(), [])
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
