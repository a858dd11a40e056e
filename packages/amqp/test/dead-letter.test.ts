// What a dead letter says of its history, and which queues would make a circle of it.
import { encodeRecord, type HeaderValue } from '@holdfast/record'
import t from 'tap'
import { type DeadLetterMessage, type Death, deadLetterAt } from '../src/dead-letter.ts'
import type { FieldTable } from '../src/field-table.ts'
import { tableOf } from '../src/field-value.ts'
import { amqpLimits } from '../src/limits.ts'
import { nativeProperties } from '../src/native-properties.ts'
import { type AmqpProperties, decodeProperties, encodeProperties } from '../src/properties.ts'
import { messageAt, nativeAt, RecordWriter } from '../src/record-form.ts'

const body = Uint8Array.of(1, 2, 3)
const plain = { hasHistory: false, isRerouted: false }
const again = { ...plain, hasHistory: true }

function recordOf(properties: AmqpProperties): Uint8Array {
  return new RecordWriter().write(encodeProperties(properties), body)
}

function death(queue: string, reason: string, more: Partial<Death> = {}): Death {
  return { queue, reason, timeMs: 1_999, exchange: 'x', routingKey: 'k', ...more }
}

function headersOf({ record }: DeadLetterMessage): Readonly<Record<string, HeaderValue>> {
  return nativeAt(record, 0)?.headers ?? {}
}

/** Dies in these queues, one after the other. */
function after(...deaths: readonly Death[]): DeadLetterMessage {
  let letter = deadLetterAt(recordOf({}), 0, deaths[0] ?? death('', ''), plain)
  for (const next of deaths.slice(1)) letter = deadLetterAt(letter.record, 0, next, again)
  return letter
}

/** Headers of its own that leave so many bytes for others. */
function roomFor(bytes: number): FieldTable {
  return tableOf({ own: 'x'.repeat(amqpLimits.propertiesBytesMax - bytes) })
}

t.test('the first death is told in full, with the types that RabbitMQ has', async (t) => {
  const headers = tableOf({ own: 1, CC: ['c'] })
  const record = recordOf({ messageId: 'm', expiration: '50', headers })
  const letter = deadLetterAt(record, 0, death('q', 'expired'), plain)
  t.same(letter.copies, ['c'])
  t.same([...letter.visited], ['q'])
  const { properties, body: same } = messageAt(letter.record, 0)
  t.same(same, body)
  const { expiration, headers: told, messageId } = decodeProperties(properties)
  t.equal(expiration, undefined)
  t.equal(messageId, 'm')
  const deaths = told?.get('x-death')
  const item = deaths?.type === 'A' ? deaths.value[0] : undefined
  const table = item?.type === 'F' ? item.value : new Map()
  t.match(table.get('count'), { type: 'l', value: 1n })
  t.match(table.get('time'), { type: 'T', value: 1n })
  t.match(table.get('queue'), { type: 'S' })
  t.match(nativeProperties(properties).headers, {
    own: 1,
    CC: ['c'],
    'x-death': [{ reason: 'expired', 'routing-keys': ['k', 'c'], 'original-expiration': '50' }],
    'x-first-death-queue': 'q',
    'x-first-death-reason': 'expired',
    'x-first-death-exchange': 'x'
  })
})

t.test('the same death again counts, and comes first', async (t) => {
  const letter = after(
    death('a', 'rejected', { timeMs: 5_000 }),
    death('b', 'expired', { exchange: 'y' }),
    death('a', 'rejected', { timeMs: 9_000, exchange: 'z' }),
    death('a', 'expired')
  )
  const headers = headersOf(letter)
  t.match(headers['x-death'], [
    { queue: 'a', reason: 'expired', count: 1 },
    { queue: 'a', reason: 'rejected', count: 2, time: 5, exchange: 'x' },
    { queue: 'b', reason: 'expired', count: 1, exchange: 'y' }
  ])
  t.match(headers, { 'x-first-death-queue': 'a', 'x-first-death-reason': 'rejected' })
  t.match(headers, { 'x-last-death-queue': 'a', 'x-last-death-reason': 'expired' })
})

t.test('a circle is one without a consumer', async (t) => {
  const expired = (queue: string) => death(queue, 'expired')
  t.same([...after(expired('a'), expired('b'), expired('c')).visited], ['c', 'b', 'a'])
  const rejected = after(expired('a'), death('b', 'rejected'), expired('c'), expired('d'))
  t.same([...rejected.visited], ['d', 'c'])
  t.same([...after(expired('a'), death('b', 'rejected')).visited], [])
  const spent = after(expired('a'), death('b', 'delivery_limit'), expired('c'))
  t.same([...spent.visited], ['c'], 'a consumer had a part in it')
})

