// The priority that a message asks for, in records of either protocol.
import { encodeRecord, type Properties } from '@holdfast/record'
import t from 'tap'
import { prioritiesIn, priorityOf, readPriorities } from '../src/message-priority.ts'

function native(properties: Properties | null): number {
  const record = encodeRecord(properties, Uint8Array.of(1))
  return priorityOf(new Uint8Array([9, 9, ...record]), 2)
}

/** A record whose properties are the bytes of AMQP. */
function foreign(...raw: readonly number[]): Uint8Array {
  return new Uint8Array([0x92, 0xc4, raw.length, ...raw, 0xc4, 1, 7])
}

const text = (value: string): number[] => [value.length, ...Buffer.from(value)]

t.test('a record of the native protocol', async (t) => {
  t.equal(native(null), 0)
  t.equal(native({ messageId: '5' }), 0)
  for (const priority of [0, 1, 127, 128, 255]) {
    t.equal(native({ type: 'priority', priority, appId: 'a' }), priority)
  }
})

t.test('a record of AMQP, whatever stands before', async (t) => {
  t.equal(priorityOf(foreign(0, 0), 0), 0)
  t.equal(priorityOf(foreign(0x08, 0, 200), 0), 200)
  t.equal(priorityOf(foreign(0x10, 0, 2), 0), 0, 'it has a delivery mode')
  const headers = [0, 0, 0, 3, 1, 0x61, 0x56]
  const before = [...text('text/plain'), ...text('gzip'), ...headers, 2]
  t.equal(priorityOf(foreign(0xff, 0x80, ...before, 9, ...text('c')), 0), 9)
  t.equal(priorityOf(foreign(0x48, 0, ...text('gzip')), 0), 0, 'a cut one says nothing')
  t.equal(priorityOf(foreign(0x08), 0), 0)
})

t.test('of all records of a section', async (t) => {
  const records = [{ priority: 3 }, null, { priority: 255 }].map((properties) =>
    encodeRecord(properties, new Uint8Array(4))
  )
  const starts = new Uint32Array(4)
  for (const [at, { length }] of records.entries()) starts[at + 1] = (starts[at] ?? 0) + length
  readPriorities(new Uint8Array(Buffer.concat(records)), starts, 3)
  t.same([...prioritiesIn(255, 0, 3).subarray(0, 3)], [3, 0, 255])
  t.same([...prioritiesIn(2, 1, 3).subarray(1, 3)], [0, 2], 'none is above the highest')
})
