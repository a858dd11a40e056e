// Reading and writing of bytes for the codecs of the shard: big-endian, bounded, without platform
// types. Numbers that may exceed 32 bits are written as float 64, which holds every safe integer
// exactly.
import { HoldfastError } from '@holdfast/errors'
import { isUtf8, utf8Decode, utf8Encode } from '@holdfast/record'

export function malformed(reason: string): HoldfastError {
  return new HoldfastError('FRAME_INVALID', { reason })
}

/** Four bytes at `position`, big-endian. @throws FRAME_INVALID if they are not all there */
export function readUint32(bytes: Uint8Array, position: number): number {
  if (position + 4 > bytes.length) throw malformed('bytes are missing')
  const low = ((bytes[position + 1] ?? 0) << 16) | ((bytes[position + 2] ?? 0) << 8)
  return (bytes[position] ?? 0) * 0x1000000 + (low | (bytes[position + 3] ?? 0))
}

/** Writes into an array that doubles when it is full. */
export class ByteWriter {
  #bytes: Uint8Array
  #view: DataView
  #length = 0

  constructor(capacityBytes = 256) {
    this.#bytes = new Uint8Array(capacityBytes)
    this.#view = new DataView(this.#bytes.buffer)
  }

  get length(): number {
    return this.#length
  }

  #reserve(size: number): number {
    const position = this.#length
    const needed = position + size
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
      grown.set(this.#bytes.subarray(0, position))
      this.#bytes = grown
      this.#view = new DataView(grown.buffer)
    }
    this.#length = needed
    return position
  }

  u8(value: number): void {
    const position = this.#reserve(1)
    this.#view.setUint8(position, value)
  }

  u16(value: number): void {
    const position = this.#reserve(2)
    this.#view.setUint16(position, value)
  }

  u32(value: number): void {
    const position = this.#reserve(4)
    this.#view.setUint32(position, value)
  }

  /** A safe integer from 0. */
  natural(value: number): void {
    const position = this.#reserve(8)
    this.#view.setFloat64(position, value)
  }

  raw(bytes: Uint8Array): void {
    const position = this.#reserve(bytes.length)
    this.#bytes.set(bytes, position)
  }

  /** `source[from, to)`, 32 bits each; for the many rows of an index. */
  words(source: Uint32Array, from: number, to: number): void {
    let position = this.#reserve((to - from) * 4)
    const view = this.#view
    for (let at = from; at < to; at++) {
      view.setUint32(position, source[at] ?? 0)
      position += 4
    }
  }

  /** `text := length:u16 UTF-8` */
  text(value: string): void {
    const bytes = utf8Encode(value)
    if (bytes.length > 0xffff) throw malformed('a text is too long')
    this.u16(bytes.length)
    this.raw(bytes)
  }

  /** Overwrites four bytes that were written before. */
  patch32(position: number, value: number): void {
    this.#view.setUint32(position, value)
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }
}

/** Reads `bytes[position, end)`; every read is checked. All methods: @throws FRAME_INVALID. */
export class ByteReader {
  readonly bytes: Uint8Array
  readonly #view: DataView
  #position: number
  readonly #end: number

  constructor(bytes: Uint8Array, position = 0, end: number = bytes.length) {
    this.bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#position = position
    this.#end = end
  }

  get position(): number {
    return this.#position
  }

  get left(): number {
    return this.#end - this.#position
  }

  /** Moves `size` bytes on, and returns where they start. */
  skip(size: number): number {
    const position = this.#position
    if (size > this.#end - position) throw malformed('bytes are missing')
    this.#position = position + size
    return position
  }

  u8(): number {
    return this.#view.getUint8(this.skip(1))
  }

  u16(): number {
    return this.#view.getUint16(this.skip(2))
  }

  u32(): number {
    return this.#view.getUint32(this.skip(4))
  }

  natural(): number {
    const value = this.#view.getFloat64(this.skip(8))
    if (!Number.isSafeInteger(value) || value < 0) throw malformed('a number is not a safe integer')
    return value
  }

  /** A natural number from 1. */
  positive(): number {
    const value = this.natural()
    if (value === 0) throw malformed('a number is zero')
    return value
  }

  /** A count of things of which each takes at least `sizeMin` bytes of what is left. */
  count(countMax: number, sizeMin: number): number {
    const value = this.u32()
    if (value > countMax || value * sizeMin > this.left) throw malformed('a count is too large')
    return value
  }

  raw(size: number): Uint8Array {
    const position = this.skip(size)
    return this.bytes.subarray(position, position + size)
  }

  /** Fills `target[from, to)` with 32 bits each. */
  words(target: Uint32Array, from: number, to: number): void {
    let position = this.skip((to - from) * 4)
    for (let at = from; at < to; at++) {
      target[at] = this.#view.getUint32(position)
      position += 4
    }
  }

  text(lengthMax = 0xffff): string {
    const length = this.u16()
    if (length > lengthMax) throw malformed('a text is too long')
    const position = this.skip(length)
    return utf8Decode(this.bytes, position, position + length)
  }

  /** Checks a text and moves behind it. */
  skipText(lengthMax: number): void {
    const length = this.u16()
    if (length > lengthMax) throw malformed('a text is too long')
    const position = this.skip(length)
    if (!isUtf8(this.bytes, position, position + length)) throw malformed('a text is not UTF-8')
  }

  /** @throws FRAME_INVALID unless everything has been read */
  finish(): void {
    if (this.left !== 0) throw malformed('bytes are left over')
  }
}
