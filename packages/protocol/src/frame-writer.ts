// Writes frames, as msgpack, one behind the other into slabs, and hands them out as few chunks: one
// write per turn instead of one per frame. Large blobs are not copied: they become chunks between
// two slabs.
//
//   frame := length:u32be payload
import { assert } from '@holdfast/errors'
import { pack, utf8Encode } from '@holdfast/record'
import { protocolLimits } from './limits.ts'

const slabBytes = 16 * 1024
/** A slab with less room than this is not continued. */
const slabRoomMin = 1_024
const twoTo32 = 2 ** 32

export class FrameWriter {
  #slab: Uint8Array = new Uint8Array(0)
  /** Where the bytes that are not in `#chunks` yet begin. */
  #start = 0
  #position = 0
  /** Where the frame under way begins. */
  #frame = 0
  #chunks: Uint8Array[] = []
  #bytes = 0

  /** Bytes of finished frames that wait to be taken. */
  get bufferedBytes(): number {
    return this.#bytes
  }

  /** Starts a frame whose payload is an array of `fields` values, the first being the operation. */
  begin(operation: number, fields: number): void {
    this.#frame = this.#position
    this.#ensure(8)
    this.#position += 4
    this.array(fields)
    this.integer(operation)
  }

  end(): void {
    const length = this.#position - this.#frame - 4
    this.#writeLength(length)
    this.#bytes += length + 4
  }

  /**
   * Ends the frame with a bin value whose bytes are passed through; they must not change any more.
   */
  endWithBlob(blob: Uint8Array): void {
    this.#binHeader(blob.length)
    if (blob.length <= protocolLimits.blobCopyBytesMax) {
      this.#raw(blob)
      this.end()
      return
    }
    const length = this.#position - this.#frame - 4 + blob.length
    this.#writeLength(length)
    this.#bytes += length + 4
    this.#cut()
    this.#chunks.push(blob)
  }

  array(length: number): void {
    this.#ensure(5)
    if (length < 16) this.#byte(0x90 + length)
    else if (length < 0x10000) this.#sized(0xdc, length, 2)
    else this.#sized(0xdd, length, 4)
  }

  /** A non-negative safe integer. */
  integer(value: number): void {
    assert(Number.isSafeInteger(value) && value >= 0, 'a written integer is a safe natural number')
    this.#ensure(9)
    if (value < 0x80) this.#byte(value)
    else if (value < 0x100) this.#sized(0xcc, value, 1)
    else if (value < 0x10000) this.#sized(0xcd, value, 2)
    else if (value < twoTo32) this.#sized(0xce, value, 4)
    else {
      this.#sized(0xcf, Math.floor(value / twoTo32), 4)
      this.#unsigned(value % twoTo32, 4)
    }
  }

  integers(values: readonly number[]): void {
    this.array(values.length)
    for (const value of values) this.integer(value)
  }

  text(value: string): void {
    const bytes = utf8Encode(value)
    this.#ensure(5 + bytes.length)
    if (bytes.length < 32) this.#byte(0xa0 + bytes.length)
    else if (bytes.length < 0x100) this.#sized(0xd9, bytes.length, 1)
    else if (bytes.length < 0x10000) this.#sized(0xda, bytes.length, 2)
    else this.#sized(0xdb, bytes.length, 4)
    this.#raw(bytes)
  }

  /** Any value that `pack` takes: maps, nil, nested arrays. Not for the hot path. */
  value(value: unknown): void {
    this.#raw(pack(value))
  }

  /** Everything written since the last call, in order. */
  take(): readonly Uint8Array[] {
    this.#cut()
    const chunks = this.#chunks
    this.#chunks = []
    this.#bytes = 0
    return chunks
  }

  #cut(): void {
    if (this.#position > this.#start) {
      this.#chunks.push(this.#slab.subarray(this.#start, this.#position))
    }
    this.#start = this.#position
    this.#frame = this.#position
    if (this.#slab.length - this.#position < slabRoomMin) {
      this.#slab = new Uint8Array(0)
      this.#start = 0
      this.#frame = 0
      this.#position = 0
    }
  }

  #ensure(bytes: number): void {
    if (this.#position + bytes <= this.#slab.length) return
    const under = this.#position - this.#frame
    const slab = new Uint8Array(Math.max(slabBytes, (under + bytes) * 2))
    slab.set(this.#slab.subarray(this.#frame, this.#position))
    if (this.#frame > this.#start) this.#chunks.push(this.#slab.subarray(this.#start, this.#frame))
    this.#slab = slab
    this.#start = 0
    this.#frame = 0
    this.#position = under
  }

  #binHeader(length: number): void {
    this.#ensure(5)
    if (length < 0x100) this.#sized(0xc4, length, 1)
    else if (length < 0x10000) this.#sized(0xc5, length, 2)
    else this.#sized(0xc6, length, 4)
  }

  #raw(bytes: Uint8Array): void {
    this.#ensure(bytes.length)
    this.#slab.set(bytes, this.#position)
    this.#position += bytes.length
  }

  #byte(value: number): void {
    this.#slab[this.#position] = value
    this.#position += 1
  }

  #sized(tag: number, value: number, bytes: 1 | 2 | 4): void {
    this.#byte(tag)
    this.#unsigned(value, bytes)
  }

  #unsigned(value: number, bytes: 1 | 2 | 4): void {
    if (bytes === 4) {
      this.#slab[this.#position] = value >>> 24
      this.#slab[this.#position + 1] = value >>> 16
    }
    if (bytes > 1) this.#slab[this.#position + bytes - 2] = value >>> 8
    this.#slab[this.#position + bytes - 1] = value
    this.#position += bytes
  }

  #writeLength(length: number): void {
    const position = this.#position
    this.#position = this.#frame
    this.#unsigned(length, 4)
    this.#position = position
  }
}
