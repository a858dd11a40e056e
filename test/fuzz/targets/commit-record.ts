// Commit records, as they lie in the database: read whole, or found to be unreadable.
import { crc32 } from 'node:zlib'
import { commitRecord, entryAt } from '@holdfast/cluster/contract'
import type * as byteReader from '../../../packages/storage/src/byte-reader.ts'
import type * as recordDecoder from '../../../packages/storage/src/record-decoder.ts'
import type * as recordEncoder from '../../../packages/storage/src/record-encoder.ts'
import type * as section from '../../../packages/storage/src/section.ts'
import { internal } from '../internal.ts'
import { must, type Target } from '../target.ts'

const { Unreadable } = await internal<typeof byteReader>('storage', 'byte-reader')
const { decodeCommitRecord } = await internal<typeof recordDecoder>('storage', 'record-decoder')
const { RecordEncoder } = await internal<typeof recordEncoder>('storage', 'record-encoder')
const { headerBytes, readHeader, sectionHeadBytes } = await internal<typeof section>(
  'storage',
  'section'
)

const storeId = new Uint8Array(16).fill(9)
const checksum = (bytes: Uint8Array): number => crc32(bytes)

function run(input: Uint8Array): void {
  try {
    const header = readHeader(input, storeId, 1, checksum)
    for (const change of decodeCommitRecord(input, header, checksum)) {
      if (!('location' in change)) continue
      const { position, length } = change.location
      must(position + sectionHeadBytes + length <= input.length, 'a body lies within its record')
    }
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error
  }
}

/** Makes every length and checksum true, and the header that of record 1 of this store. */
function mend(input: Uint8Array): Uint8Array {
  if (input.length < headerBytes) return input
  const bytes = Buffer.from(input)
  let sections = 0
  let at = headerBytes
  for (; at + sectionHeadBytes <= bytes.length; sections += 1) {
    const start = at + sectionHeadBytes
    const length = Math.min(bytes.readUInt32BE(at + 24), bytes.length - start)
    bytes.writeUInt32BE(length, at + 24)
    bytes.writeUInt32BE(crc32(bytes.subarray(start, start + length)), at + 28)
    bytes.writeUInt32BE(crc32(bytes.subarray(at, at + 32)), at + 32)
    at = start + length
  }
  const whole = bytes.subarray(0, at)
  whole.set([0x48, 0x46, 0x4c, 0x52, 1, (whole[5] ?? 0) % 3, 0, 0])
  whole.set(storeId, 8)
  whole.writeBigUInt64BE(1n, 24)
  whole.writeUInt32BE(whole.length, 48)
  whole.writeUInt32BE(sections, 52)
  whole.writeUInt32BE(crc32(whole.subarray(0, headerBytes - 4)), headerBytes - 4)
  return whole
}

function samples(): readonly Uint8Array[] {
  const configuration = { voters: [1, 2, 3], outgoing: [], learners: [4] }
  const hardState = { term: 2, vote: 1, commit: 3 }
  const id = { index: 3, term: 1 }
  const meta = { id, configuration, manifest: Buffer.from('manifest') }
  const blob = { id: 7, bytes: Buffer.from('blob') }
  const range = { first: 1, last: 2 }
  const entries = [entryAt(4, 2), entryAt(5, 2, 0, 'no-op')]
  const parts = [
    {},
    { groups: [{ group: 1, hardState, truncateFrom: 4, entries }] },
    { snapshots: [{ group: 1, meta, newBlobs: [blob], blobs: [7], freed: [range], keepFrom: 1 }] },
    { stages: [{ group: 1, source: 5, snapshot: id, blobs: [blob], entries }] },
    { installs: [{ group: 1, meta, hardState, blobs: [7], retained: [range] }] },
    { repairs: [{ group: 1, entries }], removedGroups: [3] },
    {
      identity: { clusterId: 'ab'.repeat(16), node: 1, incarnation: 1 },
      peers: Buffer.from('peers')
    }
  ]
  return parts.map((part) => {
    const encoder = new RecordEncoder(storeId, checksum)
    return new Uint8Array(encoder.encode(commitRecord(1, part), 1, 0).value)
  })
}

export const target: Target = { bytesMax: 2048, seeds: samples(), mend, run }
