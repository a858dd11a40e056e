// Frames of AMQP 0-9-1 (§4.2.3): cut out of a byte stream without copying where a frame lies whole
// in one chunk, and written one behind the other into slabs, a large body as a slice between two.
//
//   frame   := type:u8 channel:u16 length:u32 payload end:0xce
//   method  := class:u16 method:u16 arguments                  type 1
//   header  := class:u16 weight:u16 bodySize:u64 properties    type 2
//   body    := bytes                                           type 3
//   heartbeat := nothing, on channel 0                         type 8
import { ByteWriter } from './byte-writer.ts'
import { amqpLimits } from './limits.ts'
import { encodeMethod, type Method, type MethodId, noMethod, readMethodId } from './method-codec.ts'
import { replaceProperty } from './properties.ts'
import { AmqpError } from './replies.ts'

export const frameType = { method: 1, header: 2, body: 3, heartbeat: 8 } as const

const frameEnd = 0xce
const headerBytes = 7
const contentClass = 60
/** Of a content header, before the properties. */
const contentHeadBytes = 12
const nothing = new Uint8Array(0)

/** The ids of the method in a frame, even if the rest of it cannot be read. */
export function methodIdIn(type: number, payload: Uint8Array): MethodId {
  return type === frameType.method && payload.length >= 4 ? readMethodId(payload) : noMethod
}

function frameError(explanation: string): AmqpError {
  return new AmqpError('FRAME_ERROR', explanation)
}

