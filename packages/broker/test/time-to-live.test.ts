// The life of a message by its own word, in records of either protocol.
import { encodeRecord, type Properties } from '@holdfast/record'
import t from 'tap'
import { noDeadlineMs } from '../src/queue/segment.ts'
import { deadlinesIn, readLifetimes, timeToLiveMs, unlimitedMs } from '../src/time-to-live.ts'

function native(properties: Properties | null): number {
  const record = encodeRecord(properties, Uint8Array.of(1))
  return timeToLiveMs(new Uint8Array([9, 9, ...record]), 2)
}

/** A record whose properties are the bytes of AMQP. */
function foreign(...raw: readonly number[]): number {
  const record = [0x92, 0xc4, raw.length, ...raw, 0xc4, 1, 7]
  return timeToLiveMs(new Uint8Array([9, 9, ...record]), 2)
}

const text = (value: string): number[] => [value.length, ...Buffer.from(value)]

t.test('a record of the native protocol', async (t) => {
  t.equal(native(null), unlimitedMs)
  t.equal(native({ messageId: '5' }), unlimitedMs)
  t.equal(native({ expiration: '0' }), 0)
  t.equal(native({ type: 'expiration', expiration: '315360000000', appId: 'a' }), 315_360_000_000)
})

t.test('a record of AMQP, whatever stands before', async (t) => {
  t.equal(foreign(0, 0), unlimitedMs)
  t.equal(foreign(0x10, 0, 2), unlimitedMs)
  t.equal(foreign(0x01, 0, ...text('1500')), 1500)
  const headers = [0, 0, 0, 3, 1, 0x61, 0x56]
  const before = [
    ...text('text/plain'),
    ...text('gzip'),
    ...headers,
    2,
    5,
    ...text('c'),
    ...text('')
  ]
  t.equal(foreign(0xff, 0x80, ...before, ...text('70'), ...text('id')), 70)
  t.equal(foreign(0x21, 0, ...headers, ...text('8')), 8)
})

t.test('what is no number of milliseconds says nothing', async (t) => {
  for (const value of ['', 'soon', '-1', '315360000001', '1234567890123', ' 1']) {
    t.equal(foreign(0x01, 0, ...text(value)), unlimitedMs, value)
  }
  t.equal(foreign(0x81, 0, 200, 1), unlimitedMs, 'it is cut')
  t.equal(foreign(0x01), unlimitedMs, 'it is cut')
})

t.test('the shorter life counts, and none has an end where nobody says so', async (t) => {
  const read = (...all: readonly (Properties | null)[]): void => {
    const records = all.map((properties) => encodeRecord(properties, Uint8Array.of(1)))
    const starts = new Uint32Array(all.length + 1)
    for (const [at, { length }] of records.entries()) starts[at + 1] = (starts[at] ?? 0) + length
    readLifetimes(new Uint8Array(Buffer.concat(records)), starts, all.length)
  }
  const due = (ttlMs: number | null) => deadlinesIn(1_000, ttlMs, 0, 2)?.subarray(0, 2)
  read(null, { expiration: '30' })
  t.same(due(null), [noDeadlineMs, 1_030])
  t.same(due(50), [1_050, 1_030])
  t.same(due(0), [1_000, 1_000])
  read(null, { messageId: 'm' })
  t.equal(due(null), undefined)
  t.same(due(50), [1_050, 1_050])
})
