// Writes the records of a batch one behind the other into slabs. The usual record, without
// properties, is written straight into the slab: one copy of the body, no object per message. A
// batch that was taken is never written to again, so the socket may hold on to it. record :=
// [properties | nil, body: bin]
import { HoldfastError } from '@holdfast/errors'
import { encodeRecord, type Properties, recordLimits } from '@holdfast/record'

const slabBytes = 65_536
/** The array, nil, and the longest header of the body. */
const overheadBytesMax = 7

export class RecordBuffer {
  #slab: Uint8Array = new Uint8Array(0)
  #start = 0
  #position = 0

  /** Bytes of the batch under way. */
  get length(): number {
    return this.#position - this.#start
  }

  /**
   * Adds a record to the batch under way; the body is copied.
   * @throws MESSAGE_TOO_LARGE, OPTION_UNKNOWN, OPTION_INVALID; then nothing was added
   */
  append(properties: Properties | null, body: Uint8Array): void {
    const { length } = body
    if (length > recordLimits.bodyBytesMax) {
      const details = { size: length, limit: recordLimits.bodyBytesMax }
      throw new HoldfastError('MESSAGE_TOO_LARGE', details)
    }
    if (properties !== null) {
      const record = encodeRecord(properties, body)
      this.#ensure(record.length)
      this.#slab.set(record, this.#position)
      this.#position += record.length
      return
    }
    this.#ensure(length + overheadBytesMax)
    this.#header(length)
    this.#slab.set(body, this.#position)
    this.#position += length
  }

  /** The records since the last call. */
  take(): Uint8Array {
    const blob = this.#slab.subarray(this.#start, this.#position)
    this.#start = this.#position
    // A slab made for one large record must not live on through the small ones behind it.
    if (this.#slab.length > slabBytes) {
      this.#slab = new Uint8Array(0)
      this.#start = 0
      this.#position = 0
    }
    return blob
  }

  #header(length: number): void {
    const slab = this.#slab
    let position = this.#position
    slab[position++] = 0x92
    slab[position++] = 0xc0
    if (length < 0x100) {
      slab[position++] = 0xc4
    } else if (length < 0x10000) {
      slab[position++] = 0xc5
      slab[position++] = length >>> 8
    } else {
      slab[position++] = 0xc6
      slab[position++] = length >>> 24
      slab[position++] = length >>> 16
      slab[position++] = length >>> 8
    }
    slab[position++] = length
    this.#position = position
  }

  #ensure(bytes: number): void {
    if (this.#position + bytes <= this.#slab.length) return
    const { length } = this
    const isLone = length === 0
    const grown = isLone ? bytes : Math.max(2 * length, length + bytes)
    const slab = new Uint8Array(Math.max(slabBytes, grown))
    slab.set(this.#slab.subarray(this.#start, this.#position))
    this.#slab = slab
    this.#start = 0
    this.#position = length
  }
}
