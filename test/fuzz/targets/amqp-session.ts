// A client of AMQP at a member: sequences of methods that look valid, with fields that are drawn
// from what means something, or are anything. Whatever it asks for, nothing comes out of the member
// but answers, deliveries and coded errors that end what they must, and it goes on serving.
import {
  type ArgumentType,
  decodeMethod,
  encodeProperties,
  FrameReader,
  FrameWriter,
  frameType,
  type Method,
  type MethodOf,
  methodTable,
  replies,
  tableOf
} from '@holdfast/amqp'
import { LoneMember, type LoneSocket } from '../lone-member.ts'
import { step, stepsOf } from '../script.ts'
import { joined, must, type Target, Violation } from '../target.ts'
import { texts } from '../tokens.ts'

const names = [
  '',
  'q1',
  'q2',
  'e1',
  'e2',
  'amq.direct',
  'amq.fanout',
  'amq.topic',
  'amq.headers',
  'amq.rabbitmq.reply-to',
  'amq.rabbitmq.reply-to.1.1.1.8000000080000000800000==',
  'direct',
  'fanout',
  'topic',
  'a.b',
  '#',
  'c1',
  'c2',
  '/',
  'x'.repeat(255)
] as const
const numbers = [0, 1, 2, 3, 4, 5, 10, 255, 65_535]
const largeNumbers = [...numbers, 2 ** 31, 2 ** 32 - 1]
const tables = [
  {},
  { 'x-expires': 1_000 },
  { 'x-expires': 'soon' },
  { 'x-single-active-consumer': true },
  { 'x-queue-type': 'quorum' },
  { 'x-priority': 5 },
  { 'alternate-exchange': 'e2' },
  { 'x-match': 'any', a: 1 },
  { 'x-name-prefix': 'my-' },
  { nested: { list: [1, null, 'x'] } }
].map((table) => tableOf(table))
const properties = [
  {},
  { replyTo: 'amq.rabbitmq.reply-to' },
  { userId: 'guest' },
  { expiration: '100' },
  { expiration: 'soon' },
  { deliveryMode: 2, headers: tableOf({ CC: ['q1', 'q2'], BCC: ['q1'], a: 1 }) },
  { headers: tableOf({ CC: 'q1' }) }
].map((each) => encodeProperties(each))

const methods = Object.entries(methodTable)
/** From here up a step is a frame as it is, or time that passes. */
const firstRaw = 200
const passing = 240

/** Reads choices from a payload: 0 where it is at its end. */
class Choices {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  byte(): number {
    this.#at += 1
    return this.#bytes[this.#at - 1] ?? 0
  }

  of<Value>(values: readonly Value[]): Value {
    return values[this.byte() % values.length] as Value
  }

  rest(): Uint8Array {
    return this.#bytes.subarray(this.#at)
  }

  value(type: ArgumentType): unknown {
    switch (type) {
      case 'bit':
        return this.byte() % 2 === 1
      case 'octet':
        return this.byte()
      case 'short':
        return this.of(numbers)
      case 'long':
      case 'longlong':
        return this.of(largeNumbers)
      case 'shortstr':
        return this.of(names)
      case 'longstr':
        return Buffer.from(this.of(names))
      case 'table':
        return this.of(tables)
    }
  }
}

/** What the member says, and what a client knows of that. */
class Client {
  readonly writer = new FrameWriter()
  readonly socket: LoneSocket
  readonly #member: LoneMember
  readonly #frames = new FrameReader(200_000)
  #isEnded = false
  /** Of the last queue that was declared. */
  declared = ''

  constructor(member: LoneMember) {
    this.#member = member
    this.socket = member.connect((chunk) => this.#take(chunk))
  }

  speak(more: Uint8Array = new Uint8Array(0)): void {
    this.#member.send(this.socket, joined(...this.writer.take(), more))
  }

  #take(chunk: Uint8Array): void {
    this.#frames.feed(chunk)
    while (this.#frames.next()) {
      must(!this.#isEnded, 'nothing follows the answer to a close')
      const { type, channel, payload } = this.#frames
      if (type === frameType.method) this.#said(channel, decodeMethod(payload))
    }
  }

  #said(channel: number, method: Method): void {
    if (method.type === 'queue.declare-ok') this.declared = method.queue
    if (method.type === 'connection.close-ok') this.#isEnded = true
    if (method.type === 'channel.close') this.#closed(channel, method, 'channel')
    if (method.type === 'connection.close') this.#closed(channel, method, 'connection')
  }

  #closed(
    channel: number,
    { replyCode, replyText, classId, methodId }: MethodOf<'channel.close' | 'connection.close'>,
    scope: 'channel' | 'connection'
  ): void {
    const row = Object.values(replies).find(({ code }) => code === replyCode)
    must(row?.closes === scope, `${replyText} does not end a ${scope}`)
    must(replyCode !== 541, `whatever a client asks has an answer: ${replyText}`)
    must((channel === 0) === (scope === 'connection'), 'a close comes on what it closes')
    const isKnown = methods.some(([, { id }]) => id[0] === classId && id[1] === methodId)
    // The number of a method that does not exist is told as well.
    must(isKnown || replyCode >= 500 || classId === 0, `${classId}.${methodId} is a method`)
  }
}

