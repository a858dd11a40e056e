// AMQP 0-9-1 basic but for publish: prefetch, consumers, get, and how deliveries are settled.
import { unreachable } from '@holdfast/errors'
import type { Channel } from '../channel.ts'
import type { MethodOf } from '../method-codec.ts'
import { AmqpError } from '../replies.ts'
import type { Outcome } from '../requests.ts'
import type { UnsettledDelivery } from '../unsettled.ts'
import { consume } from './consume.ts'
import { get } from './get.ts'

type SettleMethod = MethodOf<'basic.ack'> | MethodOf<'basic.reject'> | MethodOf<'basic.nack'>

type BasicMethod =
  | SettleMethod
  | MethodOf<'basic.qos'>
  | MethodOf<'basic.consume'>
  | MethodOf<'basic.cancel'>
  | MethodOf<'basic.get'>
  | MethodOf<'basic.recover'>
  | MethodOf<'basic.recover-async'>

export function handleBasic(channel: Channel, method: BasicMethod): void {
  switch (method.type) {
    case 'basic.qos':
      return setPrefetch(channel, method)
    case 'basic.consume':
      return consume(channel, method)
    case 'basic.cancel':
      return cancel(channel, method)
    case 'basic.get':
      return get(channel, method)
    case 'basic.ack':
      return settle(channel, method, 'accepted')
    case 'basic.reject':
    case 'basic.nack':
      return settle(channel, method, method.requeue ? 'released' : 'rejected')
    case 'basic.recover':
    case 'basic.recover-async':
      return channel.afterRouting(() => recover(channel, method))
    default:
      return unreachable(method)
  }
}

/**
 * With `global` the limit is the channel's; without, that of each consumer started later, and the
 * channel has none any more (RabbitMQ).
 */
function setPrefetch(channel: Channel, method: MethodOf<'basic.qos'>): void {
  const { prefetchSize, prefetchCount, global } = method
  if (prefetchSize !== 0) {
    throw new AmqpError('NOT_IMPLEMENTED', `prefetch_size!=0 (${prefetchSize})`)
  }
  // Told before what it lets through, unless publishes are undecided.
  channel.afterPublishes(() => channel.write({ type: 'basic.qos-ok' }))
  if (!global) channel.prefetch = prefetchCount
  // No consumer takes from its queue what the channel may not hold, and all that it may.
  channel.consumers.limitTo(global ? prefetchCount : 0)
  channel.host.changedLimits.add(channel)
}

function settle(channel: Channel, method: SettleMethod, outcome: Outcome): void {
  const { transaction } = channel
  if (transaction !== null) return transaction.settle(named(channel, method), outcome)
  channel.afterRouting(() => channel.settle(named(channel, method), outcome))
}

function named({ unsettled }: Channel, method: SettleMethod): UnsettledDelivery[] {
  const multiple = method.type !== 'basic.reject' && method.multiple
  return unsettled.take(method.deliveryTag, multiple)
}

/** All that is not settled goes back to its queue; nothing is sent again to the same consumer. */
function recover(
  channel: Channel,
  { type, requeue }: MethodOf<'basic.recover'> | MethodOf<'basic.recover-async'>
): void {
  if (!requeue) throw new AmqpError('NOT_IMPLEMENTED', 'requeue=false')
  channel.settle(channel.unsettled.takeAll(), 'released')
  channel.afterPublishes(() =>
    channel.reply(type === 'basic.recover-async', { type: 'basic.recover-ok' })
  )
}

function cancel(channel: Channel, { consumerTag, nowait }: MethodOf<'basic.cancel'>): void {
  const done = (): void => channel.reply(nowait, { type: 'basic.cancel-ok', consumerTag })
  const consumer = channel.consumers.find(consumerTag)
  // It may have been cancelled by the server while the client's cancel was on its way.
  if (consumer === undefined) return channel.afterPublishes(done)
  channel.request<'cancel'>({ type: 'cancel', consumer: consumer.number }, () => {
    channel.cancelled(consumer)
    done()
  })
}
