// A relayed consumer at its gateway, node 1, of a queue that node 2 leads: what its leader is told,
// and what a test answers in its place.
import type { WireError } from '@holdfast/errors'
import type { DeliveryRun } from '@holdfast/protocol'
import type { Core } from '../../src/core.ts'
import type { Call, CallResult, Cast } from '../../src/peers/peer-message.ts'
import { ClientConsumer } from '../../src/relaying/client-consumer.ts'
import { refusal } from '../../src/sessions/responder.ts'
import { coreWith, linkTo, pass, sent } from '../part-core.ts'

const target = { id: 7, group: 1, vhost: '/', name: 'q', owner: null, refusesWhenFull: false }
export const lost: WireError = refusal('UNAVAILABLE', { reason: 'lost' })

export interface MadeConsumer {
  readonly core: Core
  readonly consumer: ClientConsumer
  /** What its client got, and with which errors it was told to be at its end. */
  readonly delivered: readonly DeliveryRun[]
  readonly ended: readonly string[]
  /** Calls and casts that went out since the last look. */
  readonly said: () => (Call | Cast)[]
  /** The leader answers the first call of a type that is not answered. */
  readonly answer: (type: Call['type'], result?: CallResult) => void
  readonly deliver: (attachment: number, firstOffset: number) => void
  readonly later: (durationMs: number) => void
}

export function make(isIdle: boolean): MadeConsumer {
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
  const calls: { readonly id: number; readonly call: Call }[] = []
  const said = (): (Call | Cast)[] => {
    return sent(core).flatMap<Call | Cast>(({ message }) => {
      if (message.type === 'call') calls.push(message)
      if (message.type === 'call') return [message.call]
      return message.type === 'cast' ? [message.cast] : []
    })
  }
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

export function attachmentOf(said: readonly (Call | Cast)[]): number {
  for (const one of said) if ('attachment' in one) return one.attachment
  return 0
}

export interface SettlingConsumer extends MadeConsumer {
  readonly attachment: number
  /** How often it was told that what it has settled is in the log, or not known to be. */
  readonly settled: () => number
}

/** It holds two messages, and has settled the first. */
export function makeSettling(): SettlingConsumer {
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
