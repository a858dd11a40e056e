// Every frame of both sides: round trip, cut at every byte, every bit flipped. Whatever comes,
// there is a frame or a coded error, never anything else.
import { HoldfastError } from '@holdfast/errors'
import {
  ClientFrameWriter,
  decodeClientFrame,
  decodeServerFrame,
  FrameReader,
  protocolLimits,
  ServerFrameWriter
} from '@holdfast/protocol'
import { encodeRecord, pack, reservedProducer } from '@holdfast/record'
import t from 'tap'
import { join } from './generator.ts'

const producer = new Uint8Array(16).fill(9)
const blob = join([
  encodeRecord(null, new Uint8Array([1, 2, 3])),
  encodeRecord({ headers: { a: 1, b: 'ü' }, messageId: 'm' }, new Uint8Array(700))
])
const error = new HoldfastError('NOT_LEADER', { group: 3, leader: 2 }).toWire()
const node = { id: 1, client: '127.0.0.1:7672', http: '127.0.0.1:7680' }

function payloads(chunks: readonly Uint8Array[]): Uint8Array[] {
  const reader = new FrameReader(protocolLimits.frameBytesMax)
  reader.feed(join(chunks))
  const frames: Uint8Array[] = []
  for (let frame = reader.next(); frame !== null; frame = reader.next()) frames.push(frame)
  return frames
}

function clientFrames(): Uint8Array[] {
  const writer = new ClientFrameWriter()
  writer.hello(1, { producer, epoch: 2, name: 'me', vhost: '/', heartbeatMs: 1_000 })
  writer.request(7, 'bind-queue', {
    queue: 'q',
    exchange: 'e',
    bindingKey: '#',
    arguments: { x: 1 }
  })
  writer.publish({
    exchange: 'events',
    routingKey: 'order.ü',
    mandatory: true,
    first: true,
    firstSequence: 2 ** 40,
    lowestUnconfirmed: 2 ** 33,
    count: 2,
    blob
  })
  writer.settle({ settleSequence: 300, consumer: 4, outcome: 'released', ranges: [1, 65_535, 0] })
  writer.wantCredit(2 ** 32)
  writer.heartbeat()
  writer.close()
  return payloads(writer.take())
}

function serverFrames(): Uint8Array[] {
  const writer = new ServerFrameWriter()
  writer.welcome(1, { clusterId: 'c', node: 1, heartbeatMs: 1_000, credit: 99, nodes: [node] })
  writer.response(7, error, null)
  writer.response(8, null, { consumer: 5 })
  writer.publishFailed(10, 11, error, 50)
  writer.deliver({
    consumer: 4,
    exchange: '',
    routingKey: 'q',
    firstOffset: 2 ** 50,
    count: 2,
    attempt: 1,
    deliveryCount: 0,
    blob
  })
  writer.settleFailed(6, error)
  writer.cancelled(4, error)
  writer.heartbeat()
  writer.nodes([node])
  writer.confirm(1, 4, 100)
  writer.confirm(8, 9, 0)
  writer.confirm(5, 7, 0)
  writer.settled(1)
  writer.settled(2)
  writer.closing(null)
  return payloads(writer.take())
}

