// RabbitMQ's connection.blocked and unblocked: a client that publishes, and said that it wants to
// know, is told that this node takes no publishes at present, and why.
import type { FrameWriter } from './frame-codec.ts'

export class BlockedNotice {
  readonly #writer: FrameWriter
  /** Null: publishes are taken. */
  #reason: string | null = null
  #isTold = false

  constructor(writer: FrameWriter) {
    this.#writer = writer
  }

  /** This node takes no publishes. */
  get isBlocked(): boolean {
    return this.#reason !== null
  }

  set reason(reason: string | null) {
    this.#reason = reason
  }

  /** Tells what has changed; `isWanted`: the client publishes, and wants to know. */
  update(isWanted: boolean): void {
    if (!isWanted || this.isBlocked === this.#isTold) return
    this.#isTold = this.isBlocked
    if (this.#reason === null) this.#writer.method(0, { type: 'connection.unblocked' })
    else this.#writer.method(0, { type: 'connection.blocked', reason: this.#reason })
  }
}