/** Reads frames. After `next` the fields hold the frame, until the next call. */
export class FrameReader {
  /** Largest payload that is accepted; takes effect with the next frame. */
  limitBytes: number
  type = 0
  channel = 0
  /** A slice of the chunk where the frame lies whole in it. */
  payload: Uint8Array = nothing
  #chunk: Uint8Array = nothing
  #position = 0
  /** Head of a frame that straddles chunks, then its payload and end; how much is there. */
  readonly #head = new Uint8Array(headerBytes)
  #headFilled = 0
  #length = 0
  #partial: Uint8Array | null = null
  #filled = 0

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes
  }

  /** Adds a chunk. Every frame of the one before must have been read. */
  feed(chunk: Uint8Array): void {
    this.#chunk = chunk
    this.#position = 0
  }

  /**
   * Whether another frame is complete. If none is, the chunk is used up, and no longer kept.
   * @throws 501 for a frame that is too large, of no known type, or does not end as it should
   */
  next(): boolean {
    if (this.#readNext()) return true
    this.feed(nothing)
    this.payload = nothing
    return false
  }

  #readNext(): boolean {
    if (this.#partial === null) {
      if (!this.#readHead()) return false
      const length = this.#length + 1
      const end = this.#position + length
      if (end <= this.#chunk.length) {
        const start = this.#position
        this.#position = end
        return this.#finish(this.#chunk, start)
      }
      const available = this.#chunk.length - this.#position
      const first = Math.max(amqpLimits.gatherBytesFirst, available)
      this.#partial = new Uint8Array(Math.min(length, first))
      this.#filled = 0
    }
    const whole = this.#gather(this.#partial)
    return whole !== null && this.#finish(whole, 0)
  }

  #readHead(): boolean {
    while (this.#headFilled < headerBytes) {
      if (this.#position === this.#chunk.length) return false
      this.#head[this.#headFilled++] = this.#chunk[this.#position++] ?? 0
      if (this.#headFilled === 1) this.#checkType(this.#head[0] ?? 0)
    }
    const head = this.#head
    this.type = head[0] ?? 0
    this.channel = (head[1] ?? 0) * 256 + (head[2] ?? 0)
    this.#length =
      ((head[3] ?? 0) * 256 + (head[4] ?? 0)) * 65_536 + (head[5] ?? 0) * 256 + (head[6] ?? 0)
    if (this.#length > this.limitBytes) {
      throw frameError(
        `a frame of ${this.#length} bytes is larger than the limit of ${this.limitBytes}; ` +
          'keep to the frame-max that was agreed on'
      )
    }
    return true
  }

  #checkType(type: number): void {
    if (type >= frameType.method && type <= frameType.body) return
    if (type === frameType.heartbeat) return
    throw frameError(`no frame has type ${type}; the stream is out of step`)
  }

  #gather(partial: Uint8Array): Uint8Array | null {
    const length = this.#length + 1
    const available = this.#chunk.length - this.#position
    const taken = Math.min(available, length - this.#filled)
    let target = partial
    if (this.#filled + taken > target.length) {
      const grown = Math.max(this.#filled + taken, target.length * 2)
      target = new Uint8Array(Math.min(length, grown))
      target.set(partial.subarray(0, this.#filled))
      this.#partial = target
    }
    target.set(this.#chunk.subarray(this.#position, this.#position + taken), this.#filled)
    this.#position += taken
    this.#filled += taken
    return this.#filled === length ? target : null
  }

  /** Payload and end lie in `bytes` from `start` on. */
  #finish(bytes: Uint8Array, start: number): true {
    this.#partial = null
    this.#headFilled = 0
    const end = bytes[start + this.#length]
    if (end !== frameEnd) {
      throw frameError(`a frame ends in ${end} instead of ${frameEnd}; the stream is out of step`)
    }
    this.payload = bytes.subarray(start, start + this.#length)
    return true
  }
}

/** Slabs grow with use: a stranger costs no more than the first. */
const slabBytesFirst = 2_048
const slabBytesMax = 16_384
/** A slab with less room than this is not continued. */
const slabRoomMin = 512

/** Writes frames. What is taken is sent in order, and never written again. */
export class FrameWriter {
  /** Largest frame that the client takes, its overhead included. */
  frameBytesMax: number = amqpLimits.frameBytesMin
  #slab = new ByteWriter(slabBytesFirst)
  #slabBytes = slabBytesFirst
  /** Where the bytes begin that are not in `#chunks` yet. */
  #start = 0
  #chunks: Uint8Array[] = []
  #bufferedBytes = 0

  /** Bytes that wait to be taken. */
  get bufferedBytes(): number {
    return this.#bufferedBytes
  }

  /** The protocol header that answers a version that is not spoken (§4.2.2). */
  protocolHeader(): void {
    this.#slab.raw(Uint8Array.of(0x41, 0x4d, 0x51, 0x50, 0, 0, 9, 1))
    this.#bufferedBytes += 8
  }

  heartbeat(): void {
    this.#end(this.#begin(frameType.heartbeat, 0))
  }

  method(channel: number, method: Method): void {
    const start = this.#begin(frameType.method, channel)
    encodeMethod(this.#slab, method)
    this.#end(start)
  }

  /**
   * A method with its content; the body is cut into frames that the client takes. A content header
   * cannot be cut: headers that do not fit the client's frame-max are left out.
   */
  content(channel: number, method: Method, properties: Uint8Array, body: Uint8Array): void {
    const payloadMax = this.frameBytesMax - amqpLimits.frameOverheadBytes
    const fits = properties.length <= payloadMax - contentHeadBytes
    this.method(channel, method)
    const start = this.#begin(frameType.header, channel)
    this.#slab.short(contentClass)
    this.#slab.short(0)
    this.#slab.longlong(body.length)
    this.#slab.raw(fits ? properties : replaceProperty(properties, 'headers', undefined))
    this.#end(start)
    for (let at = 0; at < body.length; at += payloadMax) {
      this.#body(channel, body.subarray(at, Math.min(body.length, at + payloadMax)))
    }
  }

  /** Everything written since the last call, in order. */
  take(): readonly Uint8Array[] {
    this.#cut()
    const chunks = this.#chunks
    this.#chunks = []
    this.#bufferedBytes = 0
    return chunks
  }

  #body(channel: number, payload: Uint8Array): void {
    const start = this.#begin(frameType.body, channel)
    if (payload.length <= amqpLimits.bodyCopyBytesMax) {
      this.#slab.raw(payload)
      return this.#end(start)
    }
    this.#slab.patchLong(start + 3, payload.length)
    this.#cut()
    this.#chunks.push(payload)
    this.#slab.octet(frameEnd)
    this.#bufferedBytes += payload.length + headerBytes + 1
  }

  #begin(type: number, channel: number): number {
    if (this.#slab.room < slabRoomMin) {
      this.#cut()
      this.#slabBytes = Math.min(slabBytesMax, this.#slabBytes * 2)
      this.#slab = new ByteWriter(this.#slabBytes)
      this.#start = 0
    }
    const start = this.#slab.position
    this.#slab.octet(type)
    this.#slab.short(channel)
    this.#slab.long(0)
    return start
  }

  #end(start: number): void {
    const length = this.#slab.position - start - headerBytes
    this.#slab.patchLong(start + 3, length)
    this.#slab.octet(frameEnd)
    this.#bufferedBytes += length + headerBytes + 1
  }

  #cut(): void {
    if (this.#slab.position > this.#start) this.#chunks.push(this.#slab.since(this.#start))
    this.#start = this.#slab.position
  }
}