/** Same fields in either end, whatever their prototypes. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

t.test('the frames of a client come back as they were', async (t) => {
  const [hello, ...rest] = clientFrames()
  const frames = [hello, ...rest].map((bytes, i) => decodeClientFrame(bytes ?? blob, i === 0))
  t.match(frames[0], { type: 'hello', version: 1, producer, epoch: 2, name: 'me', vhost: '/' })
  t.match(frames[1], { type: 'request', requestId: 7, name: 'bind-queue' })
  t.match(frames[2], {
    type: 'publish',
    exchange: 'events',
    routingKey: 'order.ü',
    mandatory: true,
    first: true,
    firstSequence: 2 ** 40,
    lowestUnconfirmed: 2 ** 33,
    count: 2,
    refusal: null
  })
  t.match(frames[3], { settleSequence: 300, consumer: 4, outcome: 'released' })
  t.match(frames[4], { type: 'want-credit', bytes: 2 ** 32 })
  t.match(frames[5], { type: 'heartbeat' })
  t.match(frames[6], { type: 'close' })
})

t.test('the frames of a server come back as they were, ranges merged', async (t) => {
  const frames = serverFrames().map((bytes) => plain(decodeServerFrame(bytes)))
  t.match(frames[0], { type: 'welcome', version: 1, clusterId: 'c', credit: 99, nodes: [node] })
  t.match(frames[1], { type: 'response', requestId: 7, error: { code: 'NOT_LEADER' } })
  t.match(frames[2], { type: 'response', requestId: 8, result: { consumer: 5 } })
  t.match(frames[3], { type: 'publish-failed', first: 10, last: 11 })
  t.match(frames[4], { type: 'deliver', run: { firstOffset: 2 ** 50, count: 2, attempt: 1 } })
  t.match(frames[5], { type: 'settle-failed', settleSequence: 6 })
  t.match(frames[6], { type: 'consumer-cancelled', consumer: 4 })
  t.match(frames[7], { type: 'heartbeat' })
  t.match(frames[8], { type: 'nodes', nodes: [node] })
  t.match(frames[9], { type: 'confirm', ranges: [1, 9], credit: 150 })
  t.match(frames[10], { type: 'settled', ranges: [1, 2] })
  t.match(frames[11], { type: 'closed', error: null })
})

function codeOf(decode: (bytes: Uint8Array) => unknown, bytes: Uint8Array): string {
  try {
    decode(bytes)
    return 'none'
  } catch (caught) {
    return caught instanceof HoldfastError ? caught.code : `not coded: ${String(caught)}`
  }
}

const decoders = [
  {
    name: 'client',
    decode: (b: Uint8Array) => decodeClientFrame(b, false),
    frames: clientFrames()
  },
  { name: 'server', decode: decodeServerFrame, frames: serverFrames() }
]

t.test('a frame cut at any byte is refused', async (t) => {
  for (const { name, decode, frames } of decoders) {
    for (const frame of frames) {
      for (let length = 0; length < frame.length; length++) {
        const code = codeOf(decode, frame.subarray(0, length))
        if (code !== 'FRAME_INVALID') t.fail(`${name}: ${code} for ${length} of ${frame.length}`)
      }
    }
  }
})

t.test('any flipped bit gives a frame or a coded error', async (t) => {
  const expected =
    /^(none|FRAME_INVALID|OPERATION_UNKNOWN|VERSION_UNSUPPORTED|OPTION_UNKNOWN|NAME_INVALID)$/
  for (const { name, decode, frames } of decoders) {
    for (const frame of frames) {
      for (let bit = 0; bit < 8 * frame.length; bit++) {
        const flipped = frame.slice()
        const byte = bit >>> 3
        flipped[byte] = (flipped[byte] ?? 0) ^ (1 << (bit & 7))
        const code = codeOf(decode, flipped)
        if (!expected.test(code)) t.fail(`${name}: ${code} for bit ${bit}`)
      }
    }
  }
})

t.test('lying lengths, deep nesting and foreign types are refused', async (t) => {
  const decode = (bytes: Uint8Array) => decodeClientFrame(bytes, false)
  let deep: unknown = 1
  for (let i = 0; i < 14; i++) deep = [deep]
  const nested = [0x94, 2, 1, 0xa1, 0x61, ...new Array(20_000).fill(0x91), 1]
  const cases: [string, number[]][] = [
    ['array32 of 4 billion', [0x95, 4, 1, 1, 0, 0xdd, 255, 255, 255, 255]],
    ['str32 of 4 billion', [0x98, 3, 0xdb, 255, 255, 255, 255]],
    ['bin32 of 4 billion', [0x98, 3, 0xa0, 0xa0, 0, 1, 1, 1, 0xc6, 255, 255, 255, 255]],
    ['map32 of 4 billion', [0x94, 2, 1, 0xa1, 0x61, 0xdf, 255, 255, 255, 255]],
    ['20,000 arrays in each other', nested],
    ['an extension', [0x94, 2, 1, 0xa1, 0x61, 0xd4, 1, 1]],
    ['2^53', [0x92, 5, 0xcf, 0, 0x20, 0, 0, 0, 0, 0, 0]],
    ['2^64 − 1', [0x92, 5, 0xcf, 255, 255, 255, 255, 255, 255, 255, 255]],
    ['−1', [0x92, 5, 0xff]],
    ['−1 in 32 bits', [0x92, 5, 0xd2, 255, 255, 255, 255]],
    ['1.5', [0x92, 5, 0xcb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0]],
    ['not a number', [0x92, 5, 0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0]],
    ['something behind it', [0x91, 6, 0]],
    ['half a surrogate in a name', [0x98, 3, 0xa3, 0xed, 0xa0, 0x80, 0xa0, 0, 1, 1, 1, 0xc4, 0]],
    ['a text instead of a number', [0x92, 5, 0xa1, 0x61]],
    ['a key of 256 bytes', [0x98, 3, 0xda, 1, 0, ...new Array(256).fill(97), 0xa0]],
    ['an unknown flag', [0x98, 3, 0xa0, 0xa0, 4, 1, 1, 1, 0xc4, 4, 0x92, 0xc0, 0xc4, 0]],
    ['an unknown outcome', [0x95, 4, 1, 1, 3, 0x90]],
    ['a range backwards', [0x95, 4, 1, 1, 0, 0x93, 2, 1, 0]],
    ['two thirds of a range', [0x95, 4, 1, 1, 0, 0x92, 2, 1]]
  ]
  for (const [what, bytes] of cases) {
    t.equal(codeOf(decode, new Uint8Array(bytes)), 'FRAME_INVALID', what)
  }
  t.equal(codeOf(decode, pack([99])), 'OPERATION_UNKNOWN')
  t.equal(codeOf(decode, pack([2, 1, 'x', deep])), 'none', 'depth 14 is within the bound')
  const big = [0x92, 5, 0xcf, 0, 0x1f, 255, 255, 255, 255, 255, 255]
  t.equal(codeOf(decode, new Uint8Array(big)), 'none', '2^53 − 1')
})

t.test('keys of a stranger reach no prototype', async (t) => {
  const bytes = pack([2, 1, 'declare-queue', new Map([['__proto__', { polluted: true }]])])
  const frame = decodeClientFrame(bytes, false)
  t.equal((frame as { args: { polluted?: boolean } }).args.polluted, undefined)
  t.equal(({} as { polluted?: boolean }).polluted, undefined)
})

t.test('a hello is checked field by field', async (t) => {
  const hello = { producer, epoch: 1, name: '', vhost: '/', heartbeatMs: 0 }
  const decode = (bytes: Uint8Array) => decodeClientFrame(bytes, true)
  const code = (...fields: unknown[]) => codeOf(decode, pack(fields))
  t.equal(code(1, 1, hello), 'none')
  t.equal(code(1, 2, 'whatever', 'a later version', 'holds'), 'VERSION_UNSUPPORTED')
  t.equal(code(1, 0), 'VERSION_UNSUPPORTED')
  t.equal(code(2, 1, 'nodes', {}), 'HANDSHAKE_REQUIRED')
  t.equal(code(1, 1, { ...hello, producer: producer.subarray(1) }), 'FRAME_INVALID')
  const reserved = new Uint8Array(16)
  reserved.set(reservedProducer)
  t.equal(code(1, 1, { ...hello, producer: reserved }), 'FRAME_INVALID')
  t.equal(code(1, 1, { ...hello, epoch: -1 }), 'FRAME_INVALID')
  t.equal(code(1, 1, { ...hello, vhost: '' }), 'NAME_INVALID')
  t.equal(code(1, 1, { ...hello, vhost: 'x'.repeat(256) }), 'NAME_INVALID')
  t.equal(code(1, 1, { ...hello, colour: 'red' }), 'OPTION_UNKNOWN')
  t.equal(code(1, 1, []), 'FRAME_INVALID')
})
