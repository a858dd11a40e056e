// What AMQP clients ask for while a queue has no leader.
import type { AmqpRequest } from '@holdfast/amqp'
import t from 'tap'
import { times } from '../../src/limits.ts'
import type { Answer } from '../../src/peers/calls.ts'
import { handleAmqpRequest } from '../../src/sessions/amqp-requests.ts'
import type { AmqpSession } from '../../src/sessions/amqp-session.ts'
import { coreWith, pass } from '../part-core.ts'

const queue = { id: 7, group: 1, vhost: '/', name: 'q', owner: null, options: { arguments: {} } }

/** A session that looks at a queue, whose leader answers as a test says. */
function looking() {
  const questions: Answer[] = []
  const told: unknown[] = []
  const core = coreWith({
    reports: { locate: () => 2 },
    lease: { isValid: true },
    metadata: { machine: { clusterId: 'c', topology: { queue: () => queue } } },
    calls: { call: (_node: number, _call: unknown, answer: Answer) => questions.push(answer) }
  })
  const begun = { begin: () => () => undefined }
  const session = {
    vhost: '/',
    isClosed: false,
    changes: begun,
    consumers: { deletions: begun, whenGivenBack: (work: () => void) => work() },
    rights: { require: (_needs: unknown, _to: unknown, work: () => void) => work() },
    connection: { respond: (_id: number, result: unknown) => told.push(result) },
    answered: () => undefined
  } as unknown as AmqpSession
  const request: AmqpRequest = { type: 'inspect-queue', name: 'q' }
  handleAmqpRequest(core, session, { type: 'request', requestId: 1, channel: 1, request })
  const later = (durationMs: number): void => {
    pass(core, durationMs)
    core.timers.tick()
  }
  const refuse = (): void => {
    questions.shift()?.({ type: 'error', error: { code: 'NOT_LEADER', details: {} } } as never)
  }
  return { questions, told, later, refuse }
}

t.test('how much is in a queue is asked again while it has no leader', async (t) => {
  const { questions, told, later, refuse } = looking()
  refuse()
  t.same(told, [])
  later(times.retryMs)
  const counts = { ready: 50, unsettled: 0, consumers: 0, bytes: 50, deadLetters: 0 }
  questions.shift()?.({ type: 'counts', counts })
  t.same(told, [{ name: 'q', ready: 50, consumers: 0 }])
})

t.test('it is not waited for without end', async (t) => {
  const { told, later, refuse } = looking()
  refuse()
  later(times.callTimeoutMs - 1)
  refuse()
  t.same(told, [])
  later(times.retryMs)
  refuse()
  t.same(told, [{ name: 'q', ready: null, consumers: null }])
})
