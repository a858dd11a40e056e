// Which file handles which method of a channel. What only a server sends, or belongs to channel 0,
// is refused.
import { assert } from '@holdfast/errors'
import type { Channel } from '../channel.ts'
import type { Content } from '../content.ts'
import type { Method } from '../method-codec.ts'
import { AmqpError } from '../replies.ts'
import { handleAccess } from './access.ts'
import { handleBasic } from './basic.ts'
import { handleConfirm } from './confirm.ts'
import { handleExchange } from './exchange.ts'
import { handlePublish } from './publish.ts'
import { handleQueue } from './queue.ts'
import { handleTransaction } from './tx.ts'

export function handleMethod(channel: Channel, method: Method, content: Content | null): void {
  switch (method.type) {
    case 'channel.flow':
      return handleFlow(channel, method.active)
    case 'channel.flow-ok':
    case 'basic.cancel-ok':
      return
    case 'channel.close':
      return channel.closeByClient()
    case 'access.request':
      return handleAccess(channel)
    case 'exchange.declare':
    case 'exchange.delete':
    case 'exchange.bind':
    case 'exchange.unbind':
      return handleExchange(channel, method)
    case 'queue.declare':
    case 'queue.bind':
    case 'queue.purge':
    case 'queue.delete':
    case 'queue.unbind':
      return handleQueue(channel, method)
    case 'basic.publish':
      assert(content !== null, 'a publish comes with its content')
      return handlePublish(channel, method, content)
    case 'basic.qos':
    case 'basic.consume':
    case 'basic.cancel':
    case 'basic.get':
    case 'basic.ack':
    case 'basic.reject':
    case 'basic.nack':
    case 'basic.recover':
    case 'basic.recover-async':
      return handleBasic(channel, method)
    case 'confirm.select':
      return handleConfirm(channel, method)
    case 'tx.select':
    case 'tx.commit':
    case 'tx.rollback':
      return handleTransaction(channel, method)
    default: {
      const explanation = `${method.type} is not for a client to send on channel ${channel.number}`
      throw new AmqpError('COMMAND_INVALID', explanation)
    }
  }
}

/** AMQP 0-9-1 channel.flow: a client may start its deliveries, but stop them only by prefetch. */
function handleFlow(channel: Channel, active: boolean): void {
  if (!active) {
    throw new AmqpError('NOT_IMPLEMENTED', 'channel.flow with active=false; use basic.qos instead')
  }
  channel.afterPublishes(() => channel.write({ type: 'channel.flow-ok', active }))
}
