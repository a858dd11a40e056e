// Records written straight into slabs equal those of `encodeRecord`, batch for batch.
import { encodeRecord, scanRecords } from '@holdfast/record'
import t from 'tap'
import { RecordBuffer } from '../src/record-buffer.ts'

t.test('batches hold the records that encodeRecord writes, and never change again', async (t) => {
  const buffer = new RecordBuffer()
  const sizes = [0, 1, 255, 256, 65_529, 65_535, 65_536, 70_000, 3, 1_000_000, 12, 5]
  const taken: { readonly blob: Uint8Array; readonly expected: Buffer; readonly count: number }[] =
    []
  for (let start = 0; start < 200; start++) {
    const count = 1 + (start % 4)
    const expected: Uint8Array[] = []
    for (let i = 0; i < count; i++) {
      const size = sizes[(start * 5 + i * 3) % sizes.length] ?? 0
      const body = new Uint8Array(size).fill(start + i)
      const properties = (start + i) % 5 === 0 ? { messageId: `m${start}` } : null
      buffer.append(properties, body)
      expected.push(encodeRecord(properties, body))
      t.equal(
        buffer.length,
        expected.reduce((total, { length }) => total + length, 0)
      )
    }
    taken.push({ blob: buffer.take(), expected: Buffer.concat(expected), count })
    t.equal(buffer.length, 0)
  }
  for (const { blob, expected, count } of taken) {
    t.equal(Buffer.compare(blob, expected), 0)
    scanRecords(blob, count)
  }
})

t.test('what is refused leaves the batch as it was', async (t) => {
  const buffer = new RecordBuffer()
  buffer.append(null, new Uint8Array(3))
  const { length } = buffer
  const large = new Uint8Array(16 * 1024 * 1024 + 1)
  t.throws(() => buffer.append(null, large), { code: 'MESSAGE_TOO_LARGE' })
  t.throws(() => buffer.append({ messageId: 'm' }, large), { code: 'MESSAGE_TOO_LARGE' })
  t.throws(() => buffer.append({ colour: 'red' } as never, new Uint8Array(1)), {
    code: 'OPTION_UNKNOWN'
  })
  t.equal(buffer.length, length)
  scanRecords(buffer.take(), 1)
})
