// Records of AMQP messages: they come back as they were, and the readers of the record package find
// their way in them.
import { encodeRecord, recordBody, recordLimits, scanRecord, skipRecord } from '@holdfast/record'
import { chooseSeed, Random } from '@holdfast/testkit'
import t from 'tap'
import { integerField, longField, textField } from '../src/field-value.ts'
import { amqpLimits } from '../src/limits.ts'
import {
  checkRawProperties,
  decodeProperties,
  encodeProperties,
  noProperties,
  propertyOf
} from '../src/properties.ts'
import {
  joined,
  messageAt,
  nativeAt,
  nativeRecords,
  RecordWriter,
  withCounts
} from '../src/record-form.ts'
import { codeOf, randomProperties } from './generator.ts'

const seed = chooseSeed()
t.comment(`SEED=${seed}`)

t.test('a message comes back byte for byte', async (t) => {
  const random = new Random(seed)
  const writer = new RecordWriter()
  for (const size of [0, 1, 255, 256, 65_535, 65_536, 300_000]) {
    for (let round = 0; round < 10; round++) {
      const properties = random.chance(0.3)
        ? noProperties
        : encodeProperties(randomProperties(random))
      const body = random.bytes(size)
      const record = writer.write(properties, body)
      const message = messageAt(record, 0)
      t.same({ ...message, body }, { properties, body, end: record.length }, `seed ${seed}`)
      t.ok(Buffer.from(message.body).equals(body))
      t.ok(Buffer.from(recordBody(record, 0)).equals(body))
      t.equal(skipRecord(record, 0), record.length)
    }
  }
})

t.test('records written one behind the other are one slice', async (t) => {
  const writer = new RecordWriter()
  writer.begin(1_000)
  const first = writer.write(noProperties, Uint8Array.of(1))
  const second = writer.write(encodeProperties({ appId: 'a' }), Uint8Array.of(2))
  const both = joined(first, second)
  t.same(both, Uint8Array.of(...first, ...second))
  t.equal(joined(second, first), null)
  const large = writer.write(noProperties, new Uint8Array(70_000))
  t.equal(joined(second, large), null, 'it does not fit the slab')
  writer.begin(100)
  const next = writer.write(noProperties, Uint8Array.of(1))
  t.equal(next.buffer.byteLength, 100, 'a slab is as large as what was received')
  t.same(messageAt(both ?? first, first.length).body, Uint8Array.of(2))
})

t.test('a message of the native protocol is converted', async (t) => {
  const record = encodeRecord({ messageId: 'm', headers: { a: 1 } }, Uint8Array.of(7))
  const { properties, body, end } = messageAt(record, 0)
  t.same(decodeProperties(properties), {
    messageId: 'm',
    headers: new Map([['a', integerField(1)]])
  })
  t.same(body, Uint8Array.of(7))
  t.equal(end, record.length)
  t.same(messageAt(encodeRecord(null, new Uint8Array()), 0).properties, noProperties)
})

t.test(
  'a message of AMQP is converted for the native protocol, beside one that needs not',
  async (t) => {
    const writer = new RecordWriter()
    const headers = new Map([['a', integerField(1)]])
    const foreign = writer.write(encodeProperties({ messageId: 'm', headers }), Uint8Array.of(7))
    const plain = encodeRecord({ type: 't' }, Uint8Array.of(8))
    t.equal(nativeRecords(plain, 1), plain, 'nothing is copied where nothing is converted')
    const blob = nativeRecords(Uint8Array.of(...plain, ...foreign), 2)
    t.same(
      blob,
      Uint8Array.of(
        ...plain,
        ...encodeRecord({ messageId: 'm', headers: { a: 1 } }, Uint8Array.of(7))
      )
    )
    t.equal(nativeAt(encodeRecord(null, new Uint8Array()), 0), null)
  }
)

t.test('headers that the native protocol has no room for are left out', async (t) => {
  const value = Array.from({ length: 10_000 }, () => ({ type: 'f', value: 1.5 }) as const)
  const headers = new Map([['a', { type: 'A', value } as const]])
  const record = new RecordWriter().write(
    encodeProperties({ appId: 'x', headers }),
    new Uint8Array()
  )
  t.same(nativeRecords(record, 1), encodeRecord({ appId: 'x' }, new Uint8Array()))
})

t.test('properties that AMQP takes are within the bounds of a record', async (t) => {
  const writer = new RecordWriter()
  const ofSize = (bytes: number): Uint8Array => {
    const headers = new Map([['a', textField('x'.repeat(bytes - 13))]])
    return encodeProperties({ headers })
  }
  const largest = ofSize(amqpLimits.propertiesBytesMax)
  checkRawProperties(largest)
  const record = writer.write(largest, new Uint8Array())
  t.equal(scanRecord(record, 0, record.length, true), record.length)
  t.equal(
    codeOf(() => checkRawProperties(ofSize(recordLimits.propertiesBytesMax - 2))),
    502
  )
})

// As long as RabbitMQ writes them: clients in typed languages cast them to 64 bits.
t.test('how often it came back is told by headers', async (t) => {
  const raw = encodeProperties({ headers: new Map([['a', textField('b')]]), appId: 'x' })
  t.equal(withCounts(raw, { attempt: 0, deliveryCount: 0 }), raw)
  const counted = withCounts(raw, { attempt: 4, deliveryCount: 3 })
  t.same(propertyOf(counted, 'headers')?.get('x-acquired-count'), longField(4))
  t.same(propertyOf(counted, 'headers')?.get('x-delivery-count'), longField(3))
  t.same(propertyOf(counted, 'headers')?.get('a'), textField('b'))
  t.equal(propertyOf(counted, 'appId'), 'x')
  const failed = propertyOf(withCounts(noProperties, { attempt: 1, deliveryCount: 0 }), 'headers')
  t.same([...(failed ?? [])], [['x-acquired-count', longField(1)]], 'no consumer let go of it')
})