function enter(client: Client): void {
  const { writer } = client
  writer.protocolHeader()
  writer.method(0, {
    type: 'connection.start-ok',
    clientProperties: tableOf({
      capabilities: { consumer_cancel_notify: true, 'connection.blocked': true }
    }),
    mechanism: 'PLAIN',
    response: Buffer.from('\0guest\0guest'),
    locale: 'en_US'
  })
  const tune = { channelMax: 100, frameMax: 131_072, heartbeat: 0 }
  writer.method(0, { type: 'connection.tune-ok', ...tune })
  writer.method(0, { type: 'connection.open', vhost: '/', capabilities: '', insist: false })
  writer.method(1, { type: 'channel.open', outOfBand: '' })
  writer.method(2, { type: 'channel.open', outOfBand: '' })
  client.speak()
}

function frameOf(type: number, channel: number, payload: Uint8Array): Uint8Array {
  const head = Buffer.alloc(7)
  head.writeUInt8(type)
  head.writeUInt16BE(channel, 1)
  head.writeUInt32BE(payload.length, 3)
  return joined(head, payload, 0xce)
}

/** A method by its place in the table. */
function write(writer: FrameWriter, operation: number, choices: Choices): void {
  const channel = choices.byte() % 4
  const [type, row] = methods[operation % methods.length] ?? ['', null]
  const shape: Readonly<Record<string, ArgumentType>> = row?.arguments ?? {}
  const entries = Object.entries(shape).map(([name, kind]) => [name, choices.value(kind)])
  const method = { type, ...Object.fromEntries(entries) } as Method
  if (method.type !== 'basic.publish') return writer.method(channel, method)
  writer.content(channel, method, choices.of(properties), choices.rest())
}

function runOn(member: LoneMember, input: Uint8Array): void {
  const client = new Client(member)
  enter(client)
  for (const { operation, payload } of stepsOf(input)) {
    const choices = new Choices(payload)
    if (operation >= passing) member.pass(50 * (1 + (choices.byte() % 4)))
    else if (operation >= firstRaw) {
      client.speak(frameOf(1 + (operation % 3), choices.byte() % 4, choices.rest()))
    } else write(client.writer, operation, choices)
    client.speak()
  }
  member.pass(200)
  member.hangUp(client.socket)
  const other = new Client(member)
  enter(other)
  other.writer.method(1, {
    type: 'queue.declare',
    ticket: 0,
    queue: 'alive',
    passive: false,
    durable: true,
    exclusive: false,
    autoDelete: false,
    nowait: false,
    arguments: new Map()
  })
  other.speak()
  member.pass(50)
  must(other.declared === 'alive', 'the next client is served')
  member.hangUp(other.socket)
}

/** A member serves so many inputs: what the ones before left behind is one more thing to meet. */
const inputsPerMember = 128
let member: LoneMember | null = null
let served = 0

function run(input: Uint8Array): void {
  served += 1
  if (member === null || served % inputsPerMember === 0) member = new LoneMember()
  try {
    runOn(member, input)
  } catch (error) {
    member = null
    // So that it can be made smaller: most need nothing of what was before.
    runOn(new LoneMember(), input)
    const message = `only after other inputs: ${(error as Error).message}`
    throw new Violation(message, { cause: error })
  }
}

const place = (name: string): number => methods.findIndex(([type]) => type === name)
const say = (name: string, ...choices: readonly number[]): Uint8Array =>
  step(place(name), Uint8Array.of(1, ...choices))
const wait = step(passing, Uint8Array.of(3))
/** The place of a name. */
const [q1, q2, e1, fanout, c1] = ['q1', 'q2', 'e1', 'fanout', 'c1'].map((name) =>
  names.indexOf(name as (typeof names)[number])
) as [number, number, number, number, number]
const declare = say('queue.declare', 0, q1, 0, 1)
const publish = say('basic.publish', 0, 0, q1, 1, 0, 0, 0x78)
const consume = say('basic.consume', 0, q1, c1)
const ack = say('basic.ack', 1)
const replyTo = names.indexOf('amq.rabbitmq.reply-to')

export const target: Target = {
  bytesMax: 1024,
  seeds: [
    ...methods.map(([type]) => joined(declare, wait, say(type, 0, q1, 0, 0), wait)),
    joined(declare, say('confirm.select'), publish, consume, wait, ack),
    joined(declare, say('tx.select'), publish, consume, wait, ack, say('tx.commit'), wait),
    joined(declare, say('tx.select'), publish, publish, say('tx.rollback'), say('tx.commit')),
    joined(
      say('exchange.declare', 0, e1, fanout),
      declare,
      say('queue.bind', 0, q1, e1),
      say('basic.publish', 0, e1, 0, 1),
      wait,
      say('basic.get', 0, q1),
      wait,
      say('basic.nack', 1, 0, 1),
      say('queue.delete', 0, q1)
    ),
    joined(say('basic.consume', 0, replyTo, c1, 0, 1), say('basic.publish', 0, 0, q2, 0, 0, 1)),
    joined(declare, consume, say('basic.cancel', c1), say('channel.close'), wait)
  ],
  tokens: texts,
  run
}
