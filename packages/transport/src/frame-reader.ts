// Cuts the bytes of a link into frames without copying them: a frame that lies whole in a chunk is
// a slice of it; one that straddles chunks is copied once into a buffer of its own. A claimed
// length is believed only up to a bound; beyond it the buffer grows with what really arrives.
//
//   frame := length:u32 crc32:u32 payload          (length 0: heartbeat)
import { crc32 } from 'node:zlib'
import { HoldfastError } from '@holdfast/errors'
import { transportLimits } from './limits.ts'

const headerBytes = 8

export class FrameReader {
  readonly #header = Buffer.alloc(headerBytes)
  #headerFilled = 0
  #body: Buffer | null = null
  #bodyFilled = 0
  #length = 0

  /**
   * Calls `onFrame` for each frame that `chunk` completes; heartbeats are swallowed.
   * @throws FRAME_INVALID for a wrong checksum, FRAME_TOO_LARGE
   */
  push(chunk: Buffer, onFrame: (bytes: Uint8Array) => void): void {
    let position = 0
    while (position < chunk.length) {
      if (this.#body !== null) {
        position = this.#fillBody(this.#body, chunk, position, onFrame)
      } else if (this.#headerFilled > 0 || chunk.length - position < headerBytes) {
        position = this.#fillHeader(chunk, position)
      } else {
        position = this.#whole(chunk, position, onFrame)
      }
    }
  }

  /** The common case: the header, and most often the payload too, lie in this chunk. */
  #whole(chunk: Buffer, position: number, onFrame: (bytes: Uint8Array) => void): number {
    const length = lengthOf(chunk, position)
    const start = position + headerBytes
    if (length > chunk.length - start) {
      chunk.copy(this.#header, 0, position, start)
      this.#beginBody(length)
      return start
    }
    verify(chunk, position, chunk.subarray(start, start + length))
    if (length > 0) onFrame(chunk.subarray(start, start + length))
    return start + length
  }

  #fillHeader(chunk: Buffer, position: number): number {
    const taken = Math.min(headerBytes - this.#headerFilled, chunk.length - position)
    chunk.copy(this.#header, this.#headerFilled, position, position + taken)
    this.#headerFilled += taken
    if (this.#headerFilled === headerBytes) {
      this.#headerFilled = 0
      const length = lengthOf(this.#header, 0)
      if (length === 0) verify(this.#header, 0, this.#header.subarray(0, 0))
      else this.#beginBody(length)
    }
    return position + taken
  }

  #beginBody(length: number): void {
    this.#length = length
    this.#bodyFilled = 0
    this.#body = Buffer.allocUnsafeSlow(Math.min(length, transportLimits.trustedFrameBytes))
  }

  #fillBody(
    body: Buffer,
    chunk: Buffer,
    position: number,
    onFrame: (bytes: Uint8Array) => void
  ): number {
    const taken = Math.min(this.#length - this.#bodyFilled, chunk.length - position)
    const target = this.#bodyFilled + taken > body.length ? this.#grow(body, taken) : body
    chunk.copy(target, this.#bodyFilled, position, position + taken)
    this.#bodyFilled += taken
    if (this.#bodyFilled === this.#length) {
      this.#body = null
      verify(this.#header, 0, target)
      onFrame(target)
    }
    return position + taken
  }

  #grow(body: Buffer, more: number): Buffer {
    const wanted = Math.max(body.length * 2, this.#bodyFilled + more)
    const larger = Buffer.allocUnsafeSlow(Math.min(this.#length, wanted))
    body.copy(larger, 0, 0, this.#bodyFilled)
    this.#body = larger
    return larger
  }
}

function lengthOf(bytes: Buffer, position: number): number {
  const length = bytes.readUInt32BE(position)
  if (length > transportLimits.frameBytesMax) {
    throw new HoldfastError('FRAME_TOO_LARGE', {
      size: length,
      limit: transportLimits.frameBytesMax
    })
  }
  return length
}

function verify(header: Buffer, position: number, payload: Uint8Array): void {
  if (crc32(payload) !== header.readUInt32BE(position + 4)) {
    throw new HoldfastError('FRAME_INVALID', { reason: 'the checksum of a peer frame is wrong' })
  }
}

/** The header in front of `chunks`, which together are the payload. */
export function frameHeader(chunks: readonly Uint8Array[]): { header: Buffer; length: number } {
  let length = 0
  let checksum = 0
  for (const chunk of chunks) {
    length += chunk.length
    checksum = crc32(chunk, checksum)
  }
  const header = Buffer.allocUnsafe(headerBytes)
  header.writeUInt32BE(length, 0)
  header.writeUInt32BE(checksum, 4)
  return { header, length }
}

/** What an idle link sends. */
export const heartbeatFrame: Uint8Array = Buffer.alloc(headerBytes)