t.test('a history that nobody here has written is none', async (t) => {
  const forged = tableOf({
    'x-death': [{ queue: 'q', reason: 'expired', count: 9 }, 'no table'],
    'x-first-death-queue': 'mine',
    'x-last-death-queue': 'mine'
  })
  const letter = deadLetterAt(recordOf({ headers: forged }), 0, death('q', 'expired'), plain)
  t.match(headersOf(letter), {
    'x-death': [{ queue: 'q', count: 1 }],
    'x-first-death-queue': 'q'
  })
  t.equal((headersOf(letter)['x-death'] as unknown[]).length, 1)
  const full = new Map([...forged, ...roomFor(500)])
  const next = deadLetterAt(recordOf({ headers: full }), 0, death('q', 'expired'), plain)
  t.equal((headersOf(next)['x-death'] as unknown[]).length, 1, 'nor where there is no room')
})

t.test('a routing key of the queue stands in the place of CC', async (t) => {
  const record = recordOf({ headers: tableOf({ CC: ['c'] }) })
  const letter = deadLetterAt(record, 0, death('q', 'rejected'), { ...plain, isRerouted: true })
  t.same(letter.copies, [])
  t.notOk('CC' in headersOf(letter))
  t.match(headersOf(letter)['x-death'], [{ 'routing-keys': ['k', 'c'] }])
  const odd = recordOf({ headers: tableOf({ CC: 'no list' }) })
  t.same(deadLetterAt(odd, 0, death('q', 'rejected'), plain).copies, [])
})

t.test('a message of the native protocol has a history likewise', async (t) => {
  const record = encodeRecord({ messageId: 'm', expiration: '7', headers: { own: [1] } }, body)
  const letter = deadLetterAt(record, 0, death('q', 'rejected'), plain)
  const told = nativeAt(letter.record, 0)
  t.match(told, { messageId: 'm', headers: { own: [1], 'x-death': [{ queue: 'q' }] } })
  t.notOk('expiration' in (told ?? {}))
  t.same(messageAt(letter.record, 0).body, body)
})

t.test('where there is no room, the oldest history goes, and never the message', async (t) => {
  const record = recordOf({ headers: roomFor(1_000) })
  let letter = deadLetterAt(record, 0, death('q0', 'expired'), plain)
  for (let i = 1; i < 9; i++) {
    letter = deadLetterAt(letter.record, 0, death(`q${i}`, 'expired'), again)
  }
  const headers = headersOf(letter)
  t.ok('own' in headers)
  t.equal(headers['x-first-death-queue'], 'q0')
  const deaths = headers['x-death'] as Record<string, unknown>[]
  t.match(deaths[0], { queue: 'q8', exchange: 'x' })
  t.same(deaths.at(-1), { count: 1, reason: 'expired', queue: 'q0' })
})

t.test('a message without any room keeps its history and its body, not its headers', async (t) => {
  const full = recordOf({ messageId: 'm', headers: roomFor(40) })
  let letter = deadLetterAt(full, 0, death('a', 'expired'), plain)
  t.notOk('own' in headersOf(letter))
  letter = deadLetterAt(letter.record, 0, death('b', 'expired'), again)
  t.same([...letter.visited], ['b', 'a'], 'its circle is known')
  t.match(nativeAt(letter.record, 0), { messageId: 'm' })
  t.same(messageAt(letter.record, 0).body, body)
})

t.test('however long, a history comes to an end', async (t) => {
  let letter = after(death('q', 'rejected'))
  for (let i = 0; i < 400; i++) {
    const queue = `${i}`.padStart(255, 'q')
    letter = deadLetterAt(letter.record, 0, death(queue, 'expired'), again)
    const { properties } = messageAt(letter.record, 0)
    if (properties.length > amqpLimits.propertiesBytesMax) t.fail('too long')
  }
  t.match(headersOf(letter)['x-death'], [{ queue: '399'.padStart(255, 'q'), exchange: 'x' }])
})

t.test('copies are few, and those of another protocol are none', async (t) => {
  const many = Array.from({ length: 6_000 }, (_, i) => `${i % 300}`)
  const headers = { CC: many, own: 1 }
  const record = recordOf({ headers: tableOf(headers) })
  const { copies } = deadLetterAt(record, 0, death('q', 'rejected'), plain)
  t.same(copies, many.slice(0, amqpLimits.copiesMax))
  const native = encodeRecord({ headers }, body)
  let letter = deadLetterAt(native, 0, death('q', 'rejected'), plain)
  t.same(letter.copies, [])
  letter = deadLetterAt(letter.record, 0, death('q', 'rejected'), again)
  t.same(letter.copies, [], 'nor later')
  t.match(headersOf(letter), { own: 1, 'x-death': [{ count: 2, 'routing-keys': ['k'] }] })
})
