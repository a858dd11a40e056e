// Reads what ByteWriter wrote. A peer's frame has a checksum, so what does not decode is a frame of
// another version or a bug; either way the link is closed, nothing is guessed.
import { HoldfastError } from '@holdfast/errors'

function invalid(reason: string): HoldfastError {
  return new HoldfastError('FRAME_INVALID', { reason })
}

export class ByteReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #position = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get isAtEnd(): boolean {
    return this.#position >= this.#bytes.length
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1))
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4))
  }

  /** @throws FRAME_INVALID unless it is a safe integer, zero or above. */
  number(): number {
    const value = this.#view.getFloat64(this.#take(8))
    if (!Number.isSafeInteger(value) || value < 0) throw invalid('a number is out of range')
    return value
  }

  /** A slice of the frame: copy what is kept singly. */
  bytes(): Uint8Array {
    const length = this.u32()
    const start = this.#take(length)
    return this.#bytes.subarray(start, start + length)
  }

  #take(count: number): number {
    const start = this.#position
    if (count > this.#bytes.length - start) throw invalid('the frame ends too early')
    this.#position = start + count
    return start
  }
}

/**
 * For bytes that outlive their frame: copied if they are less than a quarter of the memory they
 * would pin. Entries under load come by twos and threes in a frame, and go together too.
 */
export function retain(bytes: Uint8Array): Uint8Array {
  return bytes.length * 4 >= bytes.buffer.byteLength ? bytes : new Uint8Array(bytes)
}
