// Edits of a LevelDB manifest: read, or found to be unreadable.
import type * as byteReader from '../../../packages/storage/src/byte-reader.ts'
import type * as leveldbManifest from '../../../packages/storage/src/leveldb-manifest.ts'
import { internal } from '../internal.ts'
import { joined, must, type Target } from '../target.ts'

const { Unreadable } = await internal<typeof byteReader>('storage', 'byte-reader')
const { ManifestReader } = await internal<typeof leveldbManifest>('storage', 'leveldb-manifest')

function run(input: Uint8Array): void {
  const reader = new ManifestReader()
  try {
    reader.add(input)
    reader.add(input)
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error
  }
  must(reader.result().tables.size * 4 <= input.length, 'a table was named')
}

const comparator = Buffer.from('leveldb.BytewiseComparator')

export const target: Target = {
  bytesMax: 512,
  seeds: [
    joined(1, comparator.length, comparator, 2, 5, 3, 9, 4, 100, 9, 0),
    joined(7, 0, 4, 0x80, 1, 3, 1, 2, 3, 3, 4, 5, 6, 6, 1, 4, 5, 1, 2, 7, 8),
    joined(2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1)
  ],
  run
}
