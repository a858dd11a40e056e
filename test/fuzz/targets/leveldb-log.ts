// Write-ahead logs of LevelDB, as they are judged before LevelDB opens them: sound, torn or
// damaged, and never anything else.
import type * as crc from '../../../packages/storage/src/crc32c.ts'
import type * as leveldbLog from '../../../packages/storage/src/leveldb-log.ts'
import { internal } from '../internal.ts'
import { must, type Target } from '../target.ts'

const { crc32c, maskCrc } = await internal<typeof crc>('storage', 'crc32c')
const { scanLog } = await internal<typeof leveldbLog>('storage', 'leveldb-log')

const headBytes = 7

function run(input: Uint8Array): void {
  let visited = 0
  const { records, damage, isTorn } = scanLog(input, (data) => {
    visited += 1
    must(data.length <= input.length, 'a record is no longer than its file')
  })
  must(records === visited, 'every whole record is shown')
  must(damage === null || !isTorn, 'a file is torn or damaged, not both')
}

/** Corrects the checksum of one fragment after the other. */
function mend(input: Uint8Array): Uint8Array {
  const bytes = Buffer.from(input)
  for (let at = 0; at + headBytes <= bytes.length; ) {
    const end = at + headBytes + bytes.readUInt16LE(at + 4)
    if (end > bytes.length) break
    bytes.writeUInt32LE(maskCrc(crc32c(bytes, at + 6, end)), at)
    at = end
  }
  return bytes
}

function fragment(type: number, data: Uint8Array): Buffer {
  const head = Buffer.of(0, 0, 0, 0, data.length & 255, data.length >> 8, type)
  return Buffer.concat([head, data])
}

const data = Buffer.from('some data')

export const target: Target = {
  bytesMax: 2048,
  seeds: [
    mend(fragment(1, data)),
    mend(Buffer.concat([fragment(1, data), fragment(1, new Uint8Array(0)), fragment(1, data)])),
    mend(Buffer.concat([fragment(2, data), fragment(3, data), fragment(4, data)])),
    Buffer.concat([mend(fragment(1, data)), new Uint8Array(600)]),
    Buffer.concat([mend(fragment(1, data)), fragment(1, data), mend(fragment(1, data))])
  ],
  mend,
  run
}
