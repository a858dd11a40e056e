// Bodies are verified against what the index says of them, records are read once for all who ask.
import { HoldfastError } from '@holdfast/errors'
import t from 'tap'
import { ByteWriter } from '../src/byte-writer.ts'
import { zlibChecksum } from '../src/checksum.ts'
import { storageLimits } from '../src/limits.ts'
import { type BodyClaim, RecordReader, takeBody } from '../src/record-reader.ts'
import { finishRecord, type Location, startRecord, writeSection } from '../src/section.ts'

const storeId = Buffer.from('0123456789abcdef0123456789abcdef', 'hex')
const head = { kind: 'entry', type: 1, group: 2, index: 9, term: 3 } as const

/** A record with one entry, and where that lies. */
function recordAt(sequence: number, text = 'body'): { value: Uint8Array; location: Location } {
  const writer = new ByteWriter(256)
  startRecord(writer)
  const place = writeSection(writer, 0, head, Buffer.from(text), zlibChecksum)
  const header = { kind: 'commit', storeId, sequence, recordId: 1, checkpoint: 0, sections: 1 }
  const value = finishRecord(writer, 0, { ...header, kind: 'commit' }, zlibChecksum).slice()
  return { value, location: { sequence, ...place } }
}

const claim: BodyClaim = { kinds: ['entry', 'repaired-entry'], group: 2, index: 9, term: 3 }

t.test('a body is what the index says it is, or none', async (t) => {
  const { value, location } = recordAt(7)
  const take = (wrong: Partial<BodyClaim>, elsewhere: Partial<Location> = {}): string | null => {
    const where = { ...location, ...elsewhere }
    const body = takeBody(value, where, { ...claim, ...wrong }, zlibChecksum)
    return body && Buffer.from(body.data).toString()
  }
  t.equal(take({}), 'body')
  t.equal(take({ kinds: ['blob'] }), null, 'of another kind')
  t.equal(take({ group: 3 }), null, 'of another group')
  t.equal(take({ index: 10 }), null, 'of another entry')
  t.equal(take({ term: 4 }), null, 'of another term')
  t.equal(take({}, { length: 3 }), null, 'of another length')
  t.equal(take({}, { checksum: location.checksum ^ 1 }), null, 'with another checksum')
  t.equal(take({}, { position: location.position + 1 }), null, 'at another place')
  value[value.length - 1] = (value.at(-1) ?? 0) ^ 1
  t.equal(take({}), null, 'damaged')
})

t.test('a small body does not hold on to its record', async (t) => {
  const { value, location } = recordAt(7)
  const body = takeBody(value, location, claim, zlibChecksum)
  t.not(body?.data.buffer, value.buffer)
})

t.test('a record under another key, or of nobody, is none', async (t) => {
  const { value } = recordAt(7)
  const reader = new RecordReader(
    async (sequence) => (sequence < 9 ? value : undefined),
    storeId,
    zlibChecksum
  )
  t.equal(await reader.read(8), null)
  t.equal(await reader.read(9), null)
  t.ok(await reader.read(7))
})

/** Reads that end when they are told to. */
class Gate {
  readonly asked: number[] = []
  readonly #ends: (() => void)[] = []
  readonly reader: RecordReader = new RecordReader(
    (sequence) => {
      this.asked.push(sequence)
      return new Promise((resolve) => {
        this.#ends.push(() => resolve(recordAt(sequence).value))
      })
    },
    storeId,
    zlibChecksum
  )

  endAll(): void {
    for (const end of this.#ends.splice(0)) end()
  }
}

t.test('who asks for the same record shares its read, and its place in the cache', async (t) => {
  const gate = new Gate()
  const both = [gate.reader.read(1), gate.reader.read(1)]
  gate.endAll()
  const [one, other] = await Promise.all(both)
  t.equal(one, other)
  t.equal(await gate.reader.read(1), one)
  t.same(gate.asked, [1])
  gate.reader.forget(1)
  const again = gate.reader.read(1)
  gate.endAll()
  t.not(await again, one)
  t.same(gate.asked, [1, 1])
})

t.test('few reads run at a time, the others in their order', async (t) => {
  const gate = new Gate()
  const most = storageLimits.readsConcurrentMax
  const reads = Array.from({ length: most + 2 }, (_, i) => gate.reader.read(i + 1))
  t.same(
    gate.asked,
    Array.from({ length: most }, (_, i) => i + 1)
  )
  gate.endAll()
  await Promise.all(reads.slice(0, most))
  gate.endAll()
  t.ok((await Promise.all(reads)).every((value) => value !== null))
  t.same(gate.asked.slice(most), [most + 1, most + 2])
})

t.test('a read that would wait behind too many is refused', async (t) => {
  const gate = new Gate()
  const { readsConcurrentMax, readsWaitingMax } = storageLimits
  const reads: Promise<unknown>[] = []
  for (let i = 0; i < readsConcurrentMax + readsWaitingMax; i += 1) {
    reads.push(gate.reader.read(i + 1))
  }
  await t.rejects(gate.reader.read(0), HoldfastError)
  const all = Promise.all(reads)
  let isDone = false
  void all.then(() => {
    isDone = true
  })
  while (!isDone) {
    gate.endAll()
    await new Promise((resolve) => setImmediate(resolve))
  }
  t.equal(gate.asked.length, reads.length)
})
