// What a client must not send, over TCP and over WebSocket, beside a client that behaves: each ends
// its own connection with a coded error, or fails alone, and nothing else notices.
import { encodeRecord, pack } from '@holdfast/record'
import { Random } from '@holdfast/testkit'
import t from 'tap'
import { startTarget, type Target } from './healthy-client.ts'
import { type Carrier, framed, hello, RawClient } from './raw-client.ts'

t.setTimeout(280_000)

const record = encodeRecord(null, new Uint8Array(10))

/** Arrays within arrays. */
function nested(depth: number): Uint8Array {
  const bytes = new Uint8Array(depth + 1).fill(0x91)
  bytes[depth] = 0x01
  return bytes
}

function raw(...parts: readonly (number | Uint8Array)[]): Buffer {
  return Buffer.concat(parts.map((part) => (typeof part === 'number' ? Buffer.of(part) : part)))
}

function publish(blob: Uint8Array, count = 1, sequence = 1): unknown[] {
  return [3, '', 'healthy', 0, sequence, sequence, count, blob]
}

/** Before the hello: bytes, and the code they are refused with. */
const strangers: readonly (readonly [string, Uint8Array, string])[] = [
  ['HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n'), 'FRAME_TOO_LARGE'],
  ['AMQP', Buffer.from('AMQP\0\0\u0009\u0001'), 'FRAME_TOO_LARGE'],
  ['an empty frame', framed(new Uint8Array(0)), 'FRAME_INVALID'],
  ['a length of 4 GiB', framed(new Uint8Array(8), 0xffffffff), 'FRAME_TOO_LARGE'],
  ['more than 4 KiB', framed(new Uint8Array(5_000)), 'FRAME_TOO_LARGE'],
  ['no array', framed(pack(7)), 'FRAME_INVALID'],
  ['an array of 4 G fields', framed(raw(0xdd, Buffer.alloc(4, 0xff))), 'FRAME_INVALID'],
  ['deep nesting', framed(nested(4_000)), 'FRAME_INVALID'],
  ['a request before the hello', framed(pack([2, 1, 'nodes', {}])), 'HANDSHAKE_REQUIRED'],
  ['an unknown version', hello({}, 99), 'VERSION_UNSUPPORTED'],
  ['a short producer', hello({ producer: new Uint8Array(3) }), 'FRAME_INVALID'],
  ['a negative epoch', hello({ epoch: -1 }), 'FRAME_INVALID'],
  ['an epoch that is a text', hello({ epoch: 'x' }), 'FRAME_INVALID'],
  ['no map in the hello', framed(pack([1, 1, 'x'])), 'FRAME_INVALID'],
  ['an unknown field of the hello', hello({ extra: 1 }), 'OPTION_UNKNOWN']
]

/** After the hello: what is sent, and the code with which the connection is closed. */
const guests: readonly (readonly [string, Uint8Array, string])[] = [
  ['an unknown operation', framed(pack([99])), 'OPERATION_UNKNOWN'],
  ['an operation of the server', framed(pack([33, 1, {}])), 'OPERATION_UNKNOWN'],
  ['a second hello', hello(), 'FRAME_INVALID'],
  ['an ext type', framed(raw(0x94, 2, 1, 0xa5, Buffer.from('nodes'), 0xd4, 1, 1)), 'FRAME_INVALID'],
  [
    'deep nesting',
    framed(raw(0x94, 2, 1, 0xa5, Buffer.from('nodes'), nested(9_000))),
    'FRAME_INVALID'
  ],
  [
    'a map of 4 G keys',
    framed(raw(0x94, 2, 1, 0xa1, 0x78, 0xdf, Buffer.alloc(4, 0xff))),
    'FRAME_INVALID'
  ],
  ['a text that is no UTF-8', framed(raw(0x94, 2, 1, 0xa1, 0xff, 0x80)), 'FRAME_INVALID'],
  ['a frame of 17 MiB', framed(new Uint8Array(8), 17 * 2 ** 20), 'FRAME_TOO_LARGE'],
  ['a field too many', framed(pack([6, 1])), 'FRAME_INVALID'],
  ['bytes behind the frame', framed(raw(pack([6]), 0xc0)), 'FRAME_INVALID'],
  ['a blob that is no record', framed(pack(publish(Uint8Array.of(1, 2, 3, 4)))), 'FRAME_INVALID'],
  [
    'a record whose body lies',
    framed(pack(publish(raw(0x92, 0xc0, 0xc6, Buffer.alloc(4, 0xff))))),
    'FRAME_INVALID'
  ],
  ['more records than there are', framed(pack(publish(record, 2))), 'FRAME_INVALID'],
  ['a sequence of 2^53', framed(pack(publish(record, 1, 2 ** 53 - 1))), 'FRAME_INVALID'],
  ['a sequence that does not grow', framed(pack(publish(record, 1, 0))), 'FRAME_INVALID'],
  [
    'a publish over the credit',
    framed(pack(publish(encodeRecord(null, new Uint8Array(300_000))))),
    'CREDIT_EXCEEDED'
  ],
  [
    'the start of a publish far over the credit',
    framed(new Uint8Array(100), 16 * 2 ** 20),
    'CREDIT_EXCEEDED'
  ],
  ['a wish for endless credit', framed(pack([5, 2 ** 52])), 'FRAME_INVALID'],
  ['an outcome that is none', framed(pack([4, 1, 1, 9, []])), 'FRAME_INVALID'],
  ['ranges that are cut', framed(pack([4, 1, 1, 0, [1, 2]])), 'FRAME_INVALID'],
  [
    'settlements of more than anybody holds',
    framed(pack([4, 1, 1, 0, [1, 65_536, 0]])),
    'FRAME_INVALID'
  ],
  ['a settle sequence of 0', framed(pack([4, 0, 1, 0, []])), 'FRAME_INVALID']
]

