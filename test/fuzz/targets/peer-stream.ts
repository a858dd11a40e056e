// The stream of frames between nodes: however it is cut into chunks, the same frames come out, and
// what is held is bounded.
import { crc32 } from 'node:zlib'
import type * as frameReader from '../../../packages/transport/src/frame-reader.ts'
import { internal } from '../internal.ts'
import { must, refusedOr, type Target } from '../target.ts'

const { FrameReader } = await internal<typeof frameReader>('transport', 'frame-reader')

const headerBytes = 8

/** The frames in `bytes`, cut into chunks whose sizes `cut` gives; null if they are refused. */
function framesOf(bytes: Buffer, cut: (at: number) => number): string[] | null {
  const reader = new FrameReader()
  const frames: string[] = []
  return refusedOr(() => {
    for (let at = 0; at < bytes.length; ) {
      const end = Math.min(bytes.length, at + cut(at))
      reader.push(bytes.subarray(at, end), (frame) => {
        must(frame.length > 0, 'heartbeats are not frames')
        frames.push(Buffer.from(frame).toString('latin1'))
      })
      at = end
    }
    return frames
  })
}

/** `input := cut:u8 stream` */
function run(input: Uint8Array): void {
  const size = (input[0] ?? 0) + 1
  const bytes = Buffer.from(input.subarray(1))
  const whole = framesOf(bytes, () => bytes.length)
  const cut = framesOf(bytes, (at) => 1 + ((at * 7 + size) % size))
  must((whole === null) === (cut === null), 'a stream is refused however it is cut')
  must(String(whole) === String(cut), 'chunks make no difference to frames')
}

/** Corrects the checksum of every whole frame. */
function mend(input: Uint8Array): Uint8Array {
  const bytes = Buffer.from(input)
  for (let at = 1; at + headerBytes <= bytes.length; ) {
    const length = bytes.readUInt32BE(at)
    const end = at + headerBytes + length
    if (end > bytes.length) break
    bytes.writeUInt32BE(crc32(bytes.subarray(at + headerBytes, end)), at + 4)
    at = end
  }
  return bytes
}

function frame(payload: Uint8Array): Buffer {
  const head = Buffer.alloc(headerBytes)
  head.writeUInt32BE(payload.length)
  return Buffer.concat([head, payload])
}

const three = [frame(Buffer.from('one')), frame(new Uint8Array(0)), frame(new Uint8Array(300))]

export const target: Target = {
  bytesMax: 2048,
  seeds: [
    mend(Buffer.concat([Buffer.of(5), ...three])),
    mend(Buffer.of(0, 0, 0, 0, 0, 0, 0, 0, 0))
  ],
  mend,
  run
}
