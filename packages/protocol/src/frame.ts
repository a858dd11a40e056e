// Cuts a byte stream into frames, without copying where it can: a frame that lies whole in one
// chunk is a slice of it. A frame that straddles chunks is gathered in a buffer of its own, which
// starts small and grows with what arrives, so that a lying length reserves nothing. frame :=
// length:u32be payload
import { HoldfastError } from '@holdfast/errors'
import { protocolLimits } from './limits.ts'

const headerBytes = 4

export class FrameReader {
  #limitBytes: number
  #chunk: Uint8Array = new Uint8Array(0)
  #position = 0
  /** Bytes of the length that have arrived, and their value so far. */
  #headerFilled = 0
  #length = 0
  /** The frame under way when it straddles chunks, and how much of it is there. */
  #partial: Uint8Array | null = null
  #filled = 0

  /** @param limitBytes largest payload that is accepted. */
  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  /** Takes effect with the next frame. */
  set limitBytes(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  /** Bytes of an unfinished frame that are held. */
  get heldBytes(): number {
    return this.#filled + this.#headerFilled
  }

  /** Adds a chunk. Every frame of the previous chunk must have been read with `next`. */
  feed(chunk: Uint8Array): void {
    this.#chunk = chunk
    this.#position = 0
  }

  /**
   * The payload of the next complete frame, or null when more bytes are needed. The slice stays
   * valid as long as the chunk that was fed is not overwritten.
   * @throws FRAME_TOO_LARGE, FRAME_INVALID (an empty frame)
   */
  next(): Uint8Array | null {
    if (this.#partial === null) {
      if (!this.#readHeader()) return null
      const end = this.#position + this.#length
      if (end <= this.#chunk.length) {
        const frame = this.#chunk.subarray(this.#position, end)
        this.#position = end
        this.#headerFilled = 0
        return frame
      }
      const available = this.#chunk.length - this.#position
      const first = Math.max(protocolLimits.frameBufferBytesFirst, available)
      this.#partial = new Uint8Array(Math.min(this.#length, first))
      this.#filled = 0
    }
    return this.#fill(this.#partial)
  }

  #readHeader(): boolean {
    const { length } = this.#chunk
    if (this.#headerFilled === headerBytes) return true
    if (this.#headerFilled === 0) this.#length = 0
    while (this.#headerFilled < headerBytes && this.#position < length) {
      this.#length = this.#length * 256 + (this.#chunk[this.#position] ?? 0)
      this.#position += 1
      this.#headerFilled += 1
    }
    if (this.#headerFilled < headerBytes) return false
    if (this.#length === 0) throw new HoldfastError('FRAME_INVALID', { reason: 'it is empty' })
    if (this.#length > this.#limitBytes) {
      throw new HoldfastError('FRAME_TOO_LARGE', { size: this.#length, limit: this.#limitBytes })
    }
    return this.#position < length
  }

  #fill(partial: Uint8Array): Uint8Array | null {
    const available = this.#chunk.length - this.#position
    const taken = Math.min(available, this.#length - this.#filled)
    let target = partial
    if (this.#filled + taken > target.length) {
      const grown = Math.max(this.#filled + taken, target.length * 2)
      target = new Uint8Array(Math.min(this.#length, grown))
      target.set(partial.subarray(0, this.#filled))
      this.#partial = target
    }
    target.set(this.#chunk.subarray(this.#position, this.#position + taken), this.#filled)
    this.#position += taken
    this.#filled += taken
    if (this.#filled < this.#length) return null
    this.#partial = null
    this.#headerFilled = 0
    this.#filled = 0
    return target
  }
}
