// AMQP 0-9-1 queue: declare, bind, purge, delete, unbind.
import type { Channel } from '../channel.ts'
import { plainTable } from '../field-value.ts'
import type { MethodOf } from '../method-codec.ts'
import type { QueueCounts } from '../requests.ts'
import { cleanName, isMissing, queueMeant, refuseDefaultExchange, replyQueue } from './names.ts'

type QueueMethod =
  | MethodOf<'queue.declare'>
  | MethodOf<'queue.bind'>
  | MethodOf<'queue.purge'>
  | MethodOf<'queue.delete'>
  | MethodOf<'queue.unbind'>

export function handleQueue(channel: Channel, method: QueueMethod): void {
  switch (method.type) {
    case 'queue.declare':
      return declare(channel, method)
    case 'queue.bind':
      return channel.request<'bind-queue'>(
        { type: 'bind-queue', ...bindingOf(channel, method) },
        () => channel.reply(method.nowait, { type: 'queue.bind-ok' })
      )
    case 'queue.unbind':
      return channel.request<'unbind-queue'>(
        { type: 'unbind-queue', ...bindingOf(channel, method) },
        () => channel.write({ type: 'queue.unbind-ok' }),
        isMissing
      )
    case 'queue.purge': {
      const name = queueMeant(channel, method.queue)
      return channel.request<'purge-queue'>({ type: 'purge-queue', name }, ({ messages }) => {
        channel.reply(method.nowait, { type: 'queue.purge-ok', messageCount: messages })
      })
    }
    case 'queue.delete': {
      const name = queueMeant(channel, method.queue)
      const { ifUnused, ifEmpty } = method
      return channel.request<'delete-queue'>(
        { type: 'delete-queue', name, ifUnused, ifEmpty },
        (result) => {
          // What is not there is deleted already.
          const messageCount = result?.messages ?? 0
          channel.reply(method.nowait, { type: 'queue.delete-ok', messageCount })
        },
        isMissing
      )
    }
  }
}

function declare(channel: Channel, method: MethodOf<'queue.declare'>): void {
  const done = ({ name, ready, consumers }: QueueCounts): void => {
    channel.lastQueue = name
    channel.reply(method.nowait, {
      type: 'queue.declare-ok',
      queue: name,
      messageCount: ready ?? 0,
      consumerCount: consumers ?? 0
    })
  }
  const name = cleanName(method.queue)
  // It is there for every channel, with the consumer that the channel has or could have.
  if (name === replyQueue) return done({ name, ready: 0, consumers: 1 })
  // The address of replies to one channel is there or is not: nobody can make it.
  if (method.passive || name.startsWith(`${replyQueue}.`)) {
    return channel.request<'inspect-queue'>({ type: 'inspect-queue', name }, done)
  }
  const { exclusive, autoDelete } = method
  // What dies with its connection is not durable, whatever the client says.
  const durable = method.durable && !exclusive
  channel.request<'declare-queue'>(
    {
      type: 'declare-queue',
      name,
      options: { durable, exclusive, autoDelete, arguments: plainTable(method.arguments) }
    },
    done
  )
}

function bindingOf(
  channel: Channel,
  method: MethodOf<'queue.bind'> | MethodOf<'queue.unbind'>
): {
  readonly queue: string
  readonly exchange: string
  readonly bindingKey: string
  readonly arguments: ReturnType<typeof plainTable>
} {
  const queue = queueMeant(channel, method.queue)
  // AMQP 0-9-1 queue.bind: with both names left out, the key is the name of the queue.
  const isNameless = method.queue === '' && method.routingKey === ''
  return {
    queue,
    exchange: refuseDefaultExchange(method.exchange),
    bindingKey: isNameless ? queue : method.routingKey,
    arguments: plainTable(method.arguments)
  }
}
