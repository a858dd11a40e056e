// A flipped bit is seen in a digest, or it is said where one is not.
import { crc32 } from 'node:zlib'
import t from 'tap'
import { unseenFlip } from '../../src/checkers/flipped-bits.ts'

const entryAt = (index: number) =>
  ({ index, term: 2, type: 'command', data: new Uint8Array(40).fill(index) }) as const

t.test('a checksum of all bytes sees every bit', async (t) => {
  for (let index = 1; index < 200; index += 1) {
    t.equal(
      unseenFlip(entryAt(index), (bytes) => crc32(bytes)),
      null
    )
  }
  const nothing = { ...entryAt(1), data: new Uint8Array() }
  t.equal(
    unseenFlip(nothing, () => 0),
    null
  )
})

t.test('a checksum of some of them does not', async (t) => {
  const places = Array.from({ length: 50 }, (_, at) =>
    unseenFlip(entryAt(at + 1), (bytes) => crc32(bytes.subarray(0, 16)))
  )
  t.ok(places.some((place) => place !== null && place >= 16))
  t.notOk(places.some((place) => place !== null && place < 16))
})
