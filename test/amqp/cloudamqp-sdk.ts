// @cloudamqp/amqp-client in the shape of the SDK, for the load generators: `npm run test:chaos --
// --sdk cloudamqp`.
import { AMQPClient, type AMQPMessage } from '@cloudamqp/amqp-client'
import type { SdkConnect, SdkDelivery } from '@holdfast/testkit'
import { type AmqpSession, deliveryCountIn } from './amqp-session.ts'
import { reconnecting } from './reconnecting.ts'

export const connect: SdkConnect = reconnecting(open)

async function open(url: string, lose: (reason: string) => void): Promise<AmqpSession> {
  const client = new AMQPClient(url)
  client.onerror = ({ message }) => lose(`connection: ${message}`)
  client.ondisconnect = () => lose('connection')
  const connection = await client.connect()
  const channel = await connection.channel()
  channel.onerror = (reason) => lose(`channel: ${reason}`)
  await channel.confirmSelect()
  return {
    declareQueue: (name) => channel.queueDeclare(name),
    deleteQueue: (name) => channel.queueDelete(name),
    declareExchange: (name, kind) => channel.exchangeDeclare(name, kind),
    bindQueue: (queue, exchange, key) => channel.queueBind(queue, exchange, key),
    async publish({ exchange, routingKey, body, messageId }) {
      const properties = messageId === undefined ? {} : { messageId }
      try {
        await channel.basicPublish(exchange, routingKey, body, properties)
        return true
      } catch (error) {
        if (error instanceof Error && error.message === 'Message rejected') return false
        throw error
      }
    },
    async consume(queue, prefetch, take) {
      await channel.prefetch(prefetch)
      const consumer = await channel.basicConsume(queue, { noAck: false }, (message) => {
        take(deliveryOf(message))
      })
      consumer.wait().catch((error: Error) => lose(`consumer of ${queue}: ${error.message}`))
      return consumer.tag
    },
    cancel: (tag) => channel.basicCancel(tag),
    close: () => connection.close(),
    abandon: () => void connection.close().catch(() => undefined)
  }
}

function deliveryOf(message: AMQPMessage): SdkDelivery {
  const { exchange, routingKey, redelivered, body, properties } = message
  const { messageId, headers } = properties
  return {
    body: body ?? new Uint8Array(0),
    exchange,
    routingKey,
    redelivered,
    properties: { messageId },
    deliveryCount: deliveryCountIn(headers),
    // Their promises are those of the socket's writes, and fail with it.
    ack: () => void message.ack().catch(() => undefined),
    nack: ({ requeue }) => void message.nack(requeue).catch(() => undefined),
    reject: () => void message.reject(false).catch(() => undefined)
  }
}
