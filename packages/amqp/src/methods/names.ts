// Names of queues and exchanges in methods: what is stripped from them, what an empty one means,
// and which may not be used as if they were ordinary ones.
import type { Channel } from '../channel.ts'
import { AmqpError } from '../replies.ts'

/** The queue that stands for the consumer of replies of a channel (direct reply-to). */
export const replyQueue = 'amq.rabbitmq.reply-to'

/** A name without carriage returns and line feeds, as RabbitMQ takes it. */
export function cleanName(name: string): string {
  return name.replaceAll(/[\r\n]/g, '')
}

/**
 * The queue that a method means: an empty name is the queue that this channel declared last (AMQP
 * 0-9-1 queue.bind).
 * @throws 404 if there is none
 */
export function queueMeant(channel: Channel, name: string): string {
  const queue = cleanName(name) || channel.lastQueue
  if (queue !== '') return queue
  const explanation = 'an empty queue name means the last one declared on this channel; none was'
  throw new AmqpError('NOT_FOUND', explanation)
}

/**
 * @throws 403 for the default exchange: it is neither declared nor looked at, and binds every
 * queue by its name, and nothing else.
 */
export function refuseDefaultExchange(name: string): string {
  const exchange = cleanName(name)
  if (exchange !== '') return exchange
  throw new AmqpError('ACCESS_REFUSED', 'operation not permitted on the default exchange')
}

/** Whether an error says that a queue or exchange does not exist. */
export function isMissing(error: AmqpError): boolean {
  return error.reply === 'NOT_FOUND'
}
