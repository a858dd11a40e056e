// Records: round trip, slices, limits, and hostile bytes.
import { HoldfastError } from '@holdfast/errors'
import { chooseSeed, Random } from '@holdfast/testkit'
import t from 'tap'
import {
  encodeRecord,
  foreignProperties,
  type HeaderValue,
  hasForeignProperties,
  type Properties,
  recordBody,
  recordLimits,
  recordProperties,
  recordText,
  scanRecord,
  scanRecords,
  skipRecord
} from '../src/index.ts'
import { verdict, withProperties } from './property-records.ts'

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
  const random = new Random(chooseSeed())
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
  const random = new Random(chooseSeed())
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

t.test('properties of another protocol are a byte string, where a gateway says so', async (t) => {
  const raw = Uint8Array.of(1, 2, 3)
  const record = Uint8Array.of(0x92, 0xc4, 3, ...raw, 0xc4, 1, 9)
  t.equal(scanRecord(record, 0, record.length, true), record.length)
  t.throws(() => scanRecord(record, 0, record.length), { code: 'FRAME_INVALID' })
  t.throws(() => scanRecords(record, 1), { code: 'FRAME_INVALID' }, 'a client says no such thing')
  t.throws(() => scanRecord(record.subarray(0, 5), 0, 5, true), { code: 'FRAME_INVALID' })
  t.ok(hasForeignProperties(record, 0))
  t.same(foreignProperties(record, 0), raw)
  t.same(recordBody(record, 0), Uint8Array.of(9))
  t.equal(skipRecord(record, 0), record.length)
  const size = recordLimits.propertiesBytesMax
  const large = Buffer.concat([
    Uint8Array.of(0x92, 0xc6, 0, size >>> 16, (size >>> 8) & 255, size & 255),
    new Uint8Array(size),
    Uint8Array.of(0xc4, 0)
  ])
  t.throws(() => scanRecord(large, 0, large.length, true), { code: 'MESSAGE_TOO_LARGE' })
  t.notOk(hasForeignProperties(encodeRecord(null, raw), 0))
  t.notOk(hasForeignProperties(encodeRecord({ type: 't' }, raw), 0))
})

t.test('one text is found in place', async (t) => {
  const random = new Random(chooseSeed())
  t.comment(`seed ${random.seed}`)
  for (let round = 0; round < 300; round++) {
    const properties = randomProperties(random)
    const record = joined([Uint8Array.of(0), encodeRecord(properties, new Uint8Array(3))])
    for (const name of ['contentType', 'userId', 'appId'] as const) {
      t.equal(recordText(record, 1, name), properties?.[name] ?? null)
    }
  }
  const long = 'x'.repeat(300)
  t.equal(recordText(encodeRecord({ userId: long }, new Uint8Array()), 0, 'userId'), long)
})
