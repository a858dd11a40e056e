// Writes and reads the fixed layout of the handshake: integers big-endian, strings as UTF-8 behind
// a u16 length. Nothing here trusts a length: every read is checked against what is there.
import { HoldfastError } from '@holdfast/errors'

const invalid = (reason: string): HoldfastError => new HoldfastError('FRAME_INVALID', { reason })

/** Grows by parts; `finish` joins them. For small messages only. */
export class ByteWriter {
  readonly #parts: Uint8Array[] = []

  unsigned(value: number, sizeBytes: 1 | 2 | 4 | 6): this {
    const part = Buffer.alloc(sizeBytes)
    part.writeUIntBE(value, 0, sizeBytes)
    this.#parts.push(part)
    return this
  }

  raw(bytes: Uint8Array): this {
    this.#parts.push(bytes)
    return this
  }

  text(value: string): this {
    const bytes = Buffer.from(value, 'utf8')
    if (bytes.length > 0xffff) throw invalid('a text is longer than 65535 bytes')
    return this.unsigned(bytes.length, 2).raw(bytes)
  }

  finish(): Buffer {
    return Buffer.concat(this.#parts)
  }
}

/** @throws FRAME_INVALID from every method when the bytes end too early. */
export class ByteReader {
  readonly #bytes: Buffer
  #position = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get position(): number {
    return this.#position
  }

  #take(sizeBytes: number): number {
    const start = this.#position
    if (sizeBytes > this.#bytes.length - start) throw invalid('the message is cut short')
    this.#position = start + sizeBytes
    return start
  }

  unsigned(sizeBytes: 1 | 2 | 4 | 6): number {
    return this.#bytes.readUIntBE(this.#take(sizeBytes), sizeBytes)
  }

  raw(sizeBytes: number): Buffer {
    const start = this.#take(sizeBytes)
    return Buffer.from(this.#bytes.subarray(start, start + sizeBytes))
  }

  /** @throws FRAME_INVALID also for malformed UTF-8. */
  text(): string {
    const bytes = this.raw(this.unsigned(2))
    const value = bytes.toString('utf8')
    if (!Buffer.from(value, 'utf8').equals(bytes)) throw invalid('a text is not UTF-8')
    return value
  }

  /** @throws FRAME_INVALID when something follows. */
  end(): void {
    if (this.#position !== this.#bytes.length) throw invalid('something follows the message')
  }
}
