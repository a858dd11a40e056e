// Tables of LevelDB, as they are checked before LevelDB opens them: sound, or found to be
// unreadable.
import type * as byteReader from '../../../packages/storage/src/byte-reader.ts'
import type * as crc from '../../../packages/storage/src/crc32c.ts'
import type * as leveldbTable from '../../../packages/storage/src/leveldb-table.ts'
import { internal } from '../internal.ts'
import { joined, type Target } from '../target.ts'

const { Unreadable } = await internal<typeof byteReader>('storage', 'byte-reader')
const { crc32c, maskCrc } = await internal<typeof crc>('storage', 'crc32c')
const { checkTable } = await internal<typeof leveldbTable>('storage', 'leveldb-table')

const footerBytes = 48
const magic = Buffer.from('57fb808b247547db', 'hex')

function run(input: Uint8Array): void {
  try {
    checkTable(input)
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error
  }
}

/** Numbers of seven bits a byte, as many as there are. */
function numbersIn(bytes: Uint8Array, countMax: number): number[] {
  const numbers: number[] = []
  let value = 0
  let scale = 1
  for (const byte of bytes) {
    value += (byte & 0x7f) * scale
    scale *= 128
    if (byte >= 0x80) continue
    if (numbers.push(value) >= countMax) break
    value = 0
    scale = 1
  }
  return numbers
}

/** Corrects the checksum of the block at a place, if there can be one. */
function mendBlock(bytes: Buffer, offset = 0, size = 0): void {
  const end = offset + size
  if (end + 5 > bytes.length - footerBytes) return
  bytes.writeUInt32LE(maskCrc(crc32c(bytes, offset, end + 1)), end + 1)
}

/** Gives the file its last bytes, and every block that its indexes name a true checksum. */
function mend(input: Uint8Array): Uint8Array {
  if (input.length < footerBytes) return input
  const bytes = Buffer.from(input)
  bytes.set(magic, bytes.length - magic.length)
  const handles = numbersIn(bytes.subarray(bytes.length - footerBytes), 4)
  for (const place of [0, 2]) {
    const offset = handles[place] ?? 0
    const size = handles[place + 1] ?? 0
    if (offset + size > bytes.length) continue
    // Entries of the samples: three numbers, a key of one byte, offset, size.
    const numbers = numbersIn(bytes.subarray(offset, offset + size), 60)
    for (let at = 0; at + 5 < numbers.length; at += 6) {
      mendBlock(bytes, numbers[at + 4], numbers[at + 5])
    }
    mendBlock(bytes, offset, size)
  }
  return bytes
}

const trailer = new Uint8Array(5)

/** A table of two blocks of data, its index, and a metaindex without entries. */
function sample(): Uint8Array {
  const blocks = [Buffer.from('first block'), Buffer.from('second')]
  const entries = joined(0, 1, 2, 65, 0, 11, 0, 1, 2, 66, 16, 6)
  const index = joined(entries, 0, 0, 0, 0, 1, 0, 0, 0)
  const empty = joined(0, 0, 0, 0)
  const body = joined(
    ...blocks.flatMap((block) => [block, trailer]),
    empty,
    trailer,
    index,
    trailer
  )
  const emptyAt = 27
  const indexAt = emptyAt + empty.length + trailer.length
  const handles = joined(emptyAt, empty.length, indexAt, index.length)
  const padding = new Uint8Array(footerBytes - handles.length - magic.length)
  return mend(joined(body, handles, padding, magic))
}

export const target: Target = { bytesMax: 512, seeds: [sample()], mend, run }
