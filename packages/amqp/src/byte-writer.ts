// Writes the elementary types of AMQP 0-9-1 (§4.2.5) into a buffer that grows.
import { assert } from '@holdfast/errors'
import { utf8Encode } from '@holdfast/record'

const twoTo32 = 2 ** 32

export class ByteWriter {
  #bytes: Uint8Array
  position = 0

  constructor(bytesFirst = 256) {
    this.#bytes = new Uint8Array(bytesFirst)
  }

  /** Bytes that fit without growing. */
  get room(): number {
    return this.#bytes.length - this.position
  }

  /** What was written from `start` on. It changes no more, unless it is patched. */
  since(start: number): Uint8Array {
    return this.#bytes.subarray(start, this.position)
  }

  octet(value: number): void {
    this.#ensure(1)
    this.#bytes[this.position++] = value
  }

  short(value: number): void {
    this.#ensure(2)
    this.#bytes[this.position++] = value >>> 8
    this.#bytes[this.position++] = value
  }

  long(value: number): void {
    this.#ensure(4)
    this.#put32(this.position, value)
    this.position += 4
  }

  /** A safe integer from 0. */
  longlong(value: number): void {
    assert(Number.isSafeInteger(value) && value >= 0, 'a written integer is a safe natural number')
    this.long(Math.floor(value / twoTo32))
    this.long(value % twoTo32)
  }

  /** The lower 64 bits, in two's complement. */
  integer64(value: bigint): void {
    this.long(Number(BigInt.asUintN(32, value >> 32n)))
    this.long(Number(BigInt.asUintN(32, value)))
  }

  float(value: number): void {
    this.#view(4).setFloat32(0, value)
  }

  double(value: number): void {
    this.#view(8).setFloat64(0, value)
  }

  /** At most 255 bytes of UTF-8. */
  shortstr(value: string): void {
    const bytes = utf8Encode(value)
    assert(bytes.length <= 255, 'a short string has at most 255 bytes')
    this.octet(bytes.length)
    this.raw(bytes)
  }

  longstr(value: Uint8Array): void {
    this.long(value.length)
    this.raw(value)
  }

  raw(bytes: Uint8Array): void {
    this.#ensure(bytes.length)
    this.#bytes.set(bytes, this.position)
    this.position += bytes.length
  }

  /** Writes the 32 bits at `position` again, where a length was left open. */
  patchLong(position: number, value: number): void {
    this.#put32(position, value)
  }

  #put32(position: number, value: number): void {
    this.#bytes[position] = value >>> 24
    this.#bytes[position + 1] = value >>> 16
    this.#bytes[position + 2] = value >>> 8
    this.#bytes[position + 3] = value
  }

  #view(length: number): DataView {
    this.#ensure(length)
    const view = new DataView(this.#bytes.buffer, this.position, length)
    this.position += length
    return view
  }

  #ensure(length: number): void {
    const needed = this.position + length
    if (needed <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
    grown.set(this.#bytes.subarray(0, this.position))
    this.#bytes = grown
  }
}
