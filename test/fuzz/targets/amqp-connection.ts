// The node's end of an AMQP connection, under a script of bytes, frames, time, and what the member
// does. It asks only what it may, settles only what is held, and what it sends can be read.
import { AmqpConnection, type AmqpEvent } from '@holdfast/amqp'
import { wireError } from '@holdfast/errors'
import type * as frameCodec from '../../../packages/amqp/src/frame-codec.ts'
import type * as methodCodec from '../../../packages/amqp/src/method-codec.ts'
import type * as recordForm from '../../../packages/amqp/src/record-form.ts'
import { internal } from '../internal.ts'
import { numberIn, step, stepsOf } from '../script.ts'
import { joined, must, type Target } from '../target.ts'
import { texts } from '../tokens.ts'
import { methodPayloads, payloadOf, someProperties } from './amqp-method.ts'

const { FrameReader } = await internal<typeof frameCodec>('amqp', 'frame-codec')
const { decodeMethod } = await internal<typeof methodCodec>('amqp', 'method-codec')
const { messageAt, RecordWriter } = await internal<typeof recordForm>('amqp', 'record-form')

const record = new RecordWriter().write(someProperties, Buffer.from('body'))
const body = Buffer.from('body')
const unroutable = wireError('MESSAGE_UNROUTABLE', { exchange: '', routingKey: 'q' })
const notFound = wireError('QUEUE_NOT_FOUND', { queue: 'q', vhost: '/' })

/** The member: what it was asked, and what it handed out. */
class Member {
  readonly connection: AmqpConnection
  readonly requests: { readonly id: number; readonly type: string }[] = []
  readonly publishes: { readonly first: number; readonly last: number }[] = []
  /** Offsets that are held, by consumer. */
  readonly consumers = new Map<number, Set<number>>()
  lastConsumer = 0
  lastOffset = 0
  #lastSequence = 0
  isClosed = false

  constructor(connection: AmqpConnection) {
    this.connection = connection
  }

  take(events: readonly AmqpEvent[]): void {
    for (const event of events) {
      must(!this.isClosed, 'nothing follows the end of a connection')
      if (event.type === 'closed') this.isClosed = true
      else if (event.type === 'request') this.#asked(event)
      else if (event.type === 'settle') this.#settled(event.consumer, event.ranges)
      else {
        must(event.firstSequence === this.#lastSequence + 1, 'publish sequences have no gap')
        this.#lastSequence += event.count
        this.publishes.push({ first: event.firstSequence, last: this.#lastSequence })
        let at = 0
        for (let count = 0; count < event.count; count++) at = messageAt(event.blob, at).end
        must(at === event.blob.length, 'a blob is as many records as it says')
      }
    }
  }

  #asked({ requestId: id, request }: AmqpEvent & { type: 'request' }): void {
    const { type } = request
    if (type === 'release') {
      for (const consumer of request.consumers) this.consumers.delete(consumer)
    } else {
      this.requests.push({ id, type })
    }
    if (type !== 'commit') return
    for (const { consumer, ranges } of request.settlements) this.#settled(consumer, ranges)
  }

  #settled(consumer: number, ranges: readonly number[]): void {
    const held = this.consumers.get(consumer)
    if (held === undefined) return
    for (let at = 0; at < ranges.length; at += 3) {
      for (let offset = ranges[at] ?? 0; offset <= (ranges[at + 1] ?? 0); offset++) {
        must(held.delete(offset), 'only what is held is settled, once')
      }
    }
  }

  answer(place: number): void {
    const [request] = this.requests.splice(place % Math.max(1, this.requests.length), 1)
    if (request !== undefined) this.connection.respond(request.id, this.#resultOf(request.type))
  }

  #resultOf(type: string): unknown {
    switch (type) {
      case 'authenticate':
        return { user: 'guest' }
      case 'declare-queue':
      case 'inspect-queue':
        return { name: 'q', ready: 1, consumers: null }
      case 'delete-queue':
      case 'purge-queue':
        return { messages: 3 }
      case 'consume':
      case 'consume-replies':
        this.consumers.set(++this.lastConsumer, new Set())
        return { consumer: this.lastConsumer, address: 'amq.rabbitmq.reply-to.x' }
      case 'get':
        this.consumers.set(++this.lastConsumer, new Set())
        return { consumer: this.lastConsumer, run: this.run(this.lastConsumer, 1), ready: 0 }
      case 'commit':
        return { unroutable: [0] }
      default:
        return null
    }
  }

  run(consumer: number, count: number): Parameters<AmqpConnection['deliver']>[0] {
    const firstOffset = this.lastOffset + 1
    this.lastOffset += count
    for (let at = 0; at < count; at++) this.consumers.get(consumer)?.add(firstOffset + at)
    const blob = joined(...Array.from({ length: count }, () => record))
    const way = { exchange: '', routingKey: 'q', attempt: count % 2, deliveryCount: count % 2 }
    return { consumer, firstOffset, count, blob, ...way }
  }
}

/** What the member does next, by number. */
function act(member: Member, operation: number, payload: Uint8Array): void {
  const { connection } = member
  const number = numberIn(payload)
  const consumer = 1 + (number % Math.max(1, member.lastConsumer))
  switch (operation) {
    case 8: {
      const request = member.requests.shift()
      if (request !== undefined) connection.refuse(request.id, notFound)
      return
    }
    case 9:
    case 10: {
      const publish = member.publishes.splice(number % 2, 1)[0]
      if (publish === undefined) return
      const { first, last } = publish
      if (operation === 9) connection.confirm(first, last)
      else connection.publishFailed(first, last, number > 255 ? unroutable : notFound)
      return
    }
    case 11:
      if (member.consumers.has(consumer)) connection.deliver(member.run(consumer, 1 + (number % 3)))
      return
    case 12:
      member.consumers.delete(consumer)
      connection.cancelled(consumer, number > 255 ? 'timeout' : 'gone')
      return
    case 13:
      connection.setBlocked(number > 255 ? 'low on disk' : null)
      return
    case 14:
      if (number > 0xff00) connection.close(wireError('NODE_CUT_OFF', {}))
      return
    default:
      member.answer(number)
  }
}

/** What a client makes of the bytes. */
class Client {
  readonly #frames = new FrameReader(200_000)
  #isClosed = false

