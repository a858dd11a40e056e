// Reads the numbers of LevelDB's own files: seven bits a byte, the lowest first (leveldb
// util/coding.h).
import { Unreadable } from './byte-reader.ts'

export class VarintReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length
  }

  number(): number {
    let value = 0
    let scale = 1
    for (let count = 0; count < 10; count += 1) {
      const byte = this.#bytes[this.#at]
      if (byte === undefined) throw new Unreadable('the bytes end within a number')
      this.#at += 1
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
      scale *= 128
    }
    throw new Unreadable('a number is too long')
  }

  skip(count: number): void {
    if (this.#at + count > this.#bytes.length) throw new Unreadable('the bytes end within a field')
    this.#at += count
  }
}
