// What the writer wrote the reader reads, however it was cut into slices.
import { HoldfastError } from '@holdfast/errors'
import { Random } from '@holdfast/testkit'
import t from 'tap'
import { ByteReader, retain } from '../../src/peers/byte-reader.ts'
import { ByteWriter, join } from '../../src/peers/byte-writer.ts'

t.test('values come back in order, at any size, and a cut frame is refused', async (t) => {
  const random = new Random(3)
  for (let round = 0; round < 40; round += 1) {
    const writer = new ByteWriter()
    const values: (number | Uint8Array)[] = []
    for (let i = 0; i < 60; i += 1) {
      if (random.chance(0.5))
        values.push(random.integer(0, 2 ** 32 - 1) * 2 ** random.integer(0, 20))
      else
        values.push(
          random.bytes(random.chance(0.2) ? random.integer(2000, 9000) : random.integer(0, 90))
        )
    }
    for (const value of values) {
      if (typeof value === 'number') writer.number(value)
      else writer.bytes(value)
    }
    const { size } = writer
    const first = random.integer(0, size)
    const head = writer.take(first)
    t.equal(writer.size, size - first)
    t.equal(join(head).length, first)
    const bytes = join([...head, ...writer.take()])
    t.equal(bytes.length, size)
    const reader = new ByteReader(bytes)
    const back = values.map((value) =>
      typeof value === 'number' ? reader.number() : reader.bytes()
    )
    t.ok(back.every((value, i) => same(value, values[i])))
    t.ok(reader.isAtEnd)
    const cut = new ByteReader(bytes.subarray(0, random.integer(0, bytes.length - 1)))
    t.throws(() => {
      for (const value of values) typeof value === 'number' ? cut.number() : cut.bytes()
    }, HoldfastError)
  }
})

function same(left: number | Uint8Array, right: number | Uint8Array | undefined): boolean {
  if (typeof left === 'number' || typeof right === 'number') return left === right
  return right !== undefined && Buffer.compare(left, right) === 0
}

t.test('numbers that are no counts are refused', async (t) => {
  for (const value of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
    const bytes = new Uint8Array(8)
    new DataView(bytes.buffer).setFloat64(0, value)
    t.throws(() => new ByteReader(bytes).number(), { code: 'FRAME_INVALID' })
  }
})

t.test('bytes that are kept do not pin a frame that is much larger', async (t) => {
  const frame = new Uint8Array(1000)
  t.not(retain(frame.subarray(0, 249)).buffer, frame.buffer)
  t.equal(retain(frame.subarray(0, 250)).buffer, frame.buffer)
})
