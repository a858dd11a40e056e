// What the socket received and nobody has read: chunks in order, the protocol header first, then
// frames. Nothing is read ahead: while the member is asked who the client is, its bytes stay here.
import { FrameReader } from './frame-codec.ts'
import { amqpLimits } from './limits.ts'
import { type Greeting, greetingOf, protocolHeaderBytes } from './protocol-header.ts'
import { AmqpError } from './replies.ts'

export class InputStream {
  readonly frames: FrameReader = new FrameReader(amqpLimits.strangerFrameBytesMax)
  #chunks: Uint8Array[] = []
  #bytes = 0
  /** The first bytes, until they tell what the client speaks. */
  #head: Uint8Array = new Uint8Array(0)

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
  }

  /** @throws 506 where too much was sent before an answer that has to come first */
  checkUnread(): void {
    if (this.#bytes <= amqpLimits.handshakeBytesMax) return
    throw new AmqpError('RESOURCE_ERROR', 'too much was sent ahead; wait for the answer')
  }

  /** What stands at the beginning; null until enough is there. Reads the header, if it is one. */
  greeting(): Greeting | null {
    for (let chunk = this.#next(); chunk !== null; chunk = this.#next()) {
      const known = this.#head.length
      const head = new Uint8Array(Math.min(protocolHeaderBytes, known + chunk.length))
      head.set(this.#head)
      head.set(chunk.subarray(0, head.length - known), known)
      this.#head = head
      const greeting = greetingOf(head)
      if (greeting === null) continue
      this.frames.feed(chunk.subarray(head.length - known))
      return greeting
    }
    return null
  }

  /** Whether another frame is complete: it is in `frames` then. @throws 501 */
  next(): boolean {
    while (!this.frames.next()) {
      const chunk = this.#next()
      if (chunk === null) return false
      this.frames.feed(chunk)
    }
    return true
  }

  /** Nothing of it will be read. */
  clear(): void {
    this.#chunks = []
    this.#bytes = 0
  }

  #next(): Uint8Array | null {
    const chunk = this.#chunks.shift()
    if (chunk === undefined) return null
    this.#bytes -= chunk.length
    return chunk
  }
}
