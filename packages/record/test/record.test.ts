// Records: round trip, slices, limits, and hostile bytes.
import { HoldfastError } from '@holdfast/errors'
import t from 'tap'
import {
  encodeRecord,
  type HeaderValue,
  type Properties,
  pack,
  recordBody,
  recordLimits,
  recordProperties,
  scanRecord,
  scanRecords,
  skipRecord
} from '../src/index.ts'
import { chooseSeed, type Random, seeded } from './random.ts'

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}

function randomProperties(random: Random): Properties | null {
  if (random.chance(0.3)) return null
  const properties: Record<string, unknown> = {}
  const text = () => 'é1'.repeat(random.below(30))
  if (random.chance(0.3)) properties['contentType'] = text()
  if (random.chance(0.3)) properties['contentEncoding'] = text()
  if (random.chance(0.3)) properties['deliveryMode'] = 1 + random.below(2)
  if (random.chance(0.3)) properties['priority'] = random.below(256)
  if (random.chance(0.3)) properties['correlationId'] = text()
  if (random.chance(0.3)) properties['replyTo'] = text()
  if (random.chance(0.3)) properties['expiration'] = '60000'
  if (random.chance(0.3)) properties['messageId'] = text()
  if (random.chance(0.3)) properties['timestamp'] = random.pick([0, 1, 2 ** 40, 2 ** 53 - 1])
  if (random.chance(0.3)) properties['type'] = text()
  if (random.chance(0.3)) properties['userId'] = text()
  if (random.chance(0.3)) properties['appId'] = text()
  if (random.chance(0.5)) {
    const headers: Record<string, HeaderValue> = {
      a: 1,
      'x-€': [null, true, { deep: new Uint8Array(3) }]
    }
    properties['headers'] = headers
  }
  return Object.keys(properties).length === 0 ? null : (properties as Properties)
}

t.test('records pass through a blob unchanged', async (t) => {
  const random = seeded(chooseSeed())
  t.comment(`seed ${random.seed}`)
  const messages = Array.from({ length: 300 }, () => ({
    properties: randomProperties(random),
    body: new Uint8Array(random.pick([0, 1, 255, 256, 1024, 65_535, 65_536])).fill(
      random.below(256)
    )
  }))
  const records = messages.map(({ properties, body }) => encodeRecord(properties, body))
  const blob = joined(records)
  scanRecords(blob, records.length)
  let at = 0
  for (const { properties, body } of messages) {
    t.equal(Buffer.compare(recordBody(blob, at), body), 0)
    t.same(recordProperties(blob, at), properties)
    const end = scanRecord(blob, at, blob.length)
    t.equal(skipRecord(blob, at), end)
    at = end
  }
  t.equal(recordBody(blob, 0).buffer, blob.buffer, 'bodies are slices')
})

t.test('a blob holds exactly as many records as are told', async (t) => {
  const blob = joined([encodeRecord(null, Uint8Array.of(1)), encodeRecord(null, Uint8Array.of(2))])
  for (const count of [-1, 0, 1, 3, 1.5, Number.NaN, recordLimits.recordsMax + 1]) {
    t.throws(() => scanRecords(blob, count), { code: 'FRAME_INVALID' }, `${count}`)
  }
  scanRecords(blob, 2)
})

t.test('a record truncated at every byte is refused', async (t) => {
  const record = encodeRecord(
    { headers: { a: [1, 2, { b: 'c' }] }, messageId: 'm-1', timestamp: 2 ** 40 },
    new Uint8Array(300)
  )
  for (let length = 0; length < record.length; length++) {
    const cut = record.slice(0, length)
    t.throws(() => scanRecords(cut, 1), { code: 'FRAME_INVALID' })
  }
})

