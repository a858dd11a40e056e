// Gathers the content of a publish (AMQP 0-9-1 §4.2.6): a header frame, then body frames until the
// announced size is there. Memory grows with what arrives, never with what is announced.
import { recordLimits } from '@holdfast/record'
import { ByteReader } from './byte-reader.ts'
import { frameType } from './frame-codec.ts'
import { amqpLimits } from './limits.ts'
import { checkRawProperties } from './properties.ts'
import { AmqpError } from './replies.ts'

export interface Content {
  /** The property list of the content header, checked. */
  readonly properties: Uint8Array
  readonly body: Uint8Array
}

const classBasic = 60
const nothing = new Uint8Array(0)

export class ContentGatherer {
  #properties: Uint8Array | null = null
  /** The properties are a copy, and no slice of what was received. */
  #isOwn = false
  #size = 0
  #body: Uint8Array = nothing
  #filled = 0

  /**
   * Takes a frame of the content: the content if it is complete with it, else null.
   * @throws 505 for a frame that is not the next one, 501 for a body that is too long, 502 for
   * properties that are none, 406 for a message that is too large
   */
  take(type: number, payload: Uint8Array): Content | null {
    if (this.#properties === null) this.#takeHeader(type, payload)
    else this.#takeBody(type, payload)
    if (this.#filled < this.#size || this.#properties === null) return null
    const content = { properties: this.#properties, body: this.#body }
    this.#properties = null
    this.#body = nothing
    this.#filled = 0
    return content
  }

  /** Bytes that a content takes as long as it is not complete. */
  get bytes(): number {
    return (this.#properties?.length ?? 0) + this.#body.length
  }

  /** What is kept of an unfinished content does not pin the chunk that it came in. */
  unpin(): void {
    if (this.#properties === null || this.#isOwn) return
    this.#properties = new Uint8Array(this.#properties)
    this.#isOwn = true
  }

  #takeHeader(type: number, payload: Uint8Array): void {
    if (type !== frameType.header) throw unexpected('the content header of a publish', type)
    const reader = new ByteReader(payload)
    const classId = reader.short()
    const weight = reader.short()
    if (weight !== 0) {
      throw new AmqpError('UNEXPECTED_FRAME', `a content header has weight ${weight}, not 0`)
    }
    if (classId !== classBasic) {
      const explanation = `a content header of class ${classId} follows a method of class 60`
      throw new AmqpError('UNEXPECTED_FRAME', explanation)
    }
    this.#size = reader.longlong()
    if (this.#size > recordLimits.bodyBytesMax) {
      const limit = recordLimits.bodyBytesMax
      const explanation = `a message of ${this.#size} bytes is larger than the limit of ${limit}`
      throw new AmqpError('PRECONDITION_FAILED', explanation)
    }
    const properties = payload.subarray(reader.position)
    checkRawProperties(properties)
    this.#properties = properties
    this.#isOwn = false
  }

  #takeBody(type: number, payload: Uint8Array): void {
    if (type !== frameType.body) throw unexpected('the body of a publish', type)
    const filled = this.#filled + payload.length
    if (filled > this.#size) {
      const explanation = `a body has ${filled} bytes or more, its header says ${this.#size}`
      throw new AmqpError('FRAME_ERROR', explanation)
    }
    // A body in one frame is a slice of what was received.
    if (payload.length === this.#size) this.#body = payload
    else this.#gather(payload, filled)
    this.#filled = filled
  }

  #gather(payload: Uint8Array, filled: number): void {
    if (filled > this.#body.length) {
      const wanted = Math.max(filled, this.#body.length * 2, amqpLimits.gatherBytesFirst)
      const grown = new Uint8Array(Math.min(this.#size, wanted))
      grown.set(this.#body.subarray(0, this.#filled))
      this.#body = grown
    }
    this.#body.set(payload, this.#filled)
  }
}

function unexpected(expected: string, type: number): AmqpError {
  const found = type === frameType.method ? 'a method' : `a frame of type ${type}`
  return new AmqpError('UNEXPECTED_FRAME', `${found} came where ${expected} was due`)
}
