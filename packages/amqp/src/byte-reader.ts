// Reads the elementary types of AMQP 0-9-1 (§4.2.5) from a slice, position by position, with each
// length compared with what is there before anything is made of it.
import { isUtf8, utf8Decode } from '@holdfast/record'
import { AmqpError } from './replies.ts'

const twoTo32 = 2 ** 32

export class ByteReader {
  readonly bytes: Uint8Array
  position: number
  readonly end: number

  constructor(bytes: Uint8Array, position = 0, end: number = bytes.length) {
    this.bytes = bytes
    this.position = position
    this.end = end
  }

  get isAtEnd(): boolean {
    return this.position === this.end
  }

  octet(): number {
    return this.bytes[this.#advance(1)] ?? 0
  }

  short(): number {
    const at = this.#advance(2)
    return (this.bytes[at] ?? 0) * 256 + (this.bytes[at + 1] ?? 0)
  }

  long(): number {
    const at = this.#advance(4)
    const { bytes } = this
    const high = (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0)
    return high * 65_536 + (bytes[at + 2] ?? 0) * 256 + (bytes[at + 3] ?? 0)
  }

  /** Exact to 2^53. Tags and sizes beyond are none of ours, so that their exact value is idle. */
  longlong(): number {
    const high = this.long()
    return high * twoTo32 + this.long()
  }

  unsigned64(): bigint {
    const high = this.long()
    return BigInt(high) * 0x1_0000_0000n + BigInt(this.long())
  }

  float(): number {
    return this.#view(4).getFloat32(0)
  }

  double(): number {
    return this.#view(8).getFloat64(0)
  }

  /** @throws 502 where it is not UTF-8: names are compared as text. */
  shortstr(): string {
    const length = this.octet()
    const at = this.#advance(length)
    if (!isUtf8(this.bytes, at, at + length)) throw syntaxError('a short string is not UTF-8')
    return utf8Decode(this.bytes, at, at + length)
  }

  /** A slice, not a copy. */
  longstr(): Uint8Array {
    return this.slice(this.long())
  }

  /** A slice, not a copy. */
  slice(length: number): Uint8Array {
    const at = this.#advance(length)
    return this.bytes.subarray(at, at + length)
  }

  skip(length: number): void {
    this.#advance(length)
  }

  #view(length: number): DataView {
    const at = this.#advance(length)
    return new DataView(this.bytes.buffer, this.bytes.byteOffset + at, length)
  }

  /** Where `length` bytes begin that are now read. */
  #advance(length: number): number {
    const at = this.position
    if (length > this.end - at) throw syntaxError('a value ends before its length says so')
    this.position = at + length
    return at
  }
}

/** The error of everything that cannot be decoded inside a sound frame. */
export function syntaxError(explanation: string): AmqpError {
  return new AmqpError('SYNTAX_ERROR', explanation)
}
