// Records as bytes: what goes in comes out, and bytes that are not whole are refused, never
// misread.
import { commitRecord, entryAt } from '@holdfast/cluster/contract'
import { Random } from '@holdfast/testkit'
import t from 'tap'
import { ByteReader, Unreadable } from '../src/byte-reader.ts'
import { ByteWriter } from '../src/byte-writer.ts'
import { readCheckpoint } from '../src/checkpoint-codec.ts'
import { zlibChecksum } from '../src/checksum.ts'
import { recordKey, sequenceOfKey } from '../src/keys.ts'
import { decodeCommitRecord } from '../src/record-decoder.ts'
import { RecordEncoder } from '../src/record-encoder.ts'
import { readHeader } from '../src/section.ts'

const storeId = Buffer.from('0123456789abcdef0123456789abcdef', 'hex')
const meta = {
  id: { index: 9, term: 3 },
  configuration: { voters: [1, 2 ** 40], outgoing: [3], learners: [] },
  manifest: Buffer.from('manifest')
}
const hardState = { term: 2 ** 50, vote: null, commit: 8 }
const record = commitRecord(77, {
  groups: [
    { group: 2, hardState, truncateFrom: 4, entries: [entryAt(4, 3), entryAt(5, 3, 0, 'no-op')] },
    { group: 3, hardState: null, truncateFrom: null, entries: [] }
  ],
  blobs: [{ group: 4, blobs: [{ id: 6, bytes: Buffer.from('ahead') }] }],
  snapshots: [
    {
      group: 4,
      meta,
      newBlobs: [{ id: 5, bytes: Buffer.from('blob') }],
      blobs: [4, 5],
      freed: [{ first: 1, last: 2 ** 45 }],
      keepFrom: 6
    }
  ],
  stages: [
    {
      group: 5,
      source: 2 ** 40 + 1,
      snapshot: meta.id,
      blobs: [{ id: 1, bytes: Buffer.from('s') }],
      entries: [entryAt(2, 1)]
    }
  ],
  installs: [{ group: 6, meta, hardState, blobs: [1], retained: [{ first: 2, last: 2 }] }],
  repairs: [{ group: 8, entries: [entryAt(3, 2)] }],
  removedGroups: [7],
  identity: { clusterId: 'ab'.repeat(16), node: 3, incarnation: 4 },
  peers: Buffer.from('peers')
})

function encode(): { value: Uint8Array; changes: unknown } {
  const { value, changes } = new RecordEncoder(storeId, zlibChecksum).encode(record, 123, 100)
  return { value: value.slice(), changes }
}

function decode(value: Uint8Array): unknown {
  const header = readHeader(value, storeId, 123, zlibChecksum)
  return decodeCommitRecord(value, header, zlibChecksum)
}

function isUnreadable(read: () => unknown): boolean {
  try {
    read()
    return false
  } catch (error) {
    return error instanceof Unreadable
  }
}

t.test('a record decodes to the changes that its encoding stands for', async (t) => {
  const { value, changes } = encode()
  t.same(decode(value), changes)
  const header = readHeader(value, storeId, 123, zlibChecksum)
  t.match(header, { kind: 'commit', sequence: 123, recordId: 77, checkpoint: 100 })
})

t.test('cut at every byte, and with any bit flipped, it is unreadable', async (t) => {
  const { value } = encode()
  for (let cut = 0; cut < value.length; cut += 1) {
    if (!isUnreadable(() => decode(value.subarray(0, cut)))) t.fail(`cut at ${cut}`)
  }
  for (let bit = 0; bit < value.length * 8; bit += 1) {
    value[bit >>> 3] = (value[bit >>> 3] ?? 0) ^ (1 << (bit & 7))
    if (!isUnreadable(() => decode(value))) t.fail(`bit ${bit} was not noticed`)
    value[bit >>> 3] = (value[bit >>> 3] ?? 0) ^ (1 << (bit & 7))
  }
})

t.test('a record of another store or sequence is refused', async (t) => {
  const { value } = encode()
  t.throws(() => readHeader(value, Buffer.alloc(16), 123, zlibChecksum), /another store/)
  t.throws(() => readHeader(value, storeId, 124, zlibChecksum), /wrong key/)
})

t.test('random bytes are no checkpoint, and lying counts cost nothing', async (t) => {
  const random = new Random(5)
  for (let run = 0; run < 2000; run += 1) {
    const bytes = Uint8Array.from({ length: random.integer(0, 200) }, () => random.integer(0, 255))
    bytes[0] = 0
    bytes[1] = 0
    if (!isUnreadable(() => readCheckpoint(bytes))) t.fail(`run ${run} was accepted`)
  }
})

t.test('numbers beyond 32 bits keep their value, unsafe ones are refused', async (t) => {
  const writer = new ByteWriter(1)
  const numbers = [0, 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1]
  for (const number of numbers) writer.u64(number)
  const reader = new ByteReader(writer.slice(0, writer.position))
  t.same(
    numbers.map(() => reader.u64()),
    numbers
  )
  reader.end()
  t.throws(() => writer.u64(2 ** 53))
  t.throws(() => writer.u64(-1))
  t.throws(() => new ByteReader(new Uint8Array(8).fill(255)).u64(), Unreadable)
})

t.test('keys sort like their sequences', async (t) => {
  const sequences = [0, 1, 255, 256, 2 ** 32 - 1, 2 ** 32, 2 ** 40, 2 ** 53 - 1]
  const keys = sequences.map(recordKey)
  t.same([...keys].sort(Buffer.compare), keys)
  t.same(keys.map(sequenceOfKey), sequences)
  t.equal(sequenceOfKey(Buffer.from('other')), null)
  t.equal(sequenceOfKey(Buffer.alloc(9, 0x72)), null)
})
