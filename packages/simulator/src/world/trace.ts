// A running hash of everything that happens in a world: two runs of one seed are one run exactly
// when their hashes are equal, on whatever version of Node.
import { crc32 } from 'node:zlib'

export class Trace {
  #hash = 0
  /** Steps of members so far. */
  steps = 0

  get hash(): string {
    return this.#hash.toString(16).padStart(8, '0')
  }

  number(value: number): void {
    const mixed = Math.imul(this.#hash ^ (value >>> 0), 0x9e3779b1)
    this.#hash = (mixed ^ (mixed >>> 15)) >>> 0
  }

  bytes(bytes: Uint8Array): void {
    this.#hash = crc32(bytes, this.#hash)
  }

  text(text: string): void {
    this.#hash = crc32(text, this.#hash)
  }
}