t.test('a record with flipped bits is accepted whole or refused with a code', async (t) => {
  const random = seeded(chooseSeed())
  t.comment(`seed ${random.seed}`)
  for (let round = 0; round < 5_000; round++) {
    const record = encodeRecord(randomProperties(random), new Uint8Array(random.below(40)))
    for (let flips = 1 + random.below(3); flips > 0; flips--) {
      const at = random.below(record.length)
      record[at] = (record[at] ?? 0) ^ (1 << random.below(8))
    }
    try {
      const end = scanRecord(record, 0, record.length)
      if (skipRecord(record, 0) !== end) t.fail('the two walks disagree', { record: [...record] })
      recordProperties(record, 0)
      recordBody(record, 0)
    } catch (error) {
      if (!(error instanceof HoldfastError) || error.code === 'INTERNAL') throw error
    }
  }
})

function withProperties(properties: unknown): Uint8Array {
  return joined([Uint8Array.of(0x92), pack(properties), Uint8Array.of(0xc4, 0)])
}

function verdict(run: () => unknown): string {
  try {
    run()
    return 'accepted'
  } catch (error) {
    return HoldfastError.from(error).code
  }
}

t.test(
  'a property of the wrong name or type is refused, from the wire and from an application',
  async (t) => {
    const cases: [unknown, string][] = [
      [{ contentTypo: 'x' }, 'OPTION_UNKNOWN'],
      [{ nope: 1 }, 'OPTION_UNKNOWN'],
      [JSON.parse('{"__proto__":1}'), 'OPTION_UNKNOWN'],
      [{ constructor: 'x' }, 'OPTION_UNKNOWN'],
      [{ ['k'.repeat(300)]: 1 }, 'OPTION_UNKNOWN'],
      [{ contentType: 1 }, 'OPTION_INVALID'],
      [{ contentType: null }, 'OPTION_INVALID'],
      [{ headers: [] }, 'OPTION_INVALID'],
      [{ headers: 'x' }, 'OPTION_INVALID'],
      [{ deliveryMode: 0 }, 'OPTION_INVALID'],
      [{ deliveryMode: 3 }, 'OPTION_INVALID'],
      [{ priority: 256 }, 'OPTION_INVALID'],
      [{ priority: -1 }, 'OPTION_INVALID'],
      [{ priority: 1.5 }, 'OPTION_INVALID'],
      [{ timestamp: -1 }, 'OPTION_INVALID'],
      [{ timestamp: 2 ** 60 }, 'OPTION_INVALID'],
      [{ timestamp: '1' }, 'OPTION_INVALID'],
      [{ timestamp: 2 ** 53 - 1, priority: 255, deliveryMode: 2 }, 'accepted']
    ]
    for (const [properties, expected] of cases) {
      const record = withProperties(properties)
      const title = JSON.stringify(properties).slice(0, 60)
      t.equal(
        verdict(() => scanRecord(record, 0, record.length)),
        expected,
        `wire ${title}`
      )
      t.equal(
        verdict(() => encodeRecord(properties as Properties, new Uint8Array())),
        expected,
        title
      )
    }
  }
)

