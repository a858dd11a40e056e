// AMQP 0-9-1 exchange: declare, delete, and RabbitMQ's bind and unbind between exchanges.
import type { Channel } from '../channel.ts'
import { plainTable } from '../field-value.ts'
import type { MethodOf } from '../method-codec.ts'
import { AmqpError } from '../replies.ts'
import { isMissing, refuseDefaultExchange } from './names.ts'

type ExchangeMethod =
  | MethodOf<'exchange.declare'>
  | MethodOf<'exchange.delete'>
  | MethodOf<'exchange.bind'>
  | MethodOf<'exchange.unbind'>

export function handleExchange(channel: Channel, method: ExchangeMethod): void {
  switch (method.type) {
    case 'exchange.declare':
      return declare(channel, method)
    case 'exchange.delete': {
      const name = refuseReserved(refuseDefaultExchange(method.exchange))
      const request = { type: 'delete-exchange', name, ifUnused: method.ifUnused } as const
      // What is not there is deleted already.
      return channel.request<'delete-exchange'>(
        request,
        () => channel.reply(method.nowait, { type: 'exchange.delete-ok' }),
        isMissing
      )
    }
    case 'exchange.bind':
      return channel.request<'bind-exchange'>({ type: 'bind-exchange', ...bindingOf(method) }, () =>
        channel.reply(method.nowait, { type: 'exchange.bind-ok' })
      )
    case 'exchange.unbind':
      return channel.request<'unbind-exchange'>(
        { type: 'unbind-exchange', ...bindingOf(method) },
        () => channel.reply(method.nowait, { type: 'exchange.unbind-ok' }),
        isMissing
      )
  }
}

/** @throws 403 for an exchange that is always there, and for what is called as if it were one */
function refuseReserved(name: string): string {
  if (!name.startsWith('amq.')) return name
  const explanation = `exchange '${name}' is not for clients to delete: 'amq.' is reserved`
  throw new AmqpError('ACCESS_REFUSED', explanation)
}

function declare(channel: Channel, method: MethodOf<'exchange.declare'>): void {
  const done = (): void => channel.reply(method.nowait, { type: 'exchange.declare-ok' })
  const name = refuseDefaultExchange(method.exchange)
  if (method.passive) {
    return channel.request<'inspect-exchange'>({ type: 'inspect-exchange', name }, done)
  }
  const { durable, autoDelete, internal } = method
  channel.request<'declare-exchange'>(
    {
      type: 'declare-exchange',
      name,
      kind: method.kind,
      options: { durable, autoDelete, internal, arguments: plainTable(method.arguments) }
    },
    done
  )
}

function bindingOf(method: MethodOf<'exchange.bind'> | MethodOf<'exchange.unbind'>): {
  readonly destination: string
  readonly source: string
  readonly bindingKey: string
  readonly arguments: ReturnType<typeof plainTable>
} {
  return {
    destination: refuseDefaultExchange(method.destination),
    source: refuseDefaultExchange(method.source),
    bindingKey: method.routingKey,
    arguments: plainTable(method.arguments)
  }
}
