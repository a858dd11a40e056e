// What an AMQP connection may own at its node, and as whom.
import type { AmqpResults } from '@holdfast/amqp'
import t from 'tap'
import type { Core } from '../../src/core.ts'
import { limits } from '../../src/limits.ts'
import type { Answer } from '../../src/peers/calls.ts'
import type { PeerMessage } from '../../src/peers/peer-codec.ts'
import type { Call } from '../../src/peers/peer-message.ts'
import { AmqpConsumers } from '../../src/sessions/amqp-consumers.ts'
import { AmqpSession } from '../../src/sessions/amqp-session.ts'
import type { Responder } from '../../src/sessions/responder.ts'
import { LoneMember } from '../lone-member.ts'
import { coreWith } from '../part-core.ts'

const target = { id: 7, group: 1, vhost: '/', name: 'q', owner: null }

/**
 * The consumers of a connection, and a queue that has a message for every get. Its leader answers
 * what has to arrive when a test says so.
 */
function make() {
  let offset = 0
  const asked: Call[] = []
  const insisted: { readonly type: string; readonly answer: () => void }[] = []
  const told: PeerMessage[] = []
  const core: Core = coreWith({
    reports: { locate: () => 2 },
    peers: { send: (_node: number, message: PeerMessage) => told.push(message) },
    metadata: { machine: { topology: { queue: () => target } } },
    calls: {
      call: (node: number, call: Call, answer: Answer): void => {
        asked.push(call)
        if (call.type === 'relay-attach') return answer({ type: 'done' })
        if (call.type !== 'relay-get') return
        offset++
        const run = { exchange: '', routingKey: 'q', firstOffset: offset, count: 1, attempt: 0 }
        const rest = { consumer: call.attachment, deliveryCount: 0, blob: new Uint8Array(0) }
        core.gatewayRelay.deliver(node, { ...run, ...rest })
        answer({ type: 'got', isFound: true, ready: 1 })
      },
      insist: (_: number, { type }: Call, answer: Answer): void => {
        insisted.push({ type, answer: () => answer({ type: 'done' }) })
      }
    }
  })
  const rights = { readRefusal: () => null }
  const session = { id: 5, vhost: '/', isClosed: false, isCongested: false, rights }
  /** The client has closed, or was closed, and takes nothing. */
  const connection = { deliver: () => false }
  const consumers: AmqpConsumers = new AmqpConsumers(core, {
    ...session,
    connection,
    deliver: (run: Parameters<AmqpConsumers['deliver']>[0]) => consumers.deliver(run)
  } as unknown as AmqpSession)
  const get = (autoAck: boolean): string => {
    let outcome = 'nothing'
    consumers.get(
      1,
      { type: 'get', queue: 'q', autoAck },
      {
        done: (result) => {
          outcome = (result as AmqpResults['get']).run === null ? 'empty' : 'got'
        },
        refuse: (error) => {
          outcome = error.code
        }
      }
    )
    return outcome
  }
  return { core, consumers, asked, insisted, told, get }
}

const consume = {
  type: 'consume',
  queue: 'q',
  tag: 'c',
  prefetch: 5,
  autoAck: false,
  exclusive: false,
  priority: 0,
  arguments: {}
} as const

const noAnswer: Responder = { done: () => undefined, refuse: () => undefined }

/** The leader gives two messages to the consumer that was attached first. */
function deliver(core: Core, [attach]: readonly Call[]): void {
  const attachment = attach?.type === 'relay-attach' ? attach.attachment : 0
  const run = { exchange: '', routingKey: 'q', firstOffset: 4, count: 2, attempt: 0 }
  const rest = { consumer: attachment, deliveryCount: 0, blob: new Uint8Array(0) }
  core.gatewayRelay.deliver(2, { ...run, ...rest })
}

/** Of each queue, how many may hold something of it, as its leader knows them. */
function holders(member: LoneMember): number[] {
  const { shards } = member.memory()
  return shards.flatMap(({ deliveries }) => deliveries.map(({ consumers }) => consumers.length))
}

/** Whether all that was given back is known to be in its queues. */
function isBack(consumers: AmqpConsumers): boolean {
  let isSo = false
  consumers.whenGivenBack(() => {
    isSo = true
  })
  return isSo
}

