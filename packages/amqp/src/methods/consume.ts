// AMQP 0-9-1 basic.consume: from a queue, or the replies to this channel (direct reply-to).
import type { Channel } from '../channel.ts'
import type { FieldTable } from '../field-table.ts'
import { numberOf, plainTable } from '../field-value.ts'
import { amqpLimits } from '../limits.ts'
import type { MethodOf } from '../method-codec.ts'
import { AmqpError } from '../replies.ts'
import { queueMeant, replyQueue } from './names.ts'

export function consume(channel: Channel, method: MethodOf<'basic.consume'>): void {
  const queue = queueMeant(channel, method.queue)
  const tag = method.consumerTag || channel.consumers.newTag()
  if (channel.consumers.find(tag) !== undefined) {
    throw new AmqpError('NOT_ALLOWED', `attempt to reuse consumer tag '${tag}'`)
  }
  if (channel.consumers.count >= amqpLimits.consumersMax) {
    const explanation = `a channel has at most ${amqpLimits.consumersMax} consumers; open another`
    throw new AmqpError('PRECONDITION_FAILED', explanation)
  }
  const { prefetch } = channel
  const started = (number: number, autoAck: boolean): void => {
    channel.consumers.add({ tag, number, autoAck, prefetch })
    channel.reply(method.nowait, { type: 'basic.consume-ok', consumerTag: tag })
  }
  if (queue === replyQueue) return consumeReplies(channel, method, tag, started)
  channel.request<'consume'>(
    {
      type: 'consume',
      queue,
      tag,
      prefetch: channel.consumers.prefetchOf(prefetch),
      autoAck: method.noAck,
      exclusive: method.exclusive,
      priority: priorityOf(method.arguments),
      arguments: plainTable(method.arguments)
    },
    ({ consumer }) => started(consumer, method.noAck)
  )
}

function consumeReplies(
  channel: Channel,
  { noAck }: MethodOf<'basic.consume'>,
  tag: string,
  started: (number: number, autoAck: boolean) => void
): void {
  if (!noAck) {
    throw new AmqpError('PRECONDITION_FAILED', 'reply consumer cannot acknowledge')
  }
  if (channel.replyAddress !== null) {
    throw new AmqpError('PRECONDITION_FAILED', 'reply consumer already set')
  }
  channel.request<'consume-replies'>({ type: 'consume-replies', tag }, ({ consumer, address }) => {
    channel.replyAddress = address
    channel.replyTag = tag
    started(consumer, true)
  })
}

/** RabbitMQ's consumer priority: any integer, 0 where it is left out; beyond 32 bits the last. */
function priorityOf(options: FieldTable): number {
  const field = options.get('x-priority')
  const value = field === undefined ? 0 : numberOf(field)
  const priority = Number(value)
  if (value !== null && Number.isInteger(priority)) {
    return Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, priority))
  }
  throw new AmqpError('PRECONDITION_FAILED', "argument 'x-priority' must be an integer")
}
