// amqplib in the shape of the SDK, for the load generators: `npm run bench -- W1 W2 --sdk
// $PWD/test/dist/amqp/amqplib-sdk.js`, `npm run test:chaos -- --sdk amqplib`.
import type { SdkConnect, SdkDelivery } from '@holdfast/testkit'
import { type ConfirmChannel, type ConsumeMessage, connect as connectAmqp } from 'amqplib'
import { type AmqpMessage, type AmqpSession, deliveryCountIn } from './amqp-session.ts'
import { reconnecting } from './reconnecting.ts'

export const connect: SdkConnect = reconnecting(open)

async function open(url: string, lose: (reason: string) => void): Promise<AmqpSession> {
  const connection = await connectAmqp(url)
  connection.on('error', (error: Error) => lose(`connection: ${error.message}`))
  connection.on('close', () => lose('connection'))
  const channel = await connection.createConfirmChannel()
  channel.on('error', (error: Error) => lose(`channel: ${error.message}`))
  channel.on('close', () => lose('channel'))
  return {
    declareQueue: (name) => channel.assertQueue(name),
    deleteQueue: (name) => channel.deleteQueue(name),
    declareExchange: (name, kind) => channel.assertExchange(name, kind),
    bindQueue: (queue, exchange, key) => channel.bindQueue(queue, exchange, key),
    publish: (message) => publish(channel, message),
    async consume(queue, prefetch, take) {
      await channel.prefetch(prefetch)
      const { consumerTag } = await channel.consume(queue, (message) => {
        if (message === null) lose(`consumer of ${queue}`)
        else take(deliveryOf(channel, message))
      })
      return consumerTag
    },
    cancel: (tag) => channel.cancel(tag),
    async close() {
      // The close of a connection overtakes what its channels have not written yet.
      await channel.close()
      await connection.close()
    },
    abandon: () => void connection.close().catch(() => undefined)
  }
}

function publish(channel: ConfirmChannel, message: AmqpMessage): Promise<boolean> {
  const { exchange, routingKey, body, messageId } = message
  return new Promise((resolve, reject) => {
    const options = messageId === undefined ? {} : { messageId }
    channel.publish(exchange, routingKey, body, options, (error: Error | null) => {
      if (error === null || error.message === 'message nacked') resolve(error === null)
      else reject(error)
    })
  })
}

function deliveryOf(channel: ConfirmChannel, message: ConsumeMessage): SdkDelivery {
  const { exchange, routingKey, redelivered } = message.fields
  const { headers, messageId } = message.properties
  return {
    body: message.content,
    exchange,
    routingKey,
    redelivered,
    properties: { messageId },
    deliveryCount: deliveryCountIn(headers),
    ack: () => channel.ack(message),
    nack: ({ requeue }) => channel.nack(message, false, requeue),
    reject: () => channel.reject(message, false)
  }
}
