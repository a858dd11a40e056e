// Turns the frames of one channel into methods, each with its content if it has one (AMQP 0-9-1
// §4.2.6): between a publish and the end of its body nothing else may come.
import { ContentGatherer } from './content.ts'
import { frameType, methodIdIn } from './frame-codec.ts'
import { decodeMethod, type MethodId, type MethodOf, methodIdOf } from './method-codec.ts'
import { AmqpError } from './replies.ts'
import type { Command } from './waiting-commands.ts'

export class CommandReader {
  /** Waits for its content. */
  #publish: { readonly method: MethodOf<'basic.publish'>; readonly methodBytes: number } | null =
    null
  readonly content: ContentGatherer = new ContentGatherer()

  /** The method that a frame belongs to: what an error names that the frame brings about. */
  methodIdOf(type: number, payload: Uint8Array): MethodId {
    if (this.#publish === null || type === frameType.method) return methodIdIn(type, payload)
    return methodIdOf(this.#publish.method.type)
  }

  /**
   * The method that is complete with this frame, if one is.
   * @throws 505 for a frame that is not due, 501, 502, 503 for one that is not as it should be, 406
   * for a message that is too large
   */
  take(type: number, payload: Uint8Array): Command | null {
    if (this.#publish !== null) {
      const content = this.content.take(type, payload)
      if (content === null) return null
      const { method, methodBytes } = this.#publish
      this.#publish = null
      return { method, methodBytes, content }
    }
    if (type !== frameType.method) {
      const explanation = `a frame of type ${type} came where a method was due`
      throw new AmqpError('UNEXPECTED_FRAME', explanation)
    }
    const method = decodeMethod(payload)
    const methodBytes = payload.length
    if (method.type !== 'basic.publish') return { method, methodBytes, content: null }
    this.#publish = { method, methodBytes }
    return null
  }
}
