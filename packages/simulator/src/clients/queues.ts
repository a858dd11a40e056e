// The queues of a run that are not like the others: their names, and what they are declared with.
import type { QueueOptions } from '@holdfast/protocol'
import { graveExchange, graveQueue, tombQueue } from './ways.ts'

/** What ends unseen in these is counted by the broker alone. */
export const autoAckQueue = 'auto'
export const purgedQueue = 'purged'
export const exclusiveQueue = 'alone'
export const floodedQueue = 'flooded'
/** Its consumers are told no offsets, so what they decide is not compared with the log. */
export const amqpQueue = 'amqp'
export const askedQueue = 'asked'
/**
 * What is rejected in them goes to the grave, which may be of their shard, or not: straight there,
 * or by an exchange, which nobody may route by without a lease.
 */
export const mortalQueues = ['mortal1', 'mortal2'] as const
/** One of the bound queues has one active consumer at a time. */
const singleQueue = 'q4'

export function optionsOf(queue: string): QueueOptions {
  if (queue === singleQueue) return { singleActiveConsumer: true }
  if (queue === tombQueue) return { maxLength: 2, overflow: 'reject-publish' }
  const ways = { deadLetterRoutingKey: graveQueue }
  if (queue === mortalQueues[0]) return { deadLetterExchange: '', ...ways }
  return queue === mortalQueues[1] ? { deadLetterExchange: graveExchange, ...ways } : {}
}
