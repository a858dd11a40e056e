// Reads what byte-writer.ts wrote. A length or a number that cannot be throws `Unreadable`; callers
// turn that into damage, since everything read here was written by this store.

/** The bytes are not what this store writes. */
export class Unreadable extends Error {
  override readonly name = 'Unreadable'
}

const half = 2 ** 32

export class ByteReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  position = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  get left(): number {
    return this.#bytes.length - this.position
  }

  #take(count: number): number {
    if (this.left < count) throw new Unreadable(`${count} bytes expected, ${this.left} left`)
    const position = this.position
    this.position += count
    return position
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1))
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2))
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4))
  }

  u64(): number {
    const position = this.#take(8)
    const value = this.#view.getUint32(position) * half + this.#view.getUint32(position + 4)
    if (!Number.isSafeInteger(value)) throw new Unreadable('a number is not a safe integer')
    return value
  }

  /** A view, not a copy. */
  bytes(count: number): Uint8Array {
    const position = this.#take(count)
    return this.#bytes.subarray(position, position + count)
  }

  /** A count of items of at least `itemBytes` each: refused before anything is built for it. */
  count(itemBytes: number): number {
    const count = this.u32()
    if (count * itemBytes > this.left) throw new Unreadable('a count exceeds what follows')
    return count
  }

  end(): void {
    if (this.left !== 0) throw new Unreadable(`${this.left} bytes too many`)
  }
}
