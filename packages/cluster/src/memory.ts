// What a node has in memory of the shards that it leads and of its clients: for whoever audits it,
// since what is forgotten there shows late, or never.
import type { QueueRanges, QueueView } from '@holdfast/broker'
import type { Core } from './core.ts'
import type { ConsumerKey } from './delivering/consumer.ts'
import type { QueueDelivery } from './delivering/queue-delivery.ts'
import type { GroupId } from './log-store.ts'

export interface ConsumerMemory {
  readonly key: ConsumerKey
  /** What it holds, as it is counted against its credit. */
  readonly unsettled: number
}

/** Deliveries of a queue. */
export interface DeliveryMemory {
  readonly queue: QueueView
  /** Whoever may hold something. */
  readonly consumers: readonly ConsumerMemory[]
  /** By offset: one of those consumers; null while the log decides. */
  readonly held: ReadonlyMap<number, ConsumerMemory | null>
}

export interface ShardMemory {
  readonly group: GroupId
  readonly queues: readonly QueueView[]
  readonly deliveries: readonly DeliveryMemory[]
  /** Log time before which nothing is due that is not named, and that nobody may hold. */
  readonly nextDueMs: number
  /** The log is about to decide on whether these expire. */
  readonly named: readonly QueueRanges[]
  readonly mayBeHeld: (queue: QueueView, offset: number) => boolean
}

export interface NodeMemory {
  /** Those that it leads. */
  readonly shards: readonly ShardMemory[]
  /** What is none where nothing is under way, by what it is. */
  readonly open: Readonly<Record<string, number>>
}

export function memoryOf(core: Core): NodeMemory {
  const { gateway, sessions, deliveries, gatewayRelay, leaderRelay } = core
  let waiting = 0
  for (const shard of deliveries.shards.values()) {
    for (const { held } of shard.values()) waiting += held.waitingCount
  }
  const open = {
    'attachments on their way': deliveries.expectedCount,
    'settlements that wait for the log': waiting,
    'calls of gateways without an answer': leaderRelay.waitingCount,
    'settlements and roll calls without an answer': gatewayRelay.openCount,
    'bytes that clients have not taken': leaderRelay.untakenBytes,
    'bytes of publishes without an outcome': gateway.pendingBytes,
    'bytes of publishes of AMQP connections': sessions.amqpBytes,
    'bytes of credit in use': sessions.credit.usedBytes,
    'bytes in transactions': sessions.gathered.transactions.bytes,
    'bytes of incomplete publishes': sessions.gathered.contents.bytes
  }
  const shards = [...deliveries.shards.keys()].flatMap((group) => shardMemory(core, group) ?? [])
  return { shards, open }
}

function shardMemory(core: Core, group: GroupId): ShardMemory | null {
  const { groups, deliveries, expiry } = core
  const machine = groups.shardHost(group)?.machine
  if (machine === undefined) return null
  const all = [...(deliveries.shards.get(group)?.values() ?? [])]
  return {
    group,
    queues: machine.queues(),
    deliveries: all.map(memoryOfQueue),
    nextDueMs: machine.nextDueMs,
    named: expiry.named(group),
    mayBeHeld: (queue, offset) => {
      const delivery = deliveries.find(group, queue.id)
      return delivery?.mayBeHeld(offset) ?? (offset <= queue.mark && queue.isOut(offset))
    }
  }
}

function memoryOfQueue(delivery: QueueDelivery): DeliveryMemory {
  return { queue: delivery.queue, consumers: delivery.holders(), held: delivery.held.holders }
}
