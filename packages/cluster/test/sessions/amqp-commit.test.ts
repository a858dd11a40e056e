// A commit on its way: behind what was published before it, until this node is sure where all of it
// goes, and again when a queue turns out to be gone; and what each refusal of the shard becomes.
import type { RequestOf } from '@holdfast/amqp'
import type { WireError } from '@holdfast/errors'
import t from 'tap'
import type { Core } from '../../src/core.ts'
import { limits, times } from '../../src/limits.ts'
import type { OnFence } from '../../src/metadata/fence.ts'
import type { ForwardOutcome } from '../../src/peers/peer-codec.ts'
import type { Routing } from '../../src/publishing/gateway.ts'
import type { Transaction } from '../../src/publishing/shard-stream.ts'
import { AmqpCommit } from '../../src/sessions/amqp-commit.ts'
import type { AmqpSession } from '../../src/sessions/amqp-session.ts'
import { coreWith, pass } from '../part-core.ts'

const queue = { id: 7, group: 1, vhost: '/', name: 'q', owner: null, refusesWhenFull: false }
const targets: Routing = { type: 'targets', targets: [queue], perRecord: false }
const key = { session: '0a', tag: '1' }

type Batch = RequestOf<'commit'>['publishes'][number]

interface Made {
  readonly core: Core
  routing: Routing
  /** What was published before is on its way. */
  areSent: boolean
  isClosed: boolean
  forbidden: WireError | 'wait' | null
  readonly fences: OnFence[]
  readonly sent: { readonly transaction: Transaction; decide(outcome: ForwardOutcome): void }[]
  readonly replies: Batch[]
  /** What commits that have not ended keep. */
  readonly memory: number[]
  excess: WireError | null
  readonly told: unknown[]
  /** Ranges that the consumer holds no longer. */
  readonly gone: (readonly number[])[]
  start(request?: Partial<RequestOf<'commit'>>): void
  later(): void
}

function make(): Made {
  const timers: (() => void)[] = []
  const core = coreWith({
    replies: { send: (_vhost: string, batch: Batch) => made.replies.push(batch) },
    timers: { after: (_ms: number, run: () => void) => timers.push(run) },
    fence: { wait: (done: OnFence) => made.fences.push(done) },
    gateway: {
      route: () => made.routing,
      commit: (_group: number, transaction: Transaction, decide: never) =>
        made.sent.push({ transaction, decide })
    }
  })
  const consumer = {
    queue,
    settings: { key },
    letGo: (ranges: readonly number[]) => made.gone.push(ranges)
  }
  const session = {
    vhost: '/',
    get isClosed() {
      return made.isClosed
    },
    publishes: { lastSequence: 3, areSent: () => made.areSent },
    consumers: { find: (number: number) => (number === 1 ? consumer : null) },
    publishRefusal: () => made.forbidden,
    gathered: {
      begin: (bytes: number) => {
        made.memory.push(bytes)
        return made.excess
      },
      end: (bytes: number) => made.memory.splice(made.memory.indexOf(bytes), 1)
    }
  } as unknown as AmqpSession
  const made: Made = {
    core,
    routing: targets,
    areSent: true,
    isClosed: false,
    forbidden: null,
    fences: [],
    sent: [],
    replies: [],
    memory: [],
    excess: null,
    told: [],
    gone: [],
    start: (request = {}) => {
      const whole = { type: 'commit', publishes: [publish()], settlements: [settled(1)] } as const
      new AmqpCommit(
        core,
        session,
        { ...whole, ...request },
        {
          done: (result) => made.told.push(result),
          refuse: ({ code }) => made.told.push(code)
        }
      ).attempt()
    },
    later: () => {
      for (const run of timers.splice(0)) run()
    }
  }
  return made
}

const publish = (mandatory = true, bytes = 4): Batch => {
  const blob = new Uint8Array(bytes)
  return { exchange: 'x', routingKey: 'k', copies: [], mandatory, count: 1, blob }
}

const settled = (consumer: number): RequestOf<'commit'>['settlements'][number] => ({
  consumer,
  outcome: 'accepted',
  ranges: [4, 5, 0]
})

const accepted = { type: 'accepted', first: 1, last: 1 } as const
const refused = (code: string): ForwardOutcome => ({
  type: 'refused',
  number: 1,
  code,
  details: code === 'FRAME_INVALID' ? { reason: 'r' } : { queue: 7, vhost: '' }
})

t.test('all of it goes to one shard, as one, and is told when it is there', async (t) => {
  const made = make()
  made.start()
  t.match(made.sent[0]?.transaction, {
    publishes: [{ exchange: 'x', routingKey: 'k', queues: [7], count: 1 }],
    settlements: [{ type: 'settle', queue: 7, consumer: key, outcome: 'accepted' }]
  })
  t.same(made.told, [])
  t.ok((made.memory[0] ?? 0) > 4, 'it takes memory until then')
  t.same(made.gone, [], 'it is held until then, and claimed where the queue is led next')
  made.sent[0]?.decide(accepted)
  t.same(made.told, [{ unroutable: [] }])
  t.same(made.gone, [[4, 5, 0]])
  t.same(made.memory, [])
})

