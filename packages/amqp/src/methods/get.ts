// AMQP 0-9-1 basic.get: one message, if there is one. Prefetch does not count for it.
import type { Channel } from '../channel.ts'
import type { MethodOf } from '../method-codec.ts'
import { messageAt, withCounts } from '../record-form.ts'
import type { DeliveryRun } from '../requests.ts'
import { queueMeant } from './names.ts'

export function get(channel: Channel, { queue: name, noAck }: MethodOf<'basic.get'>): void {
  const queue = queueMeant(channel, name)
  channel.request<'get'>({ type: 'get', queue, autoAck: noAck }, ({ consumer, run, ready }) => {
    channel.getters.add(consumer)
    if (run === null) return channel.write({ type: 'basic.get-empty', clusterId: '' })
    answer(channel, run, ready, noAck)
  })
}

function answer(channel: Channel, run: DeliveryRun, ready: number, isSettled: boolean): void {
  const { properties, body } = messageAt(run.blob, 0)
  const { consumer, firstOffset, attempt, exchange, routingKey } = run
  const { unsettled, host } = channel
  host.writer.content(
    channel.number,
    {
      type: 'basic.get-ok',
      deliveryTag: isSettled ? unsettled.nextTag() : unsettled.add(consumer, firstOffset, attempt),
      redelivered: attempt > 0,
      exchange,
      routingKey,
      messageCount: ready
    },
    withCounts(properties, run),
    body
  )
}
