// amqplib in the shape of the SDK, for the load generators: `npm run bench -- W1 W2 --sdk
// $PWD/test/dist/amqp/amqplib-sdk.js`. It connects to the AMQP ports of a cluster of
// `holdfast dev`, which it tells from those of the native protocol.
import type { SdkConnection, SdkConsumer, SdkDelivery } from '@holdfast/testkit'
import { type ConfirmChannel, type ConsumeMessage, connect as connectAmqp } from 'amqplib'

const portDistance = 2_000

function amqpUrl(address: string): string {
  const [host = '', port = ''] = address.split(':')
  return `amqp://${host}:${Number(port) - portDistance}`
}

export async function connect(addresses: readonly string[]): Promise<SdkConnection> {
  const connection = await connectAmqp(amqpUrl(addresses[0] ?? ''))
  const channel = await connection.createConfirmChannel()
  return {
    declareQueue: (name) => channel.assertQueue(name),
    deleteQueue: (name) => channel.deleteQueue(name),
    declareExchange: (name, kind) => channel.assertExchange(name, kind),
    bindQueue: (queue, exchange, key) => channel.bindQueue(queue, exchange, key),
    publish: (exchange, key, body) => publish(channel, exchange, key, body),
    consume: (queue, { prefetch = 0 } = {}) => consume(channel, queue, prefetch),
    close: () => connection.close()
  }
}

function publish(
  channel: ConfirmChannel,
  exchange: string,
  key: string,
  body: Uint8Array
): Promise<void> {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length)
  return new Promise((resolve, reject) => {
    channel.publish(exchange, key, bytes, {}, (error) => {
      if (error === null || error === undefined) resolve()
      else reject(error)
    })
  })
}

async function consume(
  channel: ConfirmChannel,
  queue: string,
  prefetch: number
): Promise<SdkConsumer> {
  const waiting: ConsumeMessage[] = []
  let wake: () => void = () => undefined
  let isEnded = false
  await channel.prefetch(prefetch)
  const { consumerTag } = await channel.consume(queue, (message) => {
    if (message === null) isEnded = true
    else waiting.push(message)
    wake()
  })
  const cancel = async (): Promise<void> => {
    isEnded = true
    wake()
    await channel.cancel(consumerTag)
  }
  async function* deliveries(): AsyncGenerator<SdkDelivery> {
    for (;;) {
      for (const message of waiting.splice(0)) yield deliveryOf(channel, message)
      if (isEnded) return
      if (waiting.length > 0) continue
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
  // AMQP has no answer to an ack.
  return { [Symbol.asyncIterator]: deliveries, settled: () => Promise.resolve(), cancel }
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
    deliveryCount: Number(headers?.['x-delivery-count'] ?? 0),
    ack: () => channel.ack(message),
    nack: ({ requeue }) => channel.nack(message, false, requeue),
    reject: () => channel.reject(message, false)
  }
}