t.test('integers are accepted in every form of msgpack', async (t) => {
  const priority = pack('priority')
  const forms: [number[], string][] = [
    [[0x05], 'accepted'],
    [[0xcc, 0x05], 'accepted'],
    [[0xcd, 0, 5], 'accepted'],
    [[0xce, 0, 0, 0, 5], 'accepted'],
    [[0xcf, 0, 0, 0, 0, 0, 0, 0, 5], 'accepted'],
    [[0xd0, 5], 'accepted'],
    [[0xd1, 0, 5], 'accepted'],
    [[0xd2, 0, 0, 0, 5], 'accepted'],
    [[0xd3, 0, 0, 0, 0, 0, 0, 0, 5], 'accepted'],
    [[0xd0, 0xff], 'OPTION_INVALID'],
    [[0xd3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 'OPTION_INVALID'],
    [[0xe1], 'OPTION_INVALID'],
    [[0xcd, 1, 0], 'OPTION_INVALID'],
    [[0xcf, 0, 0, 0, 1, 0, 0, 0, 0], 'OPTION_INVALID']
  ]
  for (const [form, expected] of forms) {
    const bytes = Uint8Array.from([0x92, 0x81, ...priority, ...form, 0xc4, 0])
    t.equal(
      verdict(() => scanRecord(bytes, 0, bytes.length)),
      expected,
      `${form}`
    )
  }
})

t.test('other shapes than a record are refused', async (t) => {
  const shapes = [
    [0x91, 0xc4, 0],
    [0x93, 0xc0, 0xc4, 0, 0xc0],
    [0x92, 0xc0, 0xa1, 0x61],
    [0x92, 0xc0, 0xc0, 0xc0],
    [0x92, 0x90, 0xc4, 0],
    [0x92, 0x01, 0xc4, 0],
    [0xdc, 0, 2, 0xc0, 0xc4, 0],
    [0x92, 0x82, 0xa4, 0x74, 0x79, 0x70, 0x65, 0xa0, 0xa4, 0x74, 0x79, 0x70, 0x65, 0xa0, 0xc4, 0]
  ]
  for (const shape of shapes) {
    const bytes = Uint8Array.from(shape)
    t.not(
      verdict(() => scanRecord(bytes, 0, bytes.length)),
      'accepted',
      `${shape}`
    )
  }
})

t.test('limits of body, properties and depth', async (t) => {
  const limit = recordLimits.bodyBytesMax
  const largest = encodeRecord(null, new Uint8Array(limit))
  t.equal(scanRecord(largest, 0, largest.length), limit + 7)
  t.equal(recordBody(largest, 0).length, limit)
  t.throws(() => encodeRecord(null, new Uint8Array(limit + 1)), { code: 'MESSAGE_TOO_LARGE' })
  const larger = new Uint8Array(limit + 8)
  larger.set([0x92, 0xc0, 0xc6, 1, 0, 0, 1])
  t.throws(() => scanRecord(larger, 0, larger.length), { code: 'MESSAGE_TOO_LARGE' })
  larger.set([0x92, 0xc0, 0xc6, 0xff, 0, 0, 1])
  t.throws(() => scanRecord(larger, 0, larger.length), { code: 'FRAME_INVALID' }, 'a lying length')

  const wide = { headers: { a: 'x'.repeat(70_000) } }
  t.throws(() => encodeRecord(wide, new Uint8Array()), { code: 'MESSAGE_TOO_LARGE' })
  const record = withProperties(wide)
  t.throws(() => scanRecord(record, 0, record.length), { code: 'MESSAGE_TOO_LARGE' })

  const nested = (depth: number): HeaderValue => (depth === 0 ? 1 : [nested(depth - 1)])
  const deepest = encodeRecord({ headers: { a: nested(14) } }, new Uint8Array())
  t.equal(scanRecord(deepest, 0, deepest.length), deepest.length)
  t.throws(() => encodeRecord({ headers: { a: nested(15) } }, new Uint8Array()), {
    code: 'OPTION_INVALID'
  })
})

t.test(
  'an application may leave properties undefined, and gets errors for what has no msgpack',
  async (t) => {
    const loose = { contentType: undefined, type: 'x' } as unknown as Properties
    t.same(recordProperties(encodeRecord(loose, new Uint8Array()), 0), { type: 'x' })
    t.equal(recordProperties(encodeRecord({}, new Uint8Array()), 0), null)
    const values = [new Date(0), 2n, () => 1, Symbol('x'), 2 ** 60, new Map(), undefined]
    for (const value of values) {
      const properties = { headers: { value } } as unknown as Properties
      t.throws(() => encodeRecord(properties, new Uint8Array()), { code: 'OPTION_INVALID' })
    }
    t.throws(() => encodeRecord({ type: '\ud800' }, new Uint8Array()), { code: 'REQUEST_INVALID' })
  }
)

t.test('the scanner is fast enough for the hot path', async (t) => {
  const record = encodeRecord(null, new Uint8Array(100))
  const count = 8_000
  const blob = joined(Array.from({ length: count }, () => record))
  for (let round = 0; round < 20; round++) scanRecords(blob, count)
  const start = process.hrtime.bigint()
  for (let round = 0; round < 100; round++) scanRecords(blob, count)
  const nanoseconds = Number(process.hrtime.bigint() - start) / (100 * count)
  t.comment(`${nanoseconds.toFixed(1)} ns a record`)
})
