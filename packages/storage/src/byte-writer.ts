// A growing buffer with a cursor: all codecs of the store write through it. Numbers are big-endian;
// a u64 is a safe integer, written as two halves since 32-bit shifts would cut it.
import { assert } from '@holdfast/errors'

const half = 2 ** 32

export class ByteWriter {
  #bytes: Uint8Array
  #view: DataView
  position = 0

  constructor(capacityBytes: number) {
    this.#bytes = Buffer.allocUnsafeSlow(capacityBytes)
    this.#view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, capacityBytes)
  }

  get capacityBytes(): number {
    return this.#bytes.length
  }

  /** Makes room for `count` more bytes; what was written before stays. */
  reserve(count: number): void {
    if (this.position + count <= this.#bytes.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(this.position + count, this.#bytes.length * 2))
    grown.set(this.#bytes.subarray(0, this.position))
    this.#bytes = grown
    this.#view = new DataView(grown.buffer, grown.byteOffset, grown.length)
  }

  u8(value: number): void {
    this.reserve(1)
    this.#view.setUint8(this.position, value)
    this.position += 1
  }

  u16(value: number): void {
    this.reserve(2)
    this.#view.setUint16(this.position, value)
    this.position += 2
  }

  u32(value: number): void {
    this.reserve(4)
    this.#view.setUint32(this.position, value)
    this.position += 4
  }

  u64(value: number): void {
    assert(Number.isSafeInteger(value) && value >= 0, 'a stored number is a safe integer')
    this.reserve(8)
    this.#view.setUint32(this.position, Math.floor(value / half))
    this.#view.setUint32(this.position + 4, value % half)
    this.position += 8
  }

  bytes(value: Uint8Array): void {
    this.reserve(value.length)
    this.#bytes.set(value, this.position)
    this.position += value.length
  }

  /** Overwrites a u32 that was written before. */
  patchU32(position: number, value: number): void {
    this.#view.setUint32(position, value)
  }

  /** What lies between; valid until the writer grows or is reset. */
  slice(from: number, to: number): Uint8Array {
    return this.#bytes.subarray(from, to)
  }
}
