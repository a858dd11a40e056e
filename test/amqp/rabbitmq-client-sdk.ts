// rabbitmq-client in the shape of the SDK, for the load generators: `npm run test:chaos -- --sdk
// rabbitmq-client`.
import { codeOf, type SdkConnect, type SdkDelivery } from '@holdfast/testkit'
import { type AsyncMessage, type Channel, Connection } from 'rabbitmq-client'
import { type AmqpSession, deliveryCountIn } from './amqp-session.ts'
import { reconnecting } from './reconnecting.ts'

export const connect: SdkConnect = reconnecting(open)

async function open(url: string, lose: (reason: string) => void): Promise<AmqpSession> {
  const connection = new Connection({ hosts: [new URL(url).host] })
  const failure = new Promise<never>((_, reject) => {
    connection.on('error', (error: Error) => {
      lose(`connection: ${error.message}`)
      reject(error)
    })
  })
  try {
    return await Promise.race([openChannel(connection, lose), failure])
  } catch (error) {
    // It would go on trying by itself.
    connection.unsafeDestroy()
    throw error
  }
}

async function openChannel(
  connection: Connection,
  lose: (reason: string) => void
): Promise<AmqpSession> {
  const channel = await connection.acquire()
  channel.on('close', () => lose('channel'))
  channel.on('basic.cancel', (tag) => lose(`consumer ${tag}`))
  await channel.confirmSelect()
  return {
    declareQueue: (queue) => channel.queueDeclare({ queue, durable: true }),
    deleteQueue: (queue) => channel.queueDelete({ queue }),
    declareExchange: (exchange, type) => channel.exchangeDeclare({ exchange, type, durable: true }),
    bindQueue: (queue, exchange, routingKey) => channel.queueBind({ queue, exchange, routingKey }),
    async publish({ body, messageId, ...to }) {
      const properties = messageId === undefined ? {} : { messageId }
      try {
        await channel.basicPublish({ ...to, ...properties }, body)
        return true
      } catch (error) {
        if (codeOf(error) === 'NACK') return false
        throw error
      }
    },
    async consume(queue, prefetchCount, take) {
      await channel.basicQos({ prefetchCount })
      const consuming = channel.basicConsume({ queue }, (message) => {
        take(deliveryOf(channel, message))
      })
      return (await consuming).consumerTag
    },
    cancel: (tag) => channel.basicCancel(tag),
    async close() {
      await channel.close()
      await connection.close()
    },
    abandon: () => connection.unsafeDestroy()
  }
}

function deliveryOf(channel: Channel, message: AsyncMessage): SdkDelivery {
  const { body, exchange, routingKey, redelivered, messageId, headers, deliveryTag } = message
  return {
    body,
    exchange,
    routingKey,
    redelivered,
    properties: { messageId },
    deliveryCount: deliveryCountIn(headers),
    ack: () => channel.basicAck({ deliveryTag }),
    nack: ({ requeue }) => channel.basicNack({ deliveryTag, requeue }),
    reject: () => channel.basicNack({ deliveryTag, requeue: false })
  }
}