/** Requests that fail alone: the connection goes on. */
const requests: readonly (readonly [string, unknown, string])[] = [
  ['no-such-request', {}, 'REQUEST_INVALID'],
  ['__proto__', {}, 'REQUEST_INVALID'],
  ['constructor', {}, 'REQUEST_INVALID'],
  ['nodes', [], 'REQUEST_INVALID'],
  ['nodes', { surplus: 1 }, 'OPTION_UNKNOWN'],
  ['declare-queue', { name: '' }, 'NAME_INVALID'],
  ['declare-queue', { name: 'x'.repeat(256) }, 'NAME_INVALID'],
  ['declare-queue', { name: 'amq.mine' }, 'NAME_INVALID'],
  ['declare-queue', { name: 'q', options: { durable: false } }, 'OPTION_INVALID'],
  ['declare-queue', { name: 'q', options: { ttl: 1 } }, 'OPTION_UNKNOWN'],
  ['declare-exchange', { name: 'e', kind: 'odd' }, 'EXCHANGE_TYPE_UNKNOWN'],
  ['declare-exchange', { name: 'amq.direct', kind: 'fanout' }, 'EXCHANGE_MISMATCH'],
  ['bind-queue', { queue: 'q', exchange: 'none', bindingKey: '' }, 'EXCHANGE_NOT_FOUND'],
  [
    'bind-queue',
    {
      queue: 'healthy',
      exchange: 'amq.headers',
      bindingKey: '',
      arguments: { a: [[[[[[[[[1]]]]]]]]] }
    },
    'BINDING_INVALID'
  ],
  [
    'bind-queue',
    {
      queue: 'healthy',
      exchange: 'amq.headers',
      bindingKey: '',
      arguments: { a: 'x'.repeat(10_000) }
    },
    'BINDING_INVALID'
  ],
  ['delete-queue', { name: 'none' }, 'QUEUE_NOT_FOUND'],
  ['delete-queue', { name: 'healthy', ifUnused: 'yes' }, 'OPTION_INVALID'],
  ['consume', { queue: 'none', tag: 't', prefetch: 1 }, 'QUEUE_NOT_FOUND'],
  ['consume', { queue: 'healthy', tag: 't', prefetch: 0 }, 'OPTION_INVALID'],
  ['consume', { queue: 'healthy', tag: 't', prefetch: 1, resume: [1] }, 'REQUEST_INVALID'],
  [
    'consume',
    { queue: 'healthy', tag: 't', prefetch: 1, resume: [1, 2 ** 53 - 1, 0] },
    'REQUEST_INVALID'
  ],
  ['cancel', { consumer: 77 }, 'CONSUMER_NOT_FOUND']
]

async function attack(target: Target, carrier: Carrier, run: (client: RawClient) => Promise<void>) {
  const { node } = target
  const client = await RawClient.open(carrier, carrier === 'tcp' ? node.client : node.http)
  try {
    await run(client)
  } finally {
    client.destroy()
  }
}

t.test('what a client must not say ends its connection, and nothing else', async (t) => {
  const target = await startTarget(t)
  for (const carrier of ['tcp', 'websocket'] as const) {
    for (const [what, bytes, code] of strangers) {
      await attack(target, carrier, async (client) => {
        client.write(bytes)
        t.equal(await client.closingCode(), code, `${carrier}, a stranger: ${what}`)
      })
    }
    for (const [what, bytes, code] of guests) {
      await attack(target, carrier, async (client) => {
        await client.greet()
        client.write(bytes)
        t.equal(await client.closingCode(), code, `${carrier}: ${what}`)
      })
    }
    await attack(target, carrier, async (client) => {
      await client.greet()
      for (const [position, [name, args]] of requests.entries()) {
        client.send([2, position + 1, name, args])
      }
      for (const [position, [name, , code]] of requests.entries()) {
        t.equal((await client.answer(position + 1)).code, code, `${carrier}: ${name} ${position}`)
      }
      client.send([2, 1_000, 'nodes', {}])
      t.equal((await client.answer(1_000)).code, null, 'the connection goes on')
    })
  }
  await target.judge(t)
})

t.test('a good frame that is cut, or has bits flipped, is never more than an error', async (t) => {
  const target = await startTarget(t)
  const random = new Random(7)
  const frames: readonly unknown[][] = [
    [2, 1, 'declare-queue', { name: 'f', options: { durable: true } }],
    [2, 2, 'consume', { queue: 'healthy-not', tag: 't', prefetch: 5, resume: [1, 2, 0] }],
    [2, 3, 'bind-queue', { queue: 'f', exchange: 'amq.topic', bindingKey: 'a.#', arguments: {} }],
    publish(encodeRecord({ messageId: 'm', headers: { a: [1, { b: null }] } }, new Uint8Array(5))),
    [4, 1, 1, 0, [1, 2, 0, 5, 9, 1]],
    [5, 1_000_000]
  ]
  for (let round = 0; round < 150; round++) {
    const carrier = round % 3 === 0 ? 'websocket' : 'tcp'
    await attack(target, carrier, async (client) => {
      await client.greet()
      const bytes = Buffer.from(pack(frames[round % frames.length]))
      const flips = random.integer(1, 4)
      for (let flip = 0; flip < flips; flip++) {
        const at = random.integer(0, bytes.length - 1)
        bytes[at] = (bytes[at] ?? 0) ^ (1 << random.integer(0, 7))
      }
      const isCut = random.chance(1 / 3)
      client.write(framed(isCut ? bytes.subarray(0, random.integer(0, bytes.length - 1)) : bytes))
      client.send([7])
      await client.closingCode()
    })
  }
  await target.judge(t)
})
