// A dead letter as it is published: the record that its queue's log has, with the history of its
// deaths written into the headers, under its number. The same bytes at each try.
import { type DeadLetterMessage, deadLetterAt } from '@holdfast/amqp'
import {
  type DeadLetter,
  type DeadLetterSettings,
  type QueueView,
  readSectionHeader
} from '@holdfast/broker'
import { reservedProducer } from '@holdfast/record'
import type { GroupId } from '../log-store.ts'
import type { Batch, Producer } from '../publishing/publish.ts'

/** Whose log has what happens to it. */
export interface DeadLetterSource {
  readonly group: GroupId
  readonly queue: QueueView
  readonly settings: DeadLetterSettings
  /** Queues of the group that dropped letters, which was said. */
  readonly dropping: Set<number>
}

export function batchOf(source: DeadLetterSource, letter: DeadLetter, data: Uint8Array): Batch {
  const { queue, settings } = source
  const origin = readSectionHeader(data, letter.section)
  const { exchange, routingKey: cameWith, isDeadLetter } = origin
  const { reason, timeMs, number, position } = letter
  const block = Math.floor(number / blockNumbers)
  const first = Math.max(1, block * blockNumbers)
  const isRerouted = settings.routingKey !== null
  const message: DeadLetterMessage = deadLetterAt(
    data,
    position,
    { queue: queue.name, reason, timeMs, exchange, routingKey: cameWith },
    { hasHistory: isDeadLetter, isRerouted }
  )
  return {
    exchange: settings.exchange,
    routingKey: settings.routingKey ?? cameWith,
    copies: message.copies,
    mandatory: true,
    first: true,
    firstSequence: number,
    lowestUnconfirmed: Math.min(number, queue.dead.next(first)?.number ?? number),
    count: 1,
    blob: message.record,
    deadLetter: {
      producer: producerOf(queue.id, block),
      barred: message.visited
    }
  }
}

/**
 * Numbers of one producer. While one letter waits, what its target knows of those behind it are
 * runs with gaps, where others went elsewhere; there are never more than a shard keeps of a
 * producer.
 */
export const blockNumbers = 32_768

/**
 * One that no client and no other queue can have. There are 64 bits for more: blocks of one queue
 * come again after years; ids of queues pass 2^32 after a million changes of the metadata, hence
 * the odd multiple, which keeps queues with the same 32 bits as far apart as blocks of years.
 */
function producerOf(queue: number, block: number): Producer {
  const id = new Uint8Array(16)
  id.set(reservedProducer)
  const view = new DataView(id.buffer)
  view.setUint32(8, queue)
  view.setUint32(12, block + Math.imul(Math.floor(queue / 2 ** 32), 0x9e3779b1))
  return { id, epoch: 1 }
}
