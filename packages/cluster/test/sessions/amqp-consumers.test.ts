// What an AMQP connection may own at its node.
import t from 'tap'
import type { Core } from '../../src/core.ts'
import { limits } from '../../src/limits.ts'
import type { Answer } from '../../src/peers/calls.ts'
import type { Call } from '../../src/peers/peer-message.ts'
import { AmqpConsumers } from '../../src/sessions/amqp-consumers.ts'
import type { AmqpSession } from '../../src/sessions/amqp-session.ts'
import { coreWith } from '../part-core.ts'

const target = { id: 7, group: 1, vhost: '/', name: 'q', owner: null }

/** The consumers of a connection, and a queue that has a message for every get. */
function make() {
  let offset = 0
  const asked: Call[] = []
  const core: Core = coreWith({
    reports: { locate: () => 2 },
    metadata: { machine: { topology: { queue: () => target } } },
    calls: {
      call: (node: number, call: Call, answer: Answer): void => {
        asked.push(call)
        if (call.type !== 'relay-get') return
        offset++
        const run = { exchange: '', routingKey: 'q', firstOffset: offset, count: 1, attempt: 0 }
        const rest = { consumer: call.attachment, deliveryCount: 0, blob: new Uint8Array(0) }
        core.gatewayRelay.deliver(node, { ...run, ...rest })
        answer({ type: 'got', isFound: true, ready: 1 })
      }
    }
  })
  const rights = { readRefusal: () => null }
  const session = { id: 5, vhost: '/', isClosed: false, isCongested: false, rights }
  const consumers: AmqpConsumers = new AmqpConsumers(core, {
    ...session,
    deliver: (run: Parameters<AmqpConsumers['deliver']>[0]) => consumers.deliver(run)
  } as unknown as AmqpSession)
  const get = (autoAck: boolean): string => {
    let outcome = 'nothing'
    consumers.get(
      1,
      { type: 'get', queue: 'q', autoAck },
      {
        done: (result) => {
          outcome = result === null ? 'empty' : 'got'
        },
        refuse: (error) => {
          outcome = error.code
        }
      }
    )
    return outcome
  }
  return { consumers, asked, get }
}

t.test('what is got without end is refused, until some of it is settled', async (t) => {
  const { consumers, get } = make()
  for (let i = 0; i < limits.prefetchMax; i++) get(false)
  t.equal(get(false), 'LIMIT_REACHED')
  t.equal(get(true), 'got', 'what is not held is not bounded')
  consumers.settle({ type: 'settle', consumer: 1, outcome: 'accepted', ranges: [1, 2, 0] })
  t.equal(get(false), 'got')
})

t.test('no native client can be taken for a consumer of AMQP', async (t) => {
  const { asked, get } = make()
  get(false)
  const [call] = asked
  const session = call?.type === 'relay-get' ? call.consumer.session : ''
  t.match(session, /^[0-9a-f]{33,}$/, 'the id that a native client chooses has 32 digits')
})