  take(chunks: readonly Uint8Array[]): void {
    for (const chunk of chunks) {
      // The protocol header that answers another version is no frame.
      if (chunk[0] === 0x41) continue
      this.#frames.feed(chunk)
      while (this.#frames.next()) this.#take(this.#frames.type, this.#frames.payload)
    }
  }

  #take(type: number, payload: Uint8Array): void {
    must(!this.#isClosed, 'nothing follows the answer to a close')
    if (type !== 1) return
    const method = decodeMethod(payload)
    this.#isClosed = method.type === 'connection.close-ok'
    if (method.type !== 'connection.close' && method.type !== 'channel.close') return
    must(method.replyCode !== 541, 'whatever a client sends has a code of its own')
  }
}

const types = [1, 2, 3, 8]

/** frame := type:u8 channel:u8 payload, in the payload of a step */
function framed(payload: Uint8Array): Uint8Array {
  const [type = 0, channel = 0] = payload
  const head = Buffer.alloc(7)
  head.writeUInt8(types[type % 4] ?? 1)
  head.writeUInt16BE(channel % 4, 1)
  head.writeUInt32BE(Math.max(0, payload.length - 2), 3)
  return joined(head, payload.subarray(2), 0xce)
}

function run(input: Uint8Array): void {
  let nowMs = 0
  const told = { product: 'RabbitMQ', version: '4.1.0', platform: 'Holdfast 1.0.0' }
  const identity = { ...told, clusterName: 'c' }
  const limits = { channelsMax: 100, frameBytesMax: 131_072, heartbeatSeconds: 10 }
  const mechanisms = ['PLAIN', 'AMQPLAIN', 'ANONYMOUS'] as const
  const connection = new AmqpConnection({
    nowMs,
    mechanisms,
    channelRefusal: () => null,
    ...identity,
    ...limits
  })
  const member = new Member(connection)
  const client = new Client()
  for (const { operation, payload } of stepsOf(input)) {
    const kind = operation % 16
    if (kind < 2) member.take(connection.receive(payload, nowMs))
    else if (kind < 6) member.take(connection.receive(framed(payload), nowMs))
    else if (kind === 6) {
      nowMs += numberIn(payload)
      member.take(connection.tick(nowMs))
    } else act(member, kind, payload)
    member.take(connection.takeEvents())
    client.take(connection.flush(nowMs))
    must(!connection.isClosed || member.isClosed, 'whoever is closed has told so')
  }
}

const answer = step(7)
const start = {
  type: 'connection.start-ok',
  clientProperties: new Map(),
  mechanism: 'ANONYMOUS',
  response: new Uint8Array(0),
  locale: ''
} as const
const tune = { type: 'connection.tune-ok', channelMax: 10, frameMax: 8192, heartbeat: 5 } as const
const open = { type: 'connection.open', vhost: '/', capabilities: '', insist: false } as const
const method = (channel: number, payload: Uint8Array): Uint8Array =>
  step(2, joined(0, channel, payload))

/** To an open connection with a channel. */
const greeting = joined(
  step(0, Buffer.from('AMQP\0\0\u0009\u0001')),
  method(0, payloadOf(start)),
  answer,
  method(0, payloadOf(tune)),
  method(0, payloadOf(open)),
  answer,
  method(1, payloadOf({ type: 'channel.open', outOfBand: '' }))
)
const publish = payloadOf({
  type: 'basic.publish',
  ticket: 0,
  exchange: '',
  routingKey: 'q',
  mandatory: true,
  immediate: false
})
const header = joined(0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, someProperties)
const content = joined(
  method(1, publish),
  step(2, joined(1, 1, header)),
  step(2, joined(2, 1, body))
)
const select = method(1, payloadOf({ type: 'confirm.select', nowait: false }))
const transact = method(1, payloadOf({ type: 'tx.select' }))
const consume = payloadOf({
  type: 'basic.consume',
  ticket: 0,
  queue: 'q',
  consumerTag: 'c',
  noLocal: false,
  noAck: false,
  exclusive: false,
  nowait: false,
  arguments: new Map()
})
const ack = payloadOf({ type: 'basic.ack', deliveryTag: 0, multiple: true })
const delivered = joined(method(1, consume), answer, step(11, Uint8Array.of(0, 2)), method(1, ack))

export const target: Target = {
  bytesMax: 4096,
  seeds: [
    ...methodPayloads.map((payload) => joined(greeting, method(1, payload), answer, step(8))),
    joined(greeting, content, step(9), select, content, step(10, Uint8Array.of(1, 0)), step(9)),
    joined(greeting, delivered, step(12), step(13, Uint8Array.of(1, 0)), step(14)),
    joined(
      greeting,
      transact,
      content,
      delivered,
      method(1, payloadOf({ type: 'tx.commit' })),
      answer
    ),
    joined(greeting, step(6, Uint8Array.of(8, 0)), step(6, Uint8Array.of(8, 0))),
    joined(step(6, Uint8Array.of(255, 255))),
    joined(step(0, Buffer.from('GET / HTTP/1.1')))
  ],
  tokens: texts,
  run
}
