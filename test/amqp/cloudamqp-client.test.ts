// @cloudamqp/amqp-client against a cluster of three nodes, over TCP and over WebSocket.
import { AMQPClient, AMQPWebSocketClient } from '@cloudamqp/amqp-client'
import { eventually } from '@holdfast/testkit'
import t from 'tap'
import { WebSocket } from 'ws'
import { sharedCluster } from '../cluster/shared-cluster.ts'

t.setTimeout(280_000)

t.test('@cloudamqp/amqp-client', async (t) => {
  const cluster = await sharedCluster(t)
  const [node] = cluster.nodes
  // As browsers have it, and Node from version 22 on.
  Object.assign(globalThis, { WebSocket })
  const clients = {
    TCP: new AMQPClient(`amqp://${node?.amqp}`),
    WebSocket: new AMQPWebSocketClient({ url: `ws://${node?.http}/amqp` })
  }
  for (const [carrier, client] of Object.entries(clients)) {
    await t.test(`over ${carrier}`, async (t) => {
      const connection = await client.connect()
      const channel = await connection.channel()
      await channel.confirmSelect()
      const queue = `jobs-${carrier}`
      await channel.queueDeclare(queue, { durable: true })
      const body = 'x'.repeat(300_000)
      for (let i = 0; i < 20; i++) await channel.basicPublish('', queue, `${i}${body}`)
      await channel.basicQos(5)
      const got: number[] = []
      const again: number[] = []
      const consumer = await channel.basicConsume(queue, { noAck: false }, async (message) => {
        const text = message.bodyString() ?? ''
        const id = Number.parseInt(text, 10)
        t.equal(text.length, `${id}`.length + body.length)
        got.push(id)
        if (message.redelivered) again.push(id)
        else if (id === 7) return message.nack(true)
        return message.ack()
      })
      await eventually('all of them', () => got.length === 21)
      t.same(again, [7])
      await consumer.cancel()
      const rest = await channel.basicGet(queue)
      t.equal(rest?.bodyString()?.slice(0, 10), undefined, 'nothing is left')
      await channel.basicPublish('', queue, 'last')
      const last = await channel.basicGet(queue, { noAck: true })
      t.equal(last?.bodyString(), 'last')
      await connection.close()
    })
  }
})
