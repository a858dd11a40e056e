// Reads the fields of one frame, in order, and trusts nothing in it: every length is checked
// against the bytes that are there, every integer is a safe natural number, every text is UTF-8.
// Whatever is wrong becomes FRAME_INVALID. Blobs are slices, nothing is copied.
import { HoldfastError } from '@holdfast/errors'
import { skipValue, unpack, utf8Decode } from '@holdfast/record'

const twoTo32 = 2 ** 32
const float = new DataView(new ArrayBuffer(8))

function invalid(reason: string): HoldfastError {
  return new HoldfastError('FRAME_INVALID', { reason })
}

export class FrameCursor {
  readonly #bytes: Uint8Array
  #position = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** The length of an array, of which exactly `length` fields are wanted if that is given. */
  array(length?: number): number {
    const tag = this.#byte()
    let found: number
    if (tag >= 0x90 && tag <= 0x9f) found = tag - 0x90
    else if (tag === 0xdc) found = this.#unsigned(2)
    else if (tag === 0xdd) found = this.#unsigned(4)
    else throw invalid('an array is expected')
    if (length !== undefined && found !== length) {
      throw invalid(`an array of ${length} fields is expected, not of ${found}`)
    }
    return found
  }

  /** A natural number up to 2^53 − 1, whichever way msgpack wrote it. */
  integer(): number {
    const tag = this.#byte()
    if (tag < 0x80) return tag
    switch (tag) {
      case 0xcc:
        return this.#unsigned(1)
      case 0xcd:
        return this.#unsigned(2)
      case 0xce:
        return this.#unsigned(4)
      case 0xcf:
      case 0xd3: {
        const high = this.#unsigned(4)
        return this.#safe(high * twoTo32 + this.#unsigned(4))
      }
      case 0xd0:
      case 0xd1:
      case 0xd2:
        return this.#signed(tag)
      case 0xcb: {
        this.#require(8)
        for (let i = 0; i < 8; i++) float.setUint8(i, this.#byte())
        return this.#safe(float.getFloat64(0))
      }
      default:
        throw invalid('a natural number is expected')
    }
  }

  /** An array of at most `countMax` natural numbers. */
  integers(countMax: number): number[] {
    const count = this.array()
    if (count > countMax) throw invalid(`at most ${countMax} numbers are expected, not ${count}`)
    if (count > this.#bytes.length - this.#position) throw invalid('it ends early')
    const values: number[] = []
    for (let i = 0; i < count; i++) values.push(this.integer())
    return values
  }

  text(bytesMax: number): string {
    const tag = this.#byte()
    let length: number
    if (tag >= 0xa0 && tag <= 0xbf) length = tag - 0xa0
    else if (tag === 0xd9) length = this.#unsigned(1)
    else if (tag === 0xda) length = this.#unsigned(2)
    else if (tag === 0xdb) length = this.#unsigned(4)
    else throw invalid('a text is expected')
    if (length > bytesMax) throw invalid(`a text of at most ${bytesMax} bytes is expected`)
    return utf8Decode(this.#slice(length))
  }

  /** A slice of the frame. */
  binary(): Uint8Array {
    const tag = this.#byte()
    if (tag === 0xc4) return this.#slice(this.#unsigned(1))
    if (tag === 0xc5) return this.#slice(this.#unsigned(2))
    if (tag === 0xc6) return this.#slice(this.#unsigned(4))
    throw invalid('bytes are expected')
  }

  /** Any value, of at most `bytesMax` bytes. */
  value(bytesMax: number): unknown {
    const end = skipValue(this.#bytes, this.#position, this.#bytes.length)
    if (end - this.#position > bytesMax) {
      throw invalid(`a value of at most ${bytesMax} bytes is expected`)
    }
    return unpack(this.#slice(end - this.#position))
  }

  /** @throws FRAME_INVALID if anything follows. */
  end(): void {
    if (this.#position !== this.#bytes.length) throw invalid('something follows its last field')
  }

  #byte(): number {
    const value = this.#bytes[this.#position]
    if (value === undefined) throw invalid('it ends early')
    this.#position += 1
    return value
  }

  #unsigned(bytes: 1 | 2 | 4): number {
    this.#require(bytes)
    let value = 0
    for (let i = 0; i < bytes; i++) value = value * 256 + this.#byte()
    return value
  }

  /** A number that msgpack wrote as signed, but which must not be negative. */
  #signed(tag: number): number {
    const bytes = tag === 0xd0 ? 1 : tag === 0xd1 ? 2 : 4
    const value = this.#unsigned(bytes)
    if (value >= 2 ** (8 * bytes - 1)) throw invalid('a natural number is expected')
    return value
  }

  #safe(value: number): number {
    if (Number.isSafeInteger(value) && value >= 0) return value
    throw invalid('a natural number below 2^53 is expected')
  }

  #slice(length: number): Uint8Array {
    this.#require(length)
    const start = this.#position
    this.#position += length
    return this.#bytes.subarray(start, this.#position)
  }

  #require(bytes: number): void {
    if (bytes > this.#bytes.length - this.#position) throw invalid('it ends early')
  }
}