t.test('what is got without end is refused, until some of it is settled', async (t) => {
  const { consumers, get } = make()
  for (let i = 0; i < limits.prefetchMax; i++) get(false)
  t.equal(get(false), 'LIMIT_REACHED')
  t.equal(get(true), 'got', 'what is not held is not bounded')
  consumers.settle({ type: 'settle', consumer: 1, outcome: 'accepted', ranges: [1, 2, 0] })
  t.equal(get(false), 'got')
})

t.test(
  'what was on its way to a consumer that is cancelled goes back unseen, and is waited for',
  async (t) => {
    const { core, consumers, asked, insisted, told } = make()
    consumers.consume(consume, noAnswer)
    consumers.cancel(1, noAnswer)
    deliver(core, asked)
    t.match(insisted, [{ type: 'relay-stop' }])
    t.match(told.at(0), { cast: { type: 'relay-settle', outcome: 'unseen', ranges: [4, 5, 0] } })
    insisted[0]?.answer()
    t.notOk(isBack(consumers))
    core.gatewayRelay.settled(1)
    t.ok(isBack(consumers))
  }
)

t.test('who takes nothing any more is given nothing, and settles nothing by that', async (t) => {
  const { core, consumers, asked, insisted, told } = make()
  consumers.consume({ ...consume, autoAck: true }, noAnswer)
  deliver(core, asked)
  t.match(insisted, [{ type: 'relay-stop' }])
  const settlements = told.flatMap((message) =>
    message.type === 'cast' && message.cast.type === 'relay-settle' ? [message.cast] : []
  )
  t.match(settlements, [{ outcome: 'unseen', ranges: [4, 5, 0] }])
  deliver(core, asked)
  t.equal(insisted.length, 1, 'it is stopped once')
})

t.test('what a consumer held that ends is waited for', async (t) => {
  const { core, consumers, insisted, get } = make()
  consumers.consume(consume, noAnswer)
  get(false)
  get(false)
  consumers.settle({ type: 'settle', consumer: 2, outcome: 'released', ranges: [1, 1, 0] })
  let answers = 0
  const done = (): void => {
    answers++
  }
  consumers.release([1], done)
  consumers.release([2], done)
  t.same(
    insisted.map(({ type }) => type),
    ['relay-detach'],
    'the log does not know who got: its end comes behind what it gave back'
  )
  core.gatewayRelay.settled(1)
  t.equal(insisted.length, 2)
  t.notOk(isBack(consumers))
  insisted[1]?.answer()
  t.equal(answers, 1, 'neither waits for the other')
  t.notOk(isBack(consumers))
  insisted[0]?.answer()
  t.equal(answers, 2)
  t.ok(isBack(consumers))
})

t.test('a channel that has asked for messages leaves nothing behind at its end', async (t) => {
  const member = new LoneMember()
  const client = member.connectAmqp()
  client.declare('q')
  client.publish('q', 'a')
  member.pass(500)
  client.heard()
  for (const noAck of [true, true, false]) {
    client.get('q', noAck)
    member.pass(100)
  }
  t.same(client.heard(), ['basic.get-ok 1 a', 'basic.get-empty', 'basic.get-empty'])
  t.same(holders(member), [1])
  const close = { replyCode: 200, replyText: '', classId: 0, methodId: 0 }
  client.send({ type: 'channel.close', ...close })
  member.pass(100)
  t.same(client.heard(), ['channel.close-ok'])
  t.same(holders(member), [0])
})

t.test('nobody waits for the end of who asked for messages and holds none', async (t) => {
  const { core, consumers, insisted, get } = make()
  get(false)
  consumers.settle({ type: 'settle', consumer: 1, outcome: 'accepted', ranges: [1, 1, 0] })
  core.gatewayRelay.settled(1)
  let isDone = false
  consumers.release([1], () => {
    isDone = true
  })
  t.match(insisted, [{ type: 'relay-detach' }], 'the leader is told')
  t.ok(isDone)
  t.ok(isBack(consumers))
})

t.test('who asks for messages while nobody leads is not kept', async (t) => {
  const { core, consumers, get } = make()
  Object.assign(core, { reports: { locate: () => null } })
  t.equal(get(false), 'nothing', 'it is asked for again')
  t.equal(consumers.find(1), null)
})

t.test('no native client can be taken for one of AMQP', async (t) => {
  const core = coreWith({ groups: { selfReplica: 3 }, gateway: { epoch: 2 } })
  const session = new AmqpSession(core, {
    connection: 5,
    protocol: 'amqp',
    remote: '127.0.0.1',
    certificateName: null
  })
  t.match(session.clientKey, /^[0-9a-f]{33,}$/, 'the key that a native client chooses has 32')
})
