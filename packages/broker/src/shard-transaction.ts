// Applying a transaction: all of it is checked before anything is done.

import type { PublishHeader } from './publish-section.ts'
import type { ShardQueue } from './queue/queue.ts'
import type { SettleCommand } from './shard-command.ts'
import { applyCommand } from './shard-commands.ts'
import { hasRoom, queueFull, refusesMore } from './shard-length.ts'
import {
  appendRecords,
  applyNumbered,
  bodySizesOf,
  checkRecords,
  refusalOf
} from './shard-publish.ts'
import { accepted, type Refused, refused, type SectionReply } from './shard-reply.ts'
import type { ShardState } from './shard-state.ts'
import { readTransaction, type TransactionHeader } from './transaction-section.ts'

export function applyTransaction(
  state: ShardState,
  data: Uint8Array,
  position: number
): SectionReply {
  let transaction: TransactionHeader
  try {
    transaction = readTransaction(data, position)
  } catch (error) {
    return refusalOf(error)
  }
  return applyNumbered(state, transaction, () => applyParts(state, data, transaction))
}

function applyParts(
  state: ShardState,
  data: Uint8Array,
  { publishes, settlements, queues }: TransactionHeader
): SectionReply {
  try {
    for (const publish of publishes) checkRecords(data, publish)
  } catch (error) {
    return refusalOf(error)
  }
  const refusal =
    missingQueue(state, queues) ??
    staleDelivery(state, settlements) ??
    fullQueue(state, data, publishes)
  if (refusal !== null) return refusal
  for (const publish of publishes) {
    const targets = publish.queues.flatMap((id) => state.queues.get(id) ?? [])
    appendRecords(state, data, publish, targets)
  }
  for (const settlement of settlements) applyCommand(state, settlement)
  return accepted
}

/** Whoever sent it may find that another queue takes what this one does not. */
function missingQueue(state: ShardState, queues: readonly number[]): Refused | null {
  for (const id of queues) {
    const queue = state.queues.get(id)
    if (queue !== undefined && !queue.isClosing(state.timeMs)) continue
    return refused('QUEUE_NOT_FOUND', { queue: id, vhost: '' })
  }
  return null
}

/** All that goes to one queue has to fit. */
function fullQueue(
  state: ShardState,
  data: Uint8Array,
  publishes: readonly PublishHeader[]
): Refused | null {
  const sizes = new Map<ShardQueue, number[]>()
  for (const publish of publishes) {
    for (const id of publish.queues) {
      const queue = state.queues.get(id)
      if (queue === undefined || !refusesMore(queue)) continue
      const all = sizes.get(queue) ?? []
      for (const size of bodySizesOf(data, publish)) all.push(size)
      sizes.set(queue, all)
    }
  }
  for (const [queue, all] of sizes) if (!hasRoom(queue, all)) return queueFull(queue)
  return null
}

/** Of what went back to its queue another one may have made what this transaction publishes. */
function staleDelivery(state: ShardState, settlements: readonly SettleCommand[]): Refused | null {
  for (const { queue: id, ranges } of settlements) {
    const queue = state.queues.get(id)
    for (let at = 0; at < ranges.length; at += 3) {
      const [first = 0, last = 0, attempt = 0] = ranges.slice(at, at + 3)
      for (let offset = first; offset <= last; offset++) {
        if (queue?.row(offset)?.attempt !== attempt) return refused('DELIVERY_STALE')
      }
    }
  }
  return null
}