t.test('it waits behind what was published before it, and for a lease', async (t) => {
  const made = make()
  made.areSent = false
  made.start()
  made.areSent = true
  made.forbidden = 'wait'
  made.later()
  made.forbidden = null
  made.routing = { type: 'wait' }
  made.later()
  t.equal(made.sent.length, 0)
  made.routing = targets
  made.later()
  t.equal(made.sent.length, 1)
})

t.test('nowhere, and no exchange, are final behind a fence only', async (t) => {
  for (const [routing, told] of [
    [{ type: 'nowhere' }, { unroutable: [0] }],
    [{ type: 'targets', targets: [], perRecord: true }, { unroutable: [0] }],
    [{ type: 'refused', code: 'EXCHANGE_NOT_FOUND' }, 'EXCHANGE_NOT_FOUND']
  ] as const) {
    const made = make()
    made.routing = routing
    made.start({ settlements: [] })
    t.same(made.told, [])
    made.fences.shift()?.(false)
    made.later()
    made.fences.shift()?.(true)
    t.same(made.told, [told])
    t.equal(made.sent.length, 0)
  }
})

t.test('a reply has its copies as well, and is not lost without them', async (t) => {
  const address = 'amq.rabbitmq.reply-to.1.3.1.8000000080000000800000=='
  const reply = { ...publish(), exchange: '', routingKey: address, copies: ['q'] }
  const made = make()
  made.start({ publishes: [reply] })
  t.match(made.sent[0]?.transaction.publishes, [{ routingKey: address, queues: [7] }])
  t.same(made.replies, [], 'it goes out with the commit')
  made.sent[0]?.decide(accepted)
  t.same(made.replies, [reply])
  made.routing = { type: 'nowhere' }
  made.start({ publishes: [reply], settlements: [] })
  made.fences.shift()?.(true)
  t.same(made.replies, [reply, reply])
  t.same(made.told, [{ unroutable: [] }, { unroutable: [] }])
})

t.test('when a queue is gone it is routed again, behind a fence', async (t) => {
  const made = make()
  made.start()
  made.sent[0]?.decide(refused('QUEUE_NOT_FOUND'))
  t.same(made.told, [])
  made.routing = { type: 'targets', targets: [{ ...queue, id: 8 }], perRecord: false }
  made.fences.shift()?.(true)
  made.later()
  t.same(made.sent[1]?.transaction.publishes[0]?.queues, [8])
  made.sent[1]?.decide(accepted)
  t.same(made.told, [{ unroutable: [] }])
})

t.test('not for ever', async (t) => {
  const made = make()
  made.routing = { type: 'wait' }
  made.start()
  pass(made.core, times.requestTimeoutMs)
  made.later()
  t.same(made.told, ['UNAVAILABLE'])
  t.same(made.memory, [])
})

t.test('what cannot be is refused, and nothing is sent', async (t) => {
  const made = make()
  made.start({ settlements: [settled(2)] })
  const size = limits.transactionBytesMax
  made.start({ publishes: [publish(true, size)] })
  made.forbidden = { id: 5008, code: 'ACCESS_REFUSED', message: '', details: {} }
  made.start()
  made.forbidden = null
  made.excess = { id: 1, code: 'LIMIT_REACHED', message: '', details: {} }
  made.start()
  made.excess = null
  made.routing = { type: 'targets', targets: [{ ...queue, id: 9, group: 2 }], perRecord: false }
  made.start()
  const limit = ['LIMIT_REACHED', 'NOT_SUPPORTED']
  t.same(made.told, ['DELIVERY_STALE', 'TRANSACTION_TOO_LARGE', 'ACCESS_REFUSED', ...limit])
  t.same(made.memory, [])
  t.equal(made.sent.length, 0)
})

t.test('what the shard refuses was not done', async (t) => {
  for (const [code, told] of [
    ['DELIVERY_STALE', 'DELIVERY_STALE'],
    ['DISK_LOW', 'DISK_LOW'],
    ['FRAME_INVALID', 'UNAVAILABLE']
  ] as const) {
    const made = make()
    made.start()
    made.sent[0]?.decide(refused(code))
    t.same(made.told, [told])
    t.same(made.gone, [])
    t.same(made.memory, [])
  }
})

t.test('nobody is told who has left', async (t) => {
  const made = make()
  made.start()
  made.isClosed = true
  t.equal(made.memory.length, 1, 'it is on its way all the same')
  made.sent[0]?.decide(accepted)
  t.same(made.memory, [])
  made.start()
  t.same(made.memory, [])
  t.same(made.told, [])
  t.equal(made.sent.length, 1)
})
