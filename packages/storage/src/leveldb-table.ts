// Verifies a LevelDB table file (leveldb doc/table_format.md): every block of it, as LevelDB itself
// does not (`storage-contract.md`, Facts).
//
//   table  := block* footer          footer := metaindex:handle index:handle padding magic:8
//   block  := contents type:u8 maskedCrc:u32le     the checksum covers contents and type
//   handle := offset:varint size:varint
//   contents of the two indexes := entry* restart:u32le* restarts:u32le
//   entry  := shared:varint unshared:varint length:varint key handle
import { Unreadable } from './byte-reader.ts'
import { crc32c, maskCrc } from './crc32c.ts'
import { VarintReader } from './varint-reader.ts'

const footerBytes = 48
const trailerBytes = 5
const magic = Buffer.from('57fb808b247547db', 'hex')

interface Handle {
  readonly offset: number
  readonly size: number
}

function readHandle(reader: VarintReader): Handle {
  return { offset: reader.number(), size: reader.number() }
}

/** The contents of a block. @throws Unreadable */
function verifiedBlock(bytes: Uint8Array, { offset, size }: Handle): Uint8Array {
  const end = offset + size
  if (end + trailerBytes > bytes.length - footerBytes) {
    throw new Unreadable(`a block at ${offset} exceeds the table`)
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (view.getUint32(end + 1, true) !== maskCrc(crc32c(bytes, offset, end + 1))) {
    throw new Unreadable(`the checksum of the block at ${offset} is wrong`)
  }
  return bytes.subarray(offset, end)
}

/** Where the blocks lie that an index block names. @throws Unreadable */
function handlesOf(block: Uint8Array): readonly Handle[] {
  const restartsAt = block.length - 4
  if (restartsAt < 0) throw new Unreadable('an index block is too short')
  const restarts = new DataView(block.buffer, block.byteOffset + restartsAt, 4).getUint32(0, true)
  const end = restartsAt - 4 * restarts
  if (end < 0) throw new Unreadable('an index block has too many restarts')
  const handles: Handle[] = []
  const reader = new VarintReader(block.subarray(0, end))
  while (!reader.isAtEnd) {
    reader.number()
    const keyBytes = reader.number()
    reader.number()
    reader.skip(keyBytes)
    handles.push(readHandle(reader))
  }
  return handles
}

/** Throws Unreadable with the reason if anything in a table is not as it was written. */
export function checkTable(bytes: Uint8Array): void {
  const footer = bytes.subarray(Math.max(0, bytes.length - footerBytes))
  if (Buffer.compare(footer.subarray(footerBytes - magic.length), magic) !== 0) {
    throw new Unreadable('it does not end as a table does')
  }
  const reader = new VarintReader(footer)
  const indexes = [readHandle(reader), readHandle(reader)]
  for (const index of indexes) {
    for (const handle of handlesOf(verifiedBlock(bytes, index))) verifiedBlock(bytes, handle)
  }
}
