// A leader of relayed consumers whose deliveries do nothing but note what is asked of them.
import type { DeliveryRun } from '@holdfast/protocol'
import type { Core } from '../../src/core.ts'
import type { Consumer, ConsumerKey } from '../../src/delivering/consumer.ts'
import type { Call } from '../../src/peers/peer-message.ts'
import type { LeaderRelay } from '../../src/relaying/leader-relay.ts'
import { coreWith } from '../part-core.ts'

/** The node that consumers come from, and what one of them asks for. */
export const gateway = 2
export const key: ConsumerKey = { session: 's'.repeat(16), tag: '1' }
const ways = { prefetch: 10, exclusive: false, priority: 0, resume: null, isIdle: true }
export const attach: Omit<Extract<Call, { type: 'relay-attach' }>, 'attachment'> = {
  type: 'relay-attach',
  group: 1,
  queue: 7,
  consumer: key,
  ...ways
}

/** What a consumer is given, beside its number and the body. */
export const run: Omit<DeliveryRun, 'consumer' | 'blob'> = {
  exchange: '',
  routingKey: '',
  firstOffset: 1,
  count: 1,
  attempt: 0,
  deliveryCount: 0
}

export interface MadeLeader {
  readonly core: Core
  readonly relay: LeaderRelay
  readonly attached: readonly Consumer[]
  /** Queues in which somebody was detached, or which were woken. */
  readonly seen: string[]
  /** Of whom was attached last. */
  readonly isCongested: () => boolean | undefined
}

/** A leader whose deliveries note who was attached, detached and woken. */
export function leader(): MadeLeader {
  const attached: Consumer[] = []
  const seen: string[] = []
  const deliveries = {
    expects: () => false,
    attach: (_group: number, _queue: number, consumer: Consumer) => attached.push(consumer) > 0,
    detach: (group: number, queue: number) => seen.push(`detach ${group}/${queue}`),
    get: () => undefined,
    find: (group: number, queue: number) => ({
      wake: () => seen.push(`wake ${group}/${queue}`)
    })
  }
  const core = coreWith({ deliveries })
  const isCongested = (): boolean | undefined => attached.at(-1)?.recipient.isCongested
  return { core, attached, seen, isCongested, relay: core.leaderRelay }
}
