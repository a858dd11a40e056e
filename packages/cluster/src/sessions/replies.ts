// Direct reply-to (RabbitMQ): a client that asks is sent the answers on its connection, with no
// queue between. An address names the node, its process, the connection there and the consumer on
// it. Replies live in memory only: one whose receiver is gone, or does not read, is dropped.
import type { PublishBatch } from '@holdfast/amqp'
import type { Core } from '../core.ts'
import { tell } from '../relaying/tell.ts'

const prefix = 'amq.rabbitmq.reply-to.'

export interface ReplyAddress {
  readonly node: number
  readonly epoch: number
  readonly connection: number
  readonly consumer: number
}

/** Under which address replies come to a consumer of a connection at this node. */
export function replyAddress(core: Core, connection: number, consumer: number): string {
  const { identity, gateway } = core
  return `${prefix}${identity?.node ?? 0}.${gateway.epoch}.${connection}.${consumer}`
}

/** Null if it is none. */
export function readReplyAddress(text: string): ReplyAddress | null {
  if (!text.startsWith(prefix)) return null
  const parts = text.slice(prefix.length).split('.')
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,15}$/.test(part))) return null
  const [node = 0, epoch = 0, connection = 0, consumer = 0] = parts.map(Number)
  return { node, epoch, connection, consumer }
}

/** Sends replies to whom they are for. False: it is an ordinary publish. */
export function sendReply(core: Core, batch: PublishBatch): boolean {
  const { exchange, routingKey, count, blob } = batch
  const address = exchange === '' ? readReplyAddress(routingKey) : null
  if (address === null) return false
  const run = { consumer: 0, exchange, routingKey, firstOffset: 1, count, attempt: 0 }
  tell(core, address.node, { type: 'deliver', run: { ...run, deliveryCount: 0, blob } })
  return true
}

/** Whether somebody may listen there: of another node that is up, nobody here knows. */
export function hasReceiver(core: Core, address: ReplyAddress): boolean {
  if (address.node !== core.identity?.node) return core.peers.canSend(address.node)
  return core.sessions.replyReceiver(address) !== null
}
